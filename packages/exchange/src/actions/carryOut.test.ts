// An assertion that fails inside an action, wherever it stands: the action is worth a noop, and the chain goes on.
import { InvariantError } from '@openliquid/primitives'
import { expect, it, vi } from 'vitest'
import type { CoreState } from '../coreState.ts'
import {
  ASSETS,
  TestExchange,
  TOKENS,
  testGenesis,
  testUser,
  testUserHex,
} from '../testing/index.ts'

/** What happens after a number of changes to collateral. */
const failure: { after: number; error: Error } = { after: Infinity, error: new Error() }

vi.mock('../perpClearinghouse.ts', async (original) => {
  const real = await original<typeof import('../perpClearinghouse.ts')>()
  return {
    ...real,
    addRawUsd: (state: CoreState, user: string, change: bigint): void => {
      if (failure.after === 0) throw failure.error
      failure.after -= 1
      real.addRawUsd(state, user, change)
    },
  }
})

const [alice, bob] = [testUser(1), testUser(2)]

function failAfter(changes: number, error: Error = new InvariantError('a bug')): void {
  failure.after = changes
  failure.error = error
}

const SEND = {
  type: 'usdSend',
  signatureChainId: '0x1',
  hyperliquidChain: 'Testnet',
  destination: testUserHex(2),
  amount: '5',
  time: 0,
} as const

it.each([0, 1])('takes back what was done before it, %i changes of money', (changes) => {
  const [x, y] = [new TestExchange(testGenesis(2)), new TestExchange(testGenesis(2))]
  for (const exchange of [x, y]) {
    exchange.order(bob, ASSETS.eth, 'sell', { px: '4000', size: '1' })
    exchange.order(alice, ASSETS.eth, 'buy', { px: '4000', size: '1' })
    exchange.endBlock()
  }
  const nonce = x.timestampMs
  failAfter(changes)
  expect(x.act(alice, { ...SEND, time: nonce }, { nonce })).toMatchObject({
    status: 'err',
    code: 'OL_ACTION_INVARIANT',
    response: 'Action taken back: a bug.',
  })
  failAfter(Infinity)
  y.act(alice, { type: 'noop' }, { nonce })
  const [one, other] = [x.endBlock(), y.endBlock()]
  expect(one.events).toEqual(other.events)
  expect(x.root).toEqual(y.root)
  expect(x.act(alice, SEND).status).toBe('ok')
  x.reload()
})

it('takes back what a contract asked for, and says so', () => {
  const x = new TestExchange(testGenesis(2))
  const before = x.machine.reader(0n).spotBalanceOf(alice, TOKENS.usdc)
  failAfter(0)
  const action = { type: 'usdClassTransfer', ntl: 5_000_000n, toPerp: true } as const
  const source = { evmTxHash: new Uint8Array(32), logIndex: 0 }
  x.machine.applyCoreWriterAction(alice, action, source)
  failAfter(Infinity)
  expect(x.machine.reader(0n).spotBalanceOf(alice, TOKENS.usdc)).toEqual(before)
  expect(x.endBlock().events).toMatchObject([{ kind: 'coreWriterRejected' }])
})

it('passes on what is no assertion: another machine need not meet it', () => {
  const x = new TestExchange(testGenesis(2))
  failAfter(0, new RangeError('no stack left'))
  expect(() => x.act(alice, SEND)).toThrow('no stack left')
  failAfter(Infinity)
})
