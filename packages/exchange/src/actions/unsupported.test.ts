// Actions that clients know and that have no rule here answer a coded error and change nothing: docs/spec/hyperliquid.md
// §3.3, §4 and docs/adr/0016, 0017. Account modes are in accountMode.test.ts.
import type { Action } from '@openliquid/primitives'
import { expect, it } from 'vitest'
import { TestExchange, testGenesis, testUser, testUserHex } from '../testing/index.ts'

const SIGNED = { signatureChainId: '0x1', hyperliquidChain: 'Testnet' } as const
const lend = (operation: 'supply' | 'withdraw' | 'repay' | 'borrow'): Action => ({
  type: 'borrowLend',
  operation,
  token: 0,
  amount: operation === 'withdraw' ? null : '1',
})

const REFUSED: readonly Action[] = [
  { type: 'withdraw3', ...SIGNED, destination: testUserHex(2), amount: '5', time: 0 },
  {
    type: 'stakingLinkDisableTradingUser',
    ...SIGNED,
    tradingUser: testUserHex(2),
    nonce: 0,
  },
  { type: 'validatorL1Stream', riskFreeRate: '0.04' },
  lend('supply'),
  lend('withdraw'),
  lend('repay'),
  lend('borrow'),
]

it.each(REFUSED.map((action) => [action.type, action] as const))(
  '%s is refused like a noop',
  (type, action) => {
    const [x, y] = [new TestExchange(testGenesis(2)), new TestExchange(testGenesis(2))]
    const nonce = x.timestampMs
    expect(x.act(testUser(1), action, { nonce })).toEqual(
      expect.objectContaining({
        status: 'err',
        code: 'OL_ACTION_UNSUPPORTED',
        response: `Action not supported: ${type}`,
      }),
    )
    y.act(testUser(1), { type: 'noop' }, { nonce })
    expect(x.endBlock().coreRoot).toEqual(y.endBlock().coreRoot)
  },
)
