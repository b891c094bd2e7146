import { expect, it } from 'vitest'
import { ASSETS, TestExchange, testCore, testGenesis, testUser } from './testing/index.ts'

const [alice, bob] = [testUser(1), testUser(2)]
const { eth } = ASSETS
const TOO_QUICK = { error: 'Order would increase open interest too quickly' }

function exchange(): TestExchange {
  const perps = testCore(0).perps.map((perp) => ({ ...perp, openInterestIncrease: '10000' }))
  return new TestExchange(testGenesis(2, { perps }))
}

it('open interest grows by its bound in an hour, and on from there in the next; §6.7, own rule', () => {
  const x = exchange()
  const buy = (size: string) => {
    x.order(bob, eth, 'sell', { px: '4000', size })
    return x.order(alice, eth, 'buy', { px: '4000', size })
  }
  expect(buy('2.5')).toHaveProperty('filled')
  expect(buy('0.01')).toEqual(TOO_QUICK)
  // What closes is not asked.
  expect(x.order(alice, eth, 'sell', { px: '4000', size: '2.5' })).toHaveProperty('resting')
  x.reload(3_600_000)
  expect(x.order(alice, eth, 'buy', { px: '3999', size: '2.6' })).toEqual(TOO_QUICK)
  expect(x.order(alice, eth, 'buy', { px: '3999', size: '2.5' })).toHaveProperty('resting')
})
