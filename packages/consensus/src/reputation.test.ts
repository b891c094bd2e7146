import { bitmapFromSigners } from '@openliquid/crypto'
import type { BlockHeader } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { MISSED_SLOTS_MAX } from './limits.ts'
import { multipliersOf, Reputation, type SlotRecord } from './reputation.ts'
import { decodeReputation, encodeReputation } from './reputationCodec.ts'
import { Fixture } from './testing/index.ts'

/** A chain made by whoever leads and is up; the reputation sees each block as if it committed at once. */
class Chain {
  readonly fixture: Fixture
  reputation: Reputation
  view = 0n
  tip: BlockHeader
  readonly leaders: number[] = []
  readonly missed: number[] = []

  constructor(stakes: readonly bigint[]) {
    this.fixture = new Fixture(stakes)
    this.reputation = new Reputation(this.fixture.committee)
    this.tip = this.fixture.genesis.header
  }

  /** Lets `count` views pass, of which those led by the dead bring nothing and in whose QCs the silent are missing. */
  run(
    count: number,
    { dead = [], silent = dead }: { dead?: number[]; silent?: number[] } = {},
  ): void {
    for (let i = 0; i < count; i++) {
      this.view += 1n
      const proposer = this.reputation.election.leader(1n, this.view)
      this.leaders.push(proposer)
      if (dead.includes(proposer)) continue
      const { missedSlots } = this.commit({ proposer, silent })
      this.missed.push(...missedSlots)
    }
  }

  commit({
    proposer,
    silent = [],
    executedHeight = this.tip.height > 2n ? this.tip.height - 2n : 0n,
  }: {
    proposer: number
    silent?: number[]
    executedHeight?: bigint
  }): ReturnType<Reputation['onCommitted']> {
    const { fixture, tip } = this
    const signers = bitmapFromSigners(fixture.allBut(...silent), fixture.committee.size)
    const header = {
      ...fixture.genesis.header,
      view: this.view,
      height: tip.height + 1n,
      proposer,
      executedHeight,
      qc: { ...fixture.genesisQC, view: tip.view, signers },
    }
    this.tip = header
    return this.reputation.onCommitted(header, tip)
  }

  shareOf(index: number, last: number): number {
    return this.leaders.slice(-last).filter((leader) => leader === index).length / last
  }
}

const EQUAL = [1n, 1n, 1n, 1n]

describe('reputation windows (§6)', () => {
  it('are the same for all who saw the same chain', () => {
    const chains = [new Chain([3n, 5n, 4n, 4n]), new Chain([3n, 5n, 4n, 4n])]
    for (const chain of chains) {
      chain.run(130, { dead: [2] })
      chain.run(130)
    }
    expect(chains[0]?.leaders).toEqual(chains[1]?.leaders)
    expect(chains[0]?.missed).toEqual(chains[1]?.missed)
  })

  it.each([
    { stakes: EQUAL, dead: 2 },
    { stakes: Array.from({ length: 10 }, () => 7n), dead: 4 },
    { stakes: [40n, 20n, 30n, 30n], dead: 1 },
  ])(
    'take nearly all slots from a crashed validator within one window, and give them back',
    ({ stakes, dead }) => {
      const chain = new Chain(stakes)
      const n = stakes.length
      chain.run(25 * n, { dead: [dead] })
      expect(chain.missed).toContain(dead)
      chain.run(1_000, { dead: [dead] })
      expect(chain.shareOf(dead, 1_000)).toBeLessThan(0.02)
      chain.run(40 * n)
      chain.run(1_000)
      const fair = Number(stakes[dead]) / Number(chain.fixture.set.totalStake)
      expect(chain.shareOf(dead, 1_000)).toBeGreaterThan(0.8 * fair)
    },
  )

  it('demote one that leads but never votes less than one that fails', () => {
    const chain = new Chain([10n, 10n, 10n, 10n, 10n, 10n, 10n])
    chain.run(100, { silent: [3] })
    expect(chain.reputation.state.windows.at(-1)?.multipliers).toEqual([
      1_000, 1_000, 1_000, 10, 1_000, 1_000, 1_000,
    ])
  })

  it('begin at view ≥ boundary.view + 2n, not before', () => {
    const chain = new Chain(EQUAL)
    while (chain.tip.height < 40n) chain.run(1, { dead: [2] })
    const [old, next] = chain.reputation.state.windows
    expect(next).toMatchObject({ boundaryHeight: 40n, startView: chain.view + 8n })
    expect(next?.multipliers).toEqual([1_000, 1_000, 1, 1_000])
    const { election } = chain.reputation
    const fair = Array.from({ length: 8 }, (_, i) => Number((chain.view + BigInt(i) - 1n) % 4n))
    expect(fair.map((_, i) => election.leader(1n, chain.view + BigInt(i)))).toEqual(fair)
    expect(old?.multipliers).toEqual([1_000, 1_000, 1_000, 1_000])
  })

  it('give every validator a slot within Σw/w + n steps', () => {
    const fixture = new Fixture([1_000n, 400n, 9n, 250n])
    const multipliers = [1_000, 1_000, 1_000, 10]
    const reputation = new Reputation(fixture.committee, {
      epoch: 1n,
      height: 0n,
      windows: [{ boundaryHeight: 0n, startView: 1n, multipliers }],
      records: [],
    })
    const weights = fixture.committee.stakes.map((stake, i) => stake * BigInt(multipliers[i] ?? 0))
    const total = weights.reduce((sum, weight) => sum + weight, 0n)
    for (const [index, weight] of weights.entries()) {
      const steps = Number(total / weight) + 4
      const slots = Array.from({ length: steps }, (_, i) => BigInt(i + 1))
      expect(slots.some((view) => reputation.election.leader(1n, view) === index)).toBe(true)
    }
  })
})

describe('the demotion cap (§6)', () => {
  const record = (missed: SlotRecord['missed'], n: number): SlotRecord => ({
    proposer: 0,
    missed,
    signers: bitmapFromSigners([...Array(n).keys()], n),
  })

  it('holds the demoted below 1/3 of the stake, worst first, equals by slots failed, then index', () => {
    const { committee } = new Fixture(Array.from({ length: 10 }, () => 1n))
    const all = [1, 2, 3, 4, 5, 6].map((index) => [index, index === 4 ? 9 : 3] as const)
    expect(multipliersOf([record(all, 10)], committee)).toEqual([
      1_000, 1, 1, 1_000, 1, 1_000, 1_000, 1_000, 1_000, 1_000,
    ])
  })

  it('demotes nobody of four beyond the first', () => {
    const { committee } = new Fixture(EQUAL)
    const both = [
      [1, 5],
      [2, 5],
    ] as const
    expect(multipliersOf([record(both, 4)], committee)).toEqual([1_000, 1, 1_000, 1_000])
  })

  it('leaves the honest half of the slots and pairs of them, however an asynchronous spell went', () => {
    for (const n of [4, 7, 10, 100]) {
      const faulty = Math.ceil(n / 3) - 1
      const { committee } = new Fixture(Array.from({ length: n }, () => 1n))
      const honest = Array.from({ length: n - faulty }, (_, i) => [i + faulty, 9] as const)
      const multipliers = multipliersOf([record(honest, n)], committee)
      const windows = [{ boundaryHeight: 0n, startView: 1n, multipliers }]
      const { election } = new Reputation(committee, {
        epoch: 1n,
        height: 0n,
        windows,
        records: [],
      })
      let pairs = 0
      for (let view = 1n; view <= 1_024n; view += 1n) {
        const isHonest = (at: bigint): boolean => election.leader(1n, at) >= faulty
        if (isHonest(view) && isHonest(view + 1n)) pairs += 1
      }
      expect(pairs, `n = ${n}`).toBeGreaterThan(180)
    }
  })

  it.each([
    [{ led: 9, missed: 1 }, 1_000],
    [{ led: 8, missed: 1 }, 1],
    [{ led: 0, missed: 0 }, 1_000],
  ])('begins above 10 %% of own slots failed: %o', ({ led, missed }, multiplier) => {
    const { committee } = new Fixture(EQUAL)
    const records = Array.from({ length: led }, () => ({ ...record([], 4), proposer: 1 }))
    records.push(record(missed === 0 ? [] : [[1, missed]], 4))
    expect(multipliersOf(records, committee)[1]).toBe(multiplier)
  })
})

describe('slot accounting (§6)', () => {
  it('charges the views between a block and its parent to their leaders, at most 1,024', () => {
    const chain = new Chain(EQUAL)
    chain.view = 4n
    expect(chain.commit({ proposer: 3 }).missedSlots).toEqual([0, 1, 2])
    chain.view = 4_004n
    expect(chain.commit({ proposer: 3 }).missedSlots).toHaveLength(MISSED_SLOTS_MAX)
  })

  it('charges nobody where a window above executedHeight would already be in force', () => {
    const chain = new Chain(EQUAL)
    while (chain.tip.height < 40n) chain.run(1, { dead: [2] })
    const startView = chain.view + 8n
    chain.view = startView + 2n
    const proposer = chain.reputation.election.leader(1n, chain.view)
    const { missedSlots } = chain.commit({ proposer, executedHeight: 39n })
    expect(missedSlots).toHaveLength(7)
  })

  it('charges nobody below a block whose proposer our reading of the chain does not name', () => {
    const chain = new Chain(EQUAL)
    chain.view = 4n
    expect(chain.commit({ proposer: 2 }).missedSlots).toEqual([])
  })
})

describe('the record of a reputation', () => {
  const chain = new Chain([3n, 5n, 4n, 4n, 9n])
  chain.run(333, { dead: [1] })
  const { state } = chain.reputation
  const body = encodeReputation(state)

  it('reads back as it was, and a chain goes on from it as if it had never stopped', () => {
    expect(decodeReputation(body)).toEqual(state)
    const [before] = [chain.leaders.length]
    const copy = new Chain([3n, 5n, 4n, 4n, 9n])
    copy.reputation = new Reputation(copy.fixture.committee, decodeReputation(body))
    copy.view = chain.view
    copy.tip = chain.tip
    for (const one of [chain, copy]) one.run(200, { dead: [3] })
    expect(copy.leaders).toEqual(chain.leaders.slice(before))
  })

  it('is refused when cut anywhere, or followed by anything', () => {
    for (let length = 0; length < body.length; length++) {
      expect(() => decodeReputation(body.subarray(0, length))).toThrow('OL_CONSENSUS_RECORD')
    }
    expect(() => decodeReputation(Uint8Array.of(...body, 0))).toThrow('OL_CONSENSUS_RECORD')
  })
})
