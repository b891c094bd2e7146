import type { ConsensusBuffers } from '@openliquid/consensus'
import { type ConsensusMessage, DecodeError, equalBytes } from '@openliquid/primitives'
import { bufferBounds, Cluster, peerIdOf, steadyLinks } from '../src/index.ts'
import { MESSAGE_CODECS, type MessageKind, type Mutant, Mutator } from './messageMutants.ts'

/** Validators of the cluster; the traitor's keys sign mutants, the victim gets them. */
const STAKES = [1n, 1n, 1n, 1n]
const TRAITOR = 0
const VICTIM = 3
/** Sent under `highTip` only. */
const HIGH_TIP_KINDS: ReadonlySet<MessageKind> = new Set(['noEndorse', 'roundRecovery', 'tipBlock'])
/** Messages of one kind that mutants are made of: the newest ones, and some old ones to replay. */
const CORPUS_MAX = 24
const OLD_MAX = 8
/** Mutants between two bits of honest life. */
const BURST = 40
/** The cluster is made anew after so many mutants: traces of a run stay short. */
const MUTANTS_PER_CLUSTER = 20_000

/** What the buffers of one replica among four may hold, whatever it is sent. */
const BOUNDS: ConsensusBuffers = bufferBounds(STAKES.length)

/** What a run of mutants of one kind came to. */
export interface FuzzTally {
  mutants: number
  /** Refused by the decoder with a code. */
  undecodable: number
  /** Refused by the replica with a code. */
  reported: number
  /** Taken without a word: harmless, an unverified vote say, or still valid. */
  taken: number
  /** Faults by code. */
  readonly codes: Map<string, number>
  /** Broken properties, the first few spelled out. */
  readonly findings: string[]
}

/**
 * Throws mutants of one kind at a replica of a living cluster, with all monitors on.
 *
 * A finding is: a decoder that throws anything but a coded error or takes what it would not itself write, a step that
 * throws, a halt, a report without a code, a buffer beyond its bound, or a cluster that does not go on afterwards.
 */
export function fuzz(kind: MessageKind, mutants: number, seed: number): FuzzTally {
  const tally: FuzzTally = {
    mutants: 0,
    undecodable: 0,
    reported: 0,
    taken: 0,
    codes: new Map(),
    findings: [],
  }
  for (let round = 0; tally.mutants < mutants && tally.findings.length < 10; round++) {
    const run = new FuzzRun(kind, seed + round, tally)
    run.take(Math.min(MUTANTS_PER_CLUSTER, mutants - tally.mutants))
  }
  return tally
}

class FuzzRun {
  readonly #kind: MessageKind
  readonly #seed: number
  readonly #tally: FuzzTally
  readonly #cluster: Cluster
  readonly #mutator: Mutator
  readonly #corpus: ConsensusMessage[] = []
  readonly #old: ConsensusMessage[] = []
  #isOurs = false
  #wasReported = false

  constructor(kind: MessageKind, seed: number, tally: FuzzTally) {
    this.#kind = kind
    this.#seed = seed
    this.#tally = tally
    this.#cluster = new Cluster({
      seed,
      stakes: STAKES,
      links: steadyLinks(2),
      // Short epochs, so that there are changes of them and messages from before and after.
      params: {
        // Tail-fork resistance has messages of its own; the others have two forms.
        highTip: HIGH_TIP_KINDS.has(kind) || seed % 2 === 0,
        epochDurationMs: 700,
        viewTimeoutMs: 40,
        viewTimeoutMsMax: 80,
        clockDriftMsMax: 20,
        backupDelayMs: 10,
        minBlockIntervalMs: 2,
      },
      nodes: new Map([[TRAITOR, { behavior: (effect) => [effect] }]]),
      observe: (node, effect) => {
        if (effect.kind === 'send' || effect.kind === 'broadcast') this.#see(effect.message)
        if (!this.#isOurs || node !== VICTIM || effect.kind !== 'report') return
        this.#wasReported = true
        const { code } = effect.fault
        if (!code.startsWith('OL_')) this.#find(`a report without a code: ${code}`)
        tally.codes.set(code, (tally.codes.get(code) ?? 0) + 1)
      },
    })
    this.#mutator = new Mutator(this.#cluster, TRAITOR)
    // Some views fail, so that there are timeouts, timeout certificates and gaps.
    this.#cluster.network.addFilter((_from, _to, message) =>
      message?.kind === 'proposal' && this.#cluster.prng.chance(60) ? -1 : 0,
    )
  }

  take(mutants: number): void {
    const cluster = this.#cluster
    cluster.start()
    this.#guard('the start', () => cluster.runUntil(() => this.#corpus.length > 3, 60_000))
    for (let done = 0; done < mutants && this.#tally.findings.length < 10; done += BURST) {
      // Now and then the victim is left behind: by some views, or by an epoch.
      if (cluster.prng.chance(30)) {
        cluster.network.partition([0, 0, 0, 1])
        this.#guard('life without the victim', () => cluster.runFor(cluster.prng.below(800)))
      }
      for (let i = 0; i < Math.min(BURST, mutants - done); i++) this.#throwOne()
      cluster.network.heal()
      this.#guard('honest life', () => cluster.runFor(cluster.prng.below(12)))
      this.#checkBuffers()
    }
    const height = BigInt(cluster.commits.height) + 20n
    this.#guard('afterwards', () => {
      if (!cluster.runUntil(() => cluster.executedByAll >= height, 60_000)) {
        this.#find('the cluster does not go on')
      }
    })
  }

  #see(sent: ConsensusMessage): void {
    if (this.#isOurs) return
    const message = sent.kind === this.#kind ? sent : derived(this.#kind, sent)
    if (message === undefined) return
    this.#corpus.push(message)
    if (this.#corpus.length <= CORPUS_MAX) return
    const oldest = this.#corpus.shift()
    if (oldest === undefined || !this.#cluster.prng.chance(50)) return
    this.#old.push(oldest)
    if (this.#old.length > OLD_MAX) this.#old.shift()
  }

  #throwOne(): void {
    const { prng } = this.#cluster
    const pool = prng.chance(100) && this.#old.length > 0 ? this.#old : this.#corpus
    // Mostly the newest messages: they are of the view the victim is in.
    const index = prng.chance(600)
      ? pool.length - 1 - prng.below(Math.min(6, pool.length))
      : prng.below(pool.length)
    const message = pool[index]
    if (message === undefined) return
    this.#tally.mutants += 1
    const mutant = this.#mutator.mutate(message, this.#corpus)
    const decoded = this.#decode(mutant)
    if (decoded === undefined) {
      this.#tally.undecodable += 1
      return
    }
    this.#wasReported = false
    this.#isOurs = true
    this.#guard(mutant.how, () => this.#deliver(decoded))
    this.#isOurs = false
    if (this.#wasReported) this.#tally.reported += 1
    else this.#tally.taken += 1
  }

  #decode(mutant: Mutant): ConsensusMessage | undefined {
    const codec = MESSAGE_CODECS[this.#kind]
    let decoded: ConsensusMessage
    try {
      decoded = codec.decode(mutant.bytes)
    } catch (error) {
      if (error instanceof DecodeError) {
        this.#tally.codes.set(error.code, (this.#tally.codes.get(error.code) ?? 0) + 1)
      } else this.#find(`the decoder throws at "${mutant.how}": ${String(error)}`)
      return undefined
    }
    if (!equalBytes(codec.encode(decoded), mutant.bytes)) {
      this.#find(`not canonical, and taken: ${mutant.how}`)
    }
    return decoded
  }

  #deliver(message: ConsensusMessage): void {
    const { nowMs } = this.#cluster.scheduler
    const victim = this.#cluster.node(VICTIM)
    victim.step({ kind: 'message', nowMs, from: peerIdOf(TRAITOR), message })
  }

  #checkBuffers(): void {
    const { buffers } = this.#cluster.node(VICTIM).core
    for (const [name, max] of Object.entries(BOUNDS)) {
      const size = buffers[name as keyof ConsensusBuffers]
      if (size > max) this.#find(`${name} holds ${size}, at most ${max} are allowed`)
    }
  }

  /** A monitor that is violated, a halt or an exception ends in here. */
  #guard(during: string, act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#find(`${during}: ${error instanceof Error ? (error.stack ?? error.message) : error}`)
    }
  }

  #find(what: string): void {
    this.#tally.findings.push(`${this.#kind}, seed ${this.#seed}: ${what}`)
  }
}

/** Messages that an honest run has none of, made of what is sent. */
function derived(kind: MessageKind, sent: ConsensusMessage): ConsensusMessage | undefined {
  if (kind === 'tipBlock' && sent.kind === 'proposal') {
    return { kind, block: sent.proposal.block }
  }
  if (kind === 'evidence' && sent.kind === 'vote') {
    const second = { ...sent.vote, blockHash: sent.vote.blockHash.map((byte) => byte | 1) }
    return { kind, evidence: { kind: 'duplicateVote', first: sent.vote, second } }
  }
  if (kind === 'evidence' && sent.kind === 'timeout') {
    const { epoch, highQC, signature, signer, view } = sent.timeout
    const first = { epoch, view, highQCView: 0n, signer, signature }
    return {
      kind,
      evidence: {
        kind: 'conflictingTimeouts',
        first,
        second: { ...first, highQCView: highQC.view },
      },
    }
  }
  if (kind === 'noEndorse' && sent.kind === 'vote') {
    const { epoch, view, signer, signature } = sent.vote
    return { kind, noEndorse: { epoch, view, tipQCView: view - 1n, signer, signature } }
  }
  if (kind === 'roundRecovery' && sent.kind === 'proposal') {
    const { signature, tc } = sent.proposal
    if (tc === undefined) return undefined
    const groups = tc.groups.map((group) => ({ ...group, highTipView: 0n }))
    return { kind, roundRecovery: { tc: { ...tc, groups }, signature } }
  }
  return undefined
}
