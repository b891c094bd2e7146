// Faulty validators run as twins, one of each on either side of a partition. With more than 1/3 of the stake both sides
// have a quorum: agreement breaks, the monitors see it, and what honest nodes sent and received convicts enough of the
// faulty ones. With 1/3 or less the same run goes well. Seed 91 throughout.
import { Committee, type EvidenceJudge, verifyEvidence } from '@openliquid/consensus'
import {
  bytesToHex,
  type ConsensusMessage,
  evidenceCodec,
  type Height,
  type Hex,
  type Misbehavior,
  type View,
} from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import {
  Cluster,
  type Conviction,
  extractEvidence,
  type LinkFilter,
  steadyLinks,
} from '../src/index.ts'

interface Split {
  readonly stakes: readonly bigint[]
  /** The first validators are faulty. */
  readonly faulty: number
  /** Honest validators on the first side; the others are on the second. */
  readonly honestOnFirst: number
}

const EQUAL_FOUR = [1n, 1n, 1n, 1n]
const EQUAL_SEVEN = [1n, 1n, 1n, 1n, 1n, 1n, 1n]
/** A quorum is more than 2/3, so that exactly 1/3 can only stop the chain: what breaks it begins just above. */
const BREAKING: readonly (readonly [string, Split])[] = [
  ['two of four', { stakes: EQUAL_FOUR, faulty: 2, honestOnFirst: 1 }],
  ['three of seven', { stakes: EQUAL_SEVEN, faulty: 3, honestOnFirst: 2 }],
  ['one with 34 of 100', { stakes: [34n, 33n, 33n], faulty: 1, honestOnFirst: 1 }],
]
/** One side has a quorum, so that there is something to contradict; in the last one both miss it by one unit. */
const HARMLESS: readonly (readonly [string, Split])[] = [
  ['one of four', { stakes: EQUAL_FOUR, faulty: 1, honestOnFirst: 2 }],
  ['two of seven', { stakes: EQUAL_SEVEN, faulty: 2, honestOnFirst: 3 }],
  ['one with 33 of 100', { stakes: [33n, 34n, 33n], faulty: 1, honestOnFirst: 1 }],
  ['one with 30 of 90, exactly 1/3', { stakes: [30n, 31n, 29n], faulty: 1, honestOnFirst: 1 }],
  ['one of three, exactly 1/3', { stakes: [1n, 1n, 1n], faulty: 1, honestOnFirst: 1 }],
]
/** Of virtual time. */
const SHORT_MS = 4_000
const LONG_MS = 120_000

class SplitRun {
  readonly cluster: Cluster
  readonly side: readonly number[]
  readonly violations: string[] = []
  /** What links carried from and to honest nodes. */
  readonly log: ConsensusMessage[] = []
  /** Whether two honest nodes committed two blocks of one height: the truth that M1 is to see. */
  isForked = false
  readonly faulty: readonly number[]

  /** @param lastViewOfFirst - if present, one side's proposals are lost after that view, the other's up to it */
  constructor(
    { stakes, faulty, honestOnFirst }: Split,
    { highTip, lastViewOfFirst }: { readonly highTip: boolean; readonly lastViewOfFirst?: View },
  ) {
    const validators = [...stakes.keys()]
    this.faulty = validators.slice(0, faulty)
    const sideOf = (validator: number): number => (validator < faulty + honestOnFirst ? 0 : 1)
    this.side = [...validators.map(sideOf), ...this.faulty.map(() => 1)]
    const committed = new Map<Height, Hex>()
    this.cluster = new Cluster({
      seed: 91,
      stakes,
      links: steadyLinks(10),
      params: { highTip },
      twins: this.faulty,
      // Another clock makes another block of the same view.
      nodes: new Map(this.faulty.map((i) => [stakes.length + i, { clockSkewMs: 7 }])),
      onViolation: ({ message }) => this.violations.push(message),
      observe: (node, effect) => {
        if (effect.kind !== 'commit' || !this.cluster.node(node).isHonest) return
        for (const { block, blockHash } of effect.blocks) {
          const { height } = block.header
          const hash = bytesToHex(blockHash)
          const known = committed.get(height) ?? hash
          committed.set(height, known)
          if (known !== hash) this.isForked = true
        }
      },
    })
    const { network } = this.cluster
    network.partition(this.side)
    if (lastViewOfFirst !== undefined) network.addFilter(inViewsApart(this.side, lastViewOfFirst))
    // The last filter: what it sees is not lost.
    network.addFilter((from, to, message) => {
      const isSeen = this.cluster.node(from).isHonest || this.cluster.node(to).isHonest
      if (message !== undefined && isSeen) this.log.push(message)
      return 0
    })
  }

  get isSeenByM1(): boolean {
    return this.violations.some((text) => text.startsWith('M1:'))
  }

  convictions(): readonly Conviction[] {
    const { highTip } = this.cluster.params
    return extractEvidence(this.log, this.judge, { highTip })
  }

  get judge(): EvidenceJudge {
    const { chain, schemes } = this.cluster
    return { context: chain.context, ...schemes, committee: new Committee(chain.set) }
  }

  get totalStake(): bigint {
    return this.cluster.chain.set.totalStake
  }

  /** Stake on each side, faulty stake on both. */
  get sides(): readonly bigint[] {
    const { nodes, chain } = this.cluster
    return [0, 1].map((side) =>
      nodes.reduce((sum, { index, validator }) => {
        const stake = chain.set.validators[validator]?.stake ?? 0n
        return this.side[index] === side ? sum + stake : sum
      }, 0n),
    )
  }

  isThird(validators: readonly number[]): boolean {
    return this.judge.committee.stakeOf(validators) * 3n >= this.totalStake
  }
}

function guiltyOf(convictions: readonly Conviction[], kind?: Misbehavior['kind']): number[] {
  const guilty = convictions
    .filter(({ evidence }) => kind === undefined || evidence.kind === kind)
    .flatMap(({ convicted }) => convicted.map(({ validator }) => validator))
  return [...new Set(guilty)].sort((a, b) => a - b)
}

/** Nobody honest is convicted, and each piece of evidence stands by itself, as bytes. */
function expectJustice(run: SplitRun, convictions: readonly Conviction[]): void {
  for (const validator of guiltyOf(convictions)) expect(run.faulty).toContain(validator)
  for (const { convicted, evidence } of convictions) {
    const read = evidenceCodec.decode(evidenceCodec.encode(evidence))
    expect(verifyEvidence(read, run.judge)).toEqual(convicted)
  }
}

describe.each([
  ['stage 1', false, 'lockRegression'],
  // A faulty leader stands by the block that only it has, of a view after its lock: its two votes in that view convict it.
  ['with tail-fork resistance', true, 'duplicateVote'],
] as const)('faulty stake split by a partition, %s', (_, highTip, kindApart) => {
  it.each(BREAKING)('%s: two blocks of one height, and 1/3 is convicted', (__, split) => {
    const run = new SplitRun(split, { highTip })
    run.cluster.start()
    expect(run.cluster.runUntil(() => run.isForked, LONG_MS)).toBe(true)
    expect(run.isSeenByM1).toBe(true)
    // Whatever else is seen follows from it; honest nodes kept to their rules.
    for (const text of run.violations) expect(text).toMatch(/^(M1|M3|M4|M6|T):/)

    const convictions = run.convictions()
    expect(run.isThird(guiltyOf(convictions, 'conflictingQCs'))).toBe(true)
    expect(guiltyOf(convictions, 'duplicateProposal')).not.toEqual([])
    expectJustice(run, convictions)
  })

  it.each(BREAKING)('%s, no view with QCs of both sides: 1/3 is convicted still', (__, split) => {
    const run = new SplitRun(split, { highTip, lastViewOfFirst: 8n })
    run.cluster.start()
    expect(run.cluster.runUntil(() => run.isForked, LONG_MS)).toBe(true)
    expect(run.isSeenByM1).toBe(true)

    const convictions = run.convictions()
    expect(guiltyOf(convictions, 'conflictingQCs')).toEqual([])
    expect(run.isThird(guiltyOf(convictions, kindApart))).toBe(true)
    expect(guiltyOf(convictions, 'conflictingTimeouts')).toEqual(run.faulty)
    expectJustice(run, convictions)
  })

  it.each(HARMLESS)('%s: one side at most goes on, and all agree with it after', (__, split) => {
    const run = new SplitRun(split, { highTip })
    run.cluster.start()
    run.cluster.runFor(SHORT_MS)
    const { height } = run.cluster.commits
    const hasQuorum = run.sides.some((stake) => stake * 3n > run.totalStake * 2n)
    expect(height > 2).toBe(hasQuorum)
    run.cluster.heal()
    const isHealed = run.cluster.runUntil(() => run.cluster.executedByAll > BigInt(height), LONG_MS)
    expect(isHealed).toBe(true)
    expect(run.violations).toEqual([])
    expect(run.isForked).toBe(false)
    expectJustice(run, run.convictions())
  })
})

/** No view sees QCs of both sides. */
function inViewsApart(side: readonly number[], lastOfFirst: View): LinkFilter {
  return (from, _, message) => {
    if (message?.kind !== 'proposal') return 0
    return message.proposal.view <= lastOfFirst === (side[from] === 0) ? 0 : -1
  }
}
