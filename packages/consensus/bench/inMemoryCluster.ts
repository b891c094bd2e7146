import type { SignatureScheme } from '@openliquid/crypto'
import {
  advanceViewCodec,
  type Block,
  type ConsensusMessage,
  type ConsensusParams,
  epochGenesisQC,
  type Payload,
  payloadRoot,
  proposalCodec,
  sha256,
  timeoutVoteCodec,
  uintToBytes,
  type ValidatorSet,
  validatorSetHash,
  voteCodec,
} from '@openliquid/primitives'
import { ConsensusCore, type ConsensusInput, type Effect, type TimerId } from '../src/index.ts'

const EMPTY: Payload = { actions: [], evm: [], evidence: [] }
const START_MS = 1_000_000
const PARAMS: ConsensusParams = {
  scheme: 'bls',
  highTip: false,
  viewTimeoutMs: 500,
  viewTimeoutGrowthMilli: 1_500,
  viewTimeoutFreeFailures: 2,
  viewTimeoutMsMax: 8_000,
  backupDelayMs: 125,
  minBlockIntervalMs: 0,
  clockDriftMsMax: 250,
  epochDurationMs: 1_000_000_000_000,
  unbondingMs: 604_800_000,
}

interface Options {
  readonly size: number
  readonly scheme: SignatureScheme
  readonly nodeScheme: SignatureScheme
  /** Whether messages are encoded by the sender and decoded by each receiver, and log records made into bytes. */
  readonly encodes: boolean
}

interface Member {
  readonly index: number
  readonly core: ConsensusCore
  /** Deadlines; infinite where a timer does not run. */
  readonly timers: Record<TimerId, number>
  readonly peer: string
  isDown: boolean
}

const TIMERS = ['view', 'backup', 'hold', 'fetch', 'quarantine'] as const
const NEVER = Number.POSITIVE_INFINITY

interface Delivery {
  readonly to: Member
  readonly from: string
  readonly message: ConsensusMessage
}

/** All validators in one process, messages first in, first out; virtual time moves only when nothing else does. */
export class InMemoryCluster {
  /** Messages to another node, by kind. */
  readonly sent: Record<ConsensusMessage['kind'], number> = {
    proposal: 0,
    vote: 0,
    timeout: 0,
    advanceView: 0,
    epochChange: 0,
    noEndorse: 0,
    roundRecovery: 0,
    tipBlock: 0,
    evidence: 0,
  }
  /** Highest view that some validator entered, and its leader. */
  view = 0n
  leader = 0
  /** Highest height that some validator committed. */
  height = 0n
  readonly #members: readonly Member[]
  readonly #encodes: boolean
  #queue: Delivery[] = []
  /** Empty: where the next messages go while a batch is being delivered. */
  #delivered: Delivery[] = []
  #nowMs = START_MS

  constructor({ size, scheme, nodeScheme, encodes }: Options) {
    this.#encodes = encodes
    const keys = Array.from({ length: size }, (_, index) => ({
      voteSecretKey: secret(1, index),
      nodeSecretKey: secret(2, index),
    }))
    const set: ValidatorSet = {
      epoch: 1n,
      validators: keys.map(({ voteSecretKey, nodeSecretKey }, index) => ({
        index,
        address: uintToBytes(index + 1, 20),
        stake: 1n,
        voteKey: scheme.publicKeyOf(voteSecretKey),
        nodeKey: nodeScheme.publicKeyOf(nodeSecretKey),
      })),
      totalStake: BigInt(size),
    }
    const genesis = genesisOf(set)
    const context = { chainId: 1_998, genesisHash: genesis.header.parentHash }
    this.#members = keys.map((key, index) => ({
      core: new ConsensusCore({
        context,
        genesis,
        validatorSet: set,
        params: PARAMS,
        scheme,
        nodeScheme,
        self: { index, ...key },
        recovered: {
          recent: [genesis],
          blocksAbove: [],
          certificates: [],
          stateRoots: [{ height: 0n, stateRoot: genesis.header.stateRoot }],
        },
      }),
      index,
      timers: { view: NEVER, backup: NEVER, hold: NEVER, fetch: NEVER, quarantine: NEVER },
      peer: `${index}`,
      isDown: false,
    }))
    for (const member of this.#members) this.#step(member, { kind: 'start', nowMs: this.#nowMs })
  }

  /** Takes a validator away for good. */
  stop(index: number): void {
    this.#memberAt(index).isDown = true
  }

  get messagesSent(): number {
    return Object.values(this.sent).reduce((sum, count) => sum + count, 0)
  }

  /** Runs until somebody enters a view. */
  runToView(view: bigint): void {
    while (this.view < view) {
      this.#deliverAll(view)
      if (this.view < view) this.#fireTimers()
    }
  }

  #deliverAll(view: bigint): void {
    while (this.#queue.length > 0) {
      const batch = this.#queue
      this.#queue = this.#delivered
      for (const { to, from, message } of batch) {
        if (!to.isDown) {
          this.#step(to, {
            kind: 'message',
            nowMs: this.#nowMs,
            from,
            message: this.#carried(message),
          })
        }
      }
      batch.length = 0
      this.#delivered = batch
      if (this.view >= view) return
    }
  }

  /** Lets time pass up to the next deadline. */
  #fireTimers(): void {
    let nextMs = Number.POSITIVE_INFINITY
    for (const { isDown, timers } of this.#members) {
      if (!isDown) for (const id of TIMERS) nextMs = Math.min(nextMs, timers[id])
    }
    this.#nowMs = Math.max(this.#nowMs, nextMs)
    for (const member of this.#members) {
      for (const timerId of TIMERS) {
        if (member.isDown || member.timers[timerId] > this.#nowMs) continue
        member.timers[timerId] = NEVER
        this.#step(member, { kind: 'timerFired', nowMs: this.#nowMs, timerId })
      }
    }
  }

  #step(member: Member, input: ConsensusInput): void {
    for (const effect of member.core.step(input)) this.#carryOut(member, effect)
  }

  #carryOut(member: Member, effect: Effect): void {
    switch (effect.kind) {
      case 'persist':
        if (this.#encodes) for (const { body } of effect.records) sink = body
        break
      case 'send':
        if ('validator' in effect.to) this.#send(member, effect.to.validator, effect.message)
        else this.#send(member, Number(effect.to.peer), effect.message)
        break
      case 'broadcast':
        for (let to = 0; to < this.#members.length; to++) this.#send(member, to, effect.message)
        break
      case 'setTimer':
        member.timers[effect.timerId] = effect.atMs
        break
      case 'cancelTimer':
        member.timers[effect.timerId] = NEVER
        break
      case 'buildPayload':
        this.#nowMs += 1
        this.#step(member, {
          kind: 'payloadBuilt',
          nowMs: this.#nowMs,
          view: effect.view,
          payload: EMPTY,
        })
        break
      case 'commit':
        for (const { blockHash, context } of effect.blocks) {
          this.#step(member, {
            kind: 'executed',
            nowMs: this.#nowMs,
            height: context.height,
            stateRoot: blockHash,
          })
          if (context.height > this.height) this.height = context.height
        }
        break
      case 'enterView':
        if (effect.view <= this.view) break
        this.view = effect.view
        this.leader = effect.leader
        break
      case 'halt':
        throw new Error(`${effect.code} ${effect.message}`)
      default:
        break
    }
  }

  #send(from: Member, to: number, message: ConsensusMessage): void {
    const recipient = this.#memberAt(to)
    if (recipient === from) return
    this.sent[message.kind] += 1
    this.#queue.push({ to: recipient, from: from.peer, message })
  }

  #carried(message: ConsensusMessage): ConsensusMessage {
    if (!this.#encodes) return message
    switch (message.kind) {
      case 'proposal':
        return {
          kind: 'proposal',
          proposal: proposalCodec.decode(proposalCodec.encode(message.proposal)),
        }
      case 'vote':
        return { kind: 'vote', vote: voteCodec.decode(voteCodec.encode(message.vote)) }
      case 'timeout':
        return {
          kind: 'timeout',
          timeout: timeoutVoteCodec.decode(timeoutVoteCodec.encode(message.timeout)),
        }
      case 'advanceView':
        return {
          kind: 'advanceView',
          advanceView: advanceViewCodec.decode(advanceViewCodec.encode(message.advanceView)),
        }
      default:
        return message
    }
  }

  #memberAt(index: number): Member {
    const member = this.#members[index]
    if (member === undefined) throw new Error(`no member ${index}`)
    return member
  }
}

/** Keeps encodings from being optimised away. */
export let sink: Uint8Array = new Uint8Array(0)

function genesisOf(set: ValidatorSet): Block {
  const genesisHash = sha256(Uint8Array.of(0))
  const setHash = validatorSetHash(set)
  return {
    header: {
      version: 1,
      chainId: 1_998n,
      epoch: 1n,
      view: 0n,
      height: 0n,
      parentHash: genesisHash,
      qc: epochGenesisQC(1n, genesisHash, set.validators.length),
      proposer: 0,
      timestampMs: START_MS,
      payloadRoot: payloadRoot(EMPTY),
      executedHeight: 0n,
      stateRoot: sha256(Uint8Array.of(7)),
      validatorSetHash: setHash,
      nextValidatorSetHash: setHash,
      flags: 0,
    },
    payload: EMPTY,
  }
}

/** 32 bytes below the order of BLS12-381's group. */
function secret(kind: number, index: number): Uint8Array {
  const bytes = sha256(Uint8Array.of(kind), uintToBytes(index, 4))
  bytes[0] = 0
  return bytes
}
