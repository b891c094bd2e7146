// Account modes against docs/spec/hyperliquid.md §9: there is one, which may be asked for.
import type { Action, Hex } from '@openliquid/primitives'
import { expect, it } from 'vitest'
import { TestExchange, testGenesis, testUser, testUserHex } from '../testing/index.ts'

const SIGNED = { signatureChainId: '0x1', hyperliquidChain: 'Testnet', nonce: 0 } as const

const asks = (user: Hex, isStandard: boolean): Action[] => [
  {
    type: 'userSetAbstraction',
    ...SIGNED,
    user,
    abstraction: isStandard ? 'disabled' : 'unifiedAccount',
  },
  { type: 'userDexAbstraction', ...SIGNED, user, enabled: !isStandard },
  { type: 'userPortfolioMargin', ...SIGNED, user, enabled: !isStandard },
]

it('the standard mode is granted, to an account and its sub-accounts, and changes nothing', () => {
  const x = new TestExchange(testGenesis(2))
  const made = x.act(testUser(1), { type: 'createSubAccount', name: 'a' })
  const sub = made.status === 'ok' && 'data' in made.response ? (made.response.data as Hex) : '0x'
  for (const user of [testUserHex(1), sub]) {
    for (const action of asks(user, true)) {
      expect(x.act(testUser(1), action)).toMatchObject({ response: { type: 'default' } })
    }
  }
  expect(x.act(testUser(1), { type: 'agentSetAbstraction', abstraction: 'i' })).toMatchObject({
    status: 'ok',
  })
})

it('every other mode is refused', () => {
  const x = new TestExchange(testGenesis(2))
  for (const action of [
    ...asks(testUserHex(1), false),
    { type: 'agentSetAbstraction', abstraction: 'u' } as const,
    { type: 'agentSetAbstraction', abstraction: 'p' } as const,
  ]) {
    expect(x.act(testUser(1), action)).toMatchObject({ code: 'OL_ACTION_UNSUPPORTED' })
  }
})

it('nobody chooses for somebody else', () => {
  const x = new TestExchange(testGenesis(2))
  for (const action of asks(testUserHex(2), true)) {
    expect(x.act(testUser(1), action)).toMatchObject({ code: 'OL_ACTION_SUB_ACCOUNT' })
  }
})
