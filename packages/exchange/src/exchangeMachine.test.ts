import { describe, expect, it } from 'vitest'
import { oracleBucketOf } from './oracle.ts'
import {
  NaiveOrderBook,
  prng,
  type RandomStep,
  randomStep,
  TestExchange,
  testGenesis,
  testUser,
} from './testing/index.ts'

const USERS = 6

/** Does one step and returns what it said. */
function apply(exchange: TestExchange, step: RandomStep, reload: boolean): unknown {
  switch (step.kind) {
    case 'endBlock': {
      const { coreRoot, events } = reload ? exchange.reload() : exchange.endBlock(100)
      return { coreRoot, events }
    }
    case 'action': {
      const action =
        step.action.type === 'validatorOracle'
          ? { ...step.action, bucket: oracleBucketOf(exchange.timestampMs) }
          : step.action
      return exchange.act(testUser(step.user), action)
    }
    case 'coreWriter':
      exchange.machine.applyCoreWriterAction(testUser(step.user), step.action, {
        evmTxHash: new Uint8Array(32).fill(7),
        logIndex: 3,
      })
      return undefined
  }
}

describe.each([1, 2, 3, 4])('random history, seed %i', (seed) => {
  it('runs the same on the linked book, on the naive book, and across reloads', () => {
    const next = prng(seed)
    const fast = new TestExchange(testGenesis(USERS))
    const naive = new TestExchange(testGenesis(USERS), { createBook: () => new NaiveOrderBook() })
    const reloaded = new TestExchange(testGenesis(USERS))
    const reloads = prng(seed + 1000)
    for (let i = 0; i < 1_500; i++) {
      const step = randomStep(next, USERS)
      const expected = apply(fast, step, false)
      expect(apply(naive, step, false), `step ${i}`).toEqual(expected)
      expect(apply(reloaded, step, reloads(3) === 0), `step ${i}`).toEqual(expected)
    }
    expect(reloaded.root).toEqual(fast.root)
    expect(naive.root).toEqual(fast.root)
  })
})
