import type { Action } from '@openliquid/primitives'
import { expect, it } from 'vitest'
import { DELEGATORS_OF_VALIDATOR_MAX } from '../limits.ts'
import { TestExchange, testGenesis, testUser, testUserHex } from '../testing/index.ts'

const SIGNED = { signatureChainId: '0x1', hyperliquidChain: 'Testnet' } as const

it('a validator takes so many delegators that an epoch can end in time, and itself', () => {
  const first = 10_000
  const balances = Array.from({ length: DELEGATORS_OF_VALIDATOR_MAX }, (_, i) => ({
    address: testUserHex(first + i),
    spot: { HYPE: '1' },
  }))
  const x = new TestExchange(testGenesis(0, { balances, staking: { selfDelegationMin: '0' } }))
  const stake = (user: number, validator = 2001) => {
    x.act(testUser(user), { type: 'cDeposit', ...SIGNED, wei: 10, nonce: 0 })
    const delegate: Action = {
      type: 'tokenDelegate',
      ...SIGNED,
      validator: testUserHex(validator),
      wei: 10,
      isUndelegate: false,
      nonce: 0,
    }
    return x.act(testUser(user), delegate)
  }
  // The validator's own delegation is one of them.
  for (let i = 0; i < DELEGATORS_OF_VALIDATOR_MAX - 1; i++) {
    if (stake(first + i).status !== 'ok') throw new Error(`delegator ${i}`)
  }
  const last = first + DELEGATORS_OF_VALIDATOR_MAX - 1
  expect(stake(last)).toMatchObject({
    code: 'OL_ACTION_STAKING',
    response: 'Validator has too many delegators.',
  })
  // Another validator has room, and who is there may add.
  expect(stake(last, 2002).status).toBe('ok')
  expect(stake(first).status).toBe('ok')
})
