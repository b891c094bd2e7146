import type { Action, CoreWriterAction } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { TestExchange, testGenesis, testUser, testUserHex } from './testing/index.ts'

const [alice, bob] = [testUser(1), testUser(2)]
const source = { evmTxHash: new Uint8Array(32).fill(0xee), logIndex: 1 }
const SPOT_DEX = 0xffff_ffff

const send = (over: Partial<Extract<Action, { type: 'sendAsset' }>> = {}): Action => ({
  type: 'sendAsset',
  signatureChainId: '0x66eee',
  hyperliquidChain: 'Testnet',
  destination: testUserHex(2),
  sourceDex: 'spot',
  destinationDex: '',
  token: `USDC:0x${'00'.repeat(16)}`,
  amount: '10',
  fromSubAccount: '',
  nonce: 0,
  ...over,
})

/** Spot and perp USDC of both accounts, whole. */
const money = (x: TestExchange): string[] =>
  [alice, bob].flatMap((user) => [
    x.machine.view.spotClearinghouseState(user).balances.find(({ token }) => token === 0)?.total ??
      '0',
    x.machine.view.clearinghouseState(user).marginSummary.accountValue,
  ])

describe('sendAsset', () => {
  it.each([
    ['spot', '', ['999990.0', '1000000.0', '1000000.0', '1000010.0']],
    ['spot', 'spot', ['999990.0', '1000000.0', '1000010.0', '1000000.0']],
    ['', 'spot', ['1000000.0', '999990.0', '1000010.0', '1000000.0']],
    ['', '', ['1000000.0', '999990.0', '1000000.0', '1000010.0']],
  ])(
    'moves USDC from dex "%s" to dex "%s" of another account',
    (sourceDex, destinationDex, after) => {
      const x = new TestExchange(testGenesis(2))
      expect(x.act(alice, send({ sourceDex, destinationDex })).status).toBe('ok')
      expect(money(x)).toEqual(after)
    },
  )

  it('to oneself is a class transfer', () => {
    const x = new TestExchange(testGenesis(2))
    expect(x.act(alice, send({ destination: testUserHex(1) })).status).toBe('ok')
    expect(money(x).slice(0, 2)).toEqual(['999990.0', '1000010.0'])
  })

  it('takes the activation fee of a new account from the side that sends', () => {
    const x = new TestExchange(testGenesis(2))
    const destination = testUserHex(9)
    expect(x.act(alice, send({ destination })).status).toBe('ok')
    expect(money(x).slice(0, 2)).toEqual(['999989.0', '1000000.0'])
    expect(x.machine.view.clearinghouseState(testUser(9)).marginSummary.accountValue).toBe('10.0')
  })

  it.each([
    [{ sourceDex: 'other' }, 'OL_ACTION_DESTINATION'],
    [{ token: `PURR:0x${'01'.repeat(16)}` }, 'OL_ACTION_TOKEN'],
    [{ token: 'NONE:0x00' }, 'OL_ACTION_TOKEN'],
    [{ amount: '0.00000001' }, 'OL_ACTION_MALFORMED'],
    [{ amount: '0' }, 'OL_ACTION_MALFORMED'],
    [{ amount: '1000001' }, 'OL_ACTION_BALANCE'],
    [{ amount: '1000001', sourceDex: '', destinationDex: 'spot' }, 'OL_ACTION_MARGIN'],
    [{ fromSubAccount: testUserHex(3) }, 'OL_ACTION_SUB_ACCOUNT'],
    [{ destination: `0x${'22'.repeat(20)}` }, 'OL_ACTION_DESTINATION'],
  ] as const)('refuses %o', (over, code) => {
    const x = new TestExchange(testGenesis(2))
    expect(x.act(alice, send(over))).toMatchObject({ status: 'err', code })
    expect(money(x)).toEqual(['1000000.0', '1000000.0', '1000000.0', '1000000.0'])
  })
})

describe('transfers of contracts: §12', () => {
  const outcome = (action: CoreWriterAction): unknown => {
    const x = new TestExchange(testGenesis(2))
    x.machine.applyCoreWriterAction(alice, action, source)
    const event = x.events().find(({ kind }) => kind.startsWith('coreWriter'))
    return event?.kind === 'coreWriterRejected' ? event.reason : event?.kind
  }
  const asset = (over: Partial<Extract<CoreWriterAction, { type: 'sendAsset' }>> = {}) =>
    ({
      type: 'sendAsset',
      destination: bob,
      subAccount: new Uint8Array(20),
      sourceDex: SPOT_DEX,
      destinationDex: 0,
      token: 0n,
      wei: 100n,
      ...over,
    }) as const
  const spot = (token: bigint, wei: bigint): CoreWriterAction => ({
    type: 'spotSend',
    destination: bob,
    token,
    wei,
  })
  it.each<[CoreWriterAction, string]>([
    [spot(1n, 5n), 'coreWriterExecuted'],
    [spot(1n, 0n), 'Invalid amount.'],
    [spot(9n, 5n), 'Token does not exist.'],
    [spot((1n << 64n) - 1n, 5n), 'Token does not exist.'],
    [asset(), 'coreWriterExecuted'],
    [asset({ sourceDex: 1 }), 'Dex does not exist.'],
    [asset({ subAccount: bob }), `${testUserHex(2)} is not a sub-account of the user.`],
    [asset({ wei: 1n }), 'Invalid amount.'],
    [{ type: 'stakingDeposit', wei: 1n }, 'coreWriterExecuted'],
    [{ type: 'stakingWithdraw', wei: 1n }, 'Insufficient staking balance for withdrawal.'],
    [
      { type: 'tokenDelegate', validator: bob, wei: 1n, isUndelegate: false },
      'Validator does not exist.',
    ],
    [{ type: 'addApiWallet', wallet: testUser(8), name: 'bot' }, 'coreWriterExecuted'],
    [{ type: 'addApiWallet', wallet: bob, name: '' }, 'Agent address is already in use.'],
    [{ type: 'approveBuilderFee', builder: bob, maxFeeRate: 10n }, 'coreWriterExecuted'],
    [
      { type: 'approveBuilderFee', builder: bob, maxFeeRate: (1n << 64n) - 1n },
      'Max builder fee is too high.',
    ],
    [{ type: 'vaultTransfer', vault: bob, isDeposit: true, usd: 1n }, 'coreWriterDelayed'],
    [
      { type: 'finalizeEvmContract', token: 1n, input: { kind: 'firstStorageSlot' } },
      'No link of this token was requested.',
    ],
  ])('%o is %s', (action, expected) => {
    expect(outcome(action)).toBe(expected)
  })
})
