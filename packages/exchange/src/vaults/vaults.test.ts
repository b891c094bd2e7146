// Vaults against docs/spec/hyperliquid.md §9: shares, locks, profit share, trading by the leader, closing; §12 action 2.
import { type Action, type Address, hexToBytes } from '@openliquid/primitives'
import { beforeEach, describe, expect, it } from 'vitest'
import type { ActionReceipt } from '../receipt.ts'
import { ASSETS, TestExchange, testGenesis, testUser, testUserHex } from '../testing/index.ts'
import { vaultAddressOf } from './vaults.ts'

const [leader, alice, bob, maker] = [testUser(1), testUser(2), testUser(3), testUser(4)]
const USD = 1_000_000
const DAY = 86_400_000

let x: TestExchange
let vault: Address
let vaultHex: string
let nonce: number

function create(usd: number, name = 'north'): ActionReceipt {
  nonce = x.timestampMs + 1_000 + (usd % 997)
  const action = { type: 'createVault', name, description: '', initialUsd: usd, nonce } as const
  return x.act(leader, action, { nonce })
}

beforeEach(() => {
  x = new TestExchange(testGenesis(4))
  create(1_000 * USD)
  vaultHex = vaultAddressOf(testUserHex(1), nonce)
  vault = hexToBytes(vaultHex, 20)
})

const transfer = (usd: number, isDeposit = true): Action =>
  ({ type: 'vaultTransfer', vaultAddress: vaultHex, isDeposit, usd }) as Action
const distribute = (usd: number): Action =>
  ({ type: 'vaultDistribute', vaultAddress: vaultHex, usd }) as Action
const modify = (changes: object): Action =>
  ({ type: 'vaultModify', vaultAddress: vaultHex, ...changes }) as Action
const order = (isBuy: boolean, px: string, size: string, asset = 1): Action => ({
  type: 'order',
  orders: [{ a: asset, b: isBuy, p: px, s: size, r: false, t: { limit: { tif: 'Gtc' } } }],
  grouping: 'na',
})

const ok = (user: Address, action: Action, meta = {}): void =>
  void expect(x.act(user, action, meta)).toMatchObject({ status: 'ok' })
const refused = (user: Address, action: Action, text: string, meta = {}): void =>
  void expect(x.act(user, action, meta)).toMatchObject({ status: 'err', response: text })

const equity = (user: Address): bigint => x.machine.reader(0n).vaultEquityOf(user, vault)!.equity
const cash = (user: Address): number =>
  Number(x.machine.view.clearinghouseState(user).marginSummary.totalRawUsd)
const value = (): number =>
  Number(x.machine.view.clearinghouseState(vault).marginSummary.accountValue)
const size = (): string =>
  x.machine.view.clearinghouseState(vault).assetPositions[0]?.position.szi ?? '0'

/** Gives the vault a long ETH position and moves the mark. */
function trade(lots: string, px: string): void {
  x.order(maker, ASSETS.eth, 'sell', { px: '4000', size: lots })
  ok(leader, order(true, '4000', lots), { vaultAddress: vault })
  x.moveOracle({ [ASSETS.eth]: px })
}

describe('vaults: §9', () => {
  it('are created with 100 USDC at least, at an address that follows from leader and nonce', () => {
    expect(create(250 * USD)).toMatchObject({
      status: 'ok',
      response: { type: 'createVault', data: vaultAddressOf(testUserHex(1), nonce) },
    })
    expect(create(100 * USD - 1)).toMatchObject({
      response: 'Vault needs an initial deposit of at least 100 USDC.',
    })
    expect(create(2_000_000 * USD)).toMatchObject({ code: 'OL_ACTION_MARGIN' })
    expect(create(100 * USD, '')).toMatchObject({ response: 'Invalid vault name.' })
    const other = {
      type: 'createVault',
      name: 'a',
      description: '',
      initialUsd: 1,
      nonce: 1,
    } as const
    expect(x.act(leader, other)).toMatchObject({ code: 'OL_ACTION_MALFORMED' })
    expect(x.machine.view.userRole(vault)).toEqual({ role: 'vault' })
    expect(x.machine.view.vault(vault)).toMatchObject({
      equity: 1_000_000_000n,
      leaderPpm: 1_000_000,
    })
  })

  it('lock a deposit for a day', () => {
    ok(alice, transfer(500 * USD))
    expect(x.machine.reader(0n).vaultEquityOf(alice, vault)).toEqual({
      equity: 500_000_000n,
      lockedUntilMs: BigInt(x.timestampMs + DAY),
    })
    refused(alice, transfer(USD, false), 'Deposit is still locked.')
    x.endBlock(DAY - 1)
    refused(alice, transfer(USD, false), 'Deposit is still locked.')
    x.endBlock(1)
    ok(alice, transfer(500 * USD, false))
    expect(cash(alice)).toBe(1_000_000)
    expect(equity(alice)).toBe(0n)
    expect(x.machine.reader(0n).vaultEquityOf(alice, bob)).toBeUndefined()
  })

  it.each<[string, Address, () => Action]>([
    ['Invalid amount.', alice, () => transfer(0)],
    ['Insufficient withdrawable balance for transfer.', alice, () => transfer(1_000_001 * USD)],
    ['Insufficient vault equity.', alice, () => transfer(1, false)],
    ['Insufficient vault equity.', leader, () => transfer(1_000 * USD + 1, false)],
    ['Leader must keep at least 5% of the vault.', alice, () => transfer(19_001 * USD)],
    ['Only the leader of the vault may do this.', alice, () => distribute(1)],
    ['Only the leader of the vault may do this.', alice, () => modify({ allowDeposits: false })],
    ['Insufficient withdrawable balance for transfer.', leader, () => distribute(1_001 * USD)],
    [
      'Vault does not exist.',
      alice,
      () => ({ ...transfer(1), vaultAddress: testUserHex(3) }) as Action,
    ],
  ])('refuse: %s', (text, user, action) => {
    refused(user, action(), text)
  })

  it('take deposits only while the leader lets them', () => {
    ok(leader, modify({ allowDeposits: false, alwaysCloseOnWithdraw: null }))
    refused(alice, transfer(USD), 'Vault does not accept deposits.')
    ok(leader, transfer(USD))
    ok(leader, modify({ allowDeposits: true }))
    ok(alice, transfer(USD))
  })

  it('are traded by their leader alone, in perps only', () => {
    trade('0.5', '4000')
    expect(size()).toBe('0.5')
    refused(alice, order(true, '4000', '0.1'), `${vaultHex} is not a vault of ${testUserHex(2)}.`, {
      vaultAddress: vault,
    })
    refused(leader, order(true, '40', '1', ASSETS.hype), 'Vaults trade perps only.', {
      vaultAddress: vault,
    })
    refused(leader, { type: 'noop' }, 'noop cannot be done for another account.', {
      vaultAddress: vault,
    })
  })

  it('give a follower its share of the profit less a tenth for the leader', () => {
    ok(alice, transfer(1_000 * USD))
    trade('1', '4200')
    x.endBlock(DAY)
    const before = { alice: cash(alice), leader: cash(leader) }
    const own = Number(equity(alice)) / USD
    expect(own).toBeCloseTo(value() / 2, 5)
    expect(own).toBeGreaterThan(1_090)
    ok(alice, transfer(500 * USD, false))
    const profit = 500 * (1 - 1_000 / own)
    expect(cash(alice) - before.alice).toBeCloseTo(500 - profit / 10, 4)
    expect(cash(leader) - before.leader).toBeCloseTo(profit / 10, 4)
    expect(Number(equity(alice)) / USD).toBeCloseTo(own - 500, 3)
    const updates = x.events().filter(({ kind }) => kind === 'ledgerUpdate')
    expect(updates).toMatchObject([
      { delta: { type: 'vaultWithdraw', requestedUsd: '500.0', closingCost: '0.0' } },
      { delta: { type: 'vaultWithdraw' } },
      { delta: { type: 'vaultLeaderCommission', user: testUserHex(2) } },
    ])
  })

  it('take no part of a loss from who comes later', () => {
    trade('1', '3800')
    const worth = value()
    ok(alice, transfer(1_000 * USD))
    expect(Math.abs(Number(equity(alice)) / USD - 1_000)).toBeLessThan(0.001)
    expect(value()).toBeCloseTo(worth + 1_000, 6)
  })

  it('free margin for a withdrawal: orders first, then a fifth of the positions again and again', () => {
    ok(alice, transfer(1_000 * USD))
    ok(
      leader,
      { type: 'updateLeverage', asset: ASSETS.eth, isCross: true, leverage: 2 },
      { vaultAddress: vault },
    )
    trade('0.8', '4000')
    ok(leader, order(true, '3000', '0.1'), { vaultAddress: vault })
    x.endBlock(DAY)
    refused(
      alice,
      transfer(990 * USD, false),
      'Vault cannot free enough margin for the withdrawal.',
    )
    expect(x.machine.view.openOrders(vault)).toHaveLength(1)
    x.order(maker, ASSETS.eth, 'buy', { px: '3990', size: '5' })
    ok(alice, transfer(990 * USD, false))
    expect(x.machine.view.openOrders(vault)).toEqual([])
    expect(Number(size())).toBeLessThan(0.8)
    const events = x.events()
    expect(events).toContainEqual(expect.objectContaining({ status: 'vaultWithdrawalCanceled' }))
    expect(events).toContainEqual(
      expect.objectContaining({ delta: expect.objectContaining({ requestedUsd: '990.0' }) }),
    )
  })

  it('close a part of every position where that is wanted', () => {
    ok(alice, transfer(1_000 * USD))
    trade('0.4', '4000')
    ok(leader, modify({ alwaysCloseOnWithdraw: true }))
    x.order(maker, ASSETS.eth, 'buy', { px: '4000', size: '5' })
    x.endBlock(DAY)
    ok(alice, transfer(Number(equity(alice)), false))
    expect(size()).toBe('0.2')
  })

  it('distribute by shares, and close when nothing is open', () => {
    ok(alice, transfer(3_000 * USD))
    ok(leader, distribute(400 * USD))
    expect([cash(alice), cash(leader)]).toEqual([997_300, 999_100])
    trade('0.1', '4000')
    refused(leader, distribute(0), 'Vault still has positions or orders.')
    x.order(maker, ASSETS.eth, 'buy', { px: '4000', size: '0.1' })
    ok(leader, order(false, '4000', '0.1'), { vaultAddress: vault })
    ok(leader, distribute(0))
    expect(value()).toBe(0)
    expect(cash(alice)).toBeGreaterThan(999_999)
    refused(alice, transfer(USD), 'Vault is closed.')
    refused(leader, distribute(0), 'Vault is closed.')
    expect(x.machine.view.holdingsOf(alice)).toEqual([])
    x.reload()
  })

  it('contracts deposit after the delay of three seconds: §12', () => {
    const source = { evmTxHash: new Uint8Array(32).fill(7), logIndex: 0 }
    const action = { type: 'vaultTransfer', vault, isDeposit: true, usd: 5_000_000n } as const
    x.machine.applyCoreWriterAction(bob, action, source)
    x.machine.applyCoreWriterAction(bob, { ...action, usd: 0n }, { ...source, logIndex: 1 })
    expect(equity(bob)).toBe(0n)
    x.reload(2_999)
    expect(equity(bob)).toBe(0n)
    x.endBlock(1)
    expect(equity(bob)).toBe(5_000_000n)
    expect(x.events().filter(({ kind }) => kind.startsWith('coreWriter'))).toMatchObject([
      { kind: 'coreWriterExecuted', logIndex: 0 },
      { kind: 'coreWriterRejected', logIndex: 1, reason: 'Invalid amount.' },
    ])
  })
})
