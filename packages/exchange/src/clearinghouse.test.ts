import type { Action } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import type { FillEvent } from './events.ts'
import {
  ASSETS,
  TestExchange,
  TOKENS,
  testGenesis,
  testUser,
  testUserHex,
} from './testing/index.ts'

const { eth, hypePerp, hype } = ASSETS
const [alice, bob, carol, dave] = [testUser(1), testUser(2), testUser(3), testUser(4)]
const collector = new Uint8Array(20).fill(0xfe)

function exchange(): TestExchange {
  return new TestExchange(testGenesis(3))
}

function summary(x: TestExchange, user: Uint8Array) {
  return x.machine.view.clearinghouseState(user).marginSummary
}

function setOracle(x: TestExchange, asset: number, px: string): void {
  for (let i = 0; i < 4; i++) {
    const bucket = Math.floor(x.timestampMs / 3000)
    const receipt = x.act(testUser(1001 + i), {
      type: 'validatorOracle',
      bucket,
      prices: [[asset, px, null]],
    })
    expect(receipt.status).toBe('ok')
  }
  x.endBlock(3000)
}

const transfer = (amount: string, toPerp: boolean): Action => ({
  type: 'usdClassTransfer',
  signatureChainId: '0x66eee',
  hyperliquidChain: 'Testnet',
  amount,
  toPerp,
  nonce: 0,
})

describe('perp fill: §6.1, §8.1', () => {
  it('moves size, collateral and fees, and nothing is lost', () => {
    const x = exchange()
    x.order(bob, eth, 'sell', { px: '4000', size: '10' })
    x.order(alice, eth, 'buy', { px: '4000', size: '10' })
    // 40,000 notional: taker 0.045 % = 18, maker 0.015 % = 6.
    expect(summary(x, alice)).toEqual({
      accountValue: '999982.0',
      totalNtlPos: '40000.0',
      totalRawUsd: '959982.0',
      totalMarginUsed: '2000.0',
    })
    expect(summary(x, bob)).toMatchObject({ accountValue: '999994.0', totalRawUsd: '1039994.0' })
    expect(summary(x, collector)).toMatchObject({ accountValue: '24.0' })
    const fills = x.events().filter((e): e is FillEvent => e.kind === 'fill')
    expect(fills.map(({ fill }) => [fill.dir, fill.fee, fill.crossed, fill.startPosition])).toEqual(
      [
        ['Open Long', '18.0', true, '0.0'],
        ['Open Short', '6.0', false, '0.0'],
      ],
    )
    expect(fills[0]?.fill.tid).toBe(fills[1]?.fill.tid)
    expect(fills[0]?.fill.tid).toBeLessThan(2 ** 50)
  })

  it('realises profit without fees on closing', () => {
    const x = exchange()
    x.order(bob, eth, 'sell', { px: '4000', size: '10' })
    x.order(alice, eth, 'buy', { px: '4000', size: '10' })
    x.order(carol, eth, 'buy', { px: '4100', size: '4' })
    x.events()
    x.order(alice, eth, 'sell', { px: '4100', size: '4' })
    const [fill] = x.events().filter((e): e is FillEvent => e.kind === 'fill')
    expect(fill?.fill).toMatchObject({
      dir: 'Close Long',
      closedPnl: '400.0',
      startPosition: '10.0',
      fee: '7.38',
    })
    expect(x.machine.view.clearinghouseState(alice).assetPositions).toMatchObject([
      {
        position: {
          coin: 'ETH',
          szi: '6.0',
          entryPx: '4000.0',
          leverage: { type: 'cross', value: 20 },
        },
      },
    ])
  })
})

describe('margin: §6.3', () => {
  it('counts the worse side of resting orders, not their sum', () => {
    const x = exchange()
    // 1,000,000 at 10x: 10,000,000 of HYPE a side.
    x.act(alice, { type: 'updateLeverage', asset: hypePerp, isCross: true, leverage: 10 })
    expect(x.order(alice, hypePerp, 'buy', { px: '40', size: '248000' })).toHaveProperty('resting')
    expect(x.order(alice, hypePerp, 'sell', { px: '41', size: '248000' })).toHaveProperty('resting')
    expect(x.order(alice, hypePerp, 'buy', { px: '40', size: '2000' })).toEqual({
      error: 'Insufficient margin to place order.',
    })
  })

  it('sets the taker fee aside', () => {
    const x = exchange()
    x.act(alice, { type: 'updateLeverage', asset: hypePerp, isCross: true, leverage: 10 })
    // margin 4 and fee 0.018 a lot of one HYPE: at most 248,880.
    expect(x.order(alice, hypePerp, 'buy', { px: '40', size: '248881' })).toHaveProperty('error')
    expect(x.order(alice, hypePerp, 'buy', { px: '40', size: '248880' })).toHaveProperty('resting')
  })

  it('asks a maker again at the match, and takes it out when it fails: marginCanceled', () => {
    const x = exchange()
    x.order(bob, hypePerp, 'sell', { px: '40', size: '200000' })
    x.order(carol, hypePerp, 'sell', { px: '40.1', size: '10' })
    setOracle(x, hypePerp, '70')
    // What bob offers at 40 is worth 70: he would be 6,000,000 short.
    expect(x.order(alice, hypePerp, 'buy', { px: '41', size: '10' })).toEqual({
      filled: { totalSz: '10.0', avgPx: '40.1', oid: 3 },
    })
    const updates = x
      .events()
      .flatMap((e) => (e.kind === 'orderUpdate' ? [[e.order.oid, e.status]] : []))
    expect(updates).toContainEqual([1, 'marginCanceled'])
  })

  it('asks the taker at each match: nobody buys himself under water', () => {
    const x = exchange()
    x.act(alice, { type: 'updateLeverage', asset: hypePerp, isCross: true, leverage: 10 })
    x.order(bob, hypePerp, 'sell', { px: '75', size: '30000' })
    expect(x.order(alice, hypePerp, 'buy', { px: '75', size: '30000' })).toEqual({
      error: 'Insufficient margin to place order.',
    })
    expect(x.machine.reader(1n).positionOf(alice, hypePerp)?.size).toBe(0n)
    expect(x.machine.view.l2Book('HYPE')?.levels[0]).toEqual([])
  })

  it('lets an account below its requirement reduce, not grow', () => {
    const x = exchange()
    x.act(alice, { type: 'updateLeverage', asset: hypePerp, isCross: true, leverage: 10 })
    x.order(bob, hypePerp, 'sell', { px: '40', size: '200000' })
    x.order(alice, hypePerp, 'buy', { px: '40', size: '200000' })
    setOracle(x, hypePerp, '37')
    expect(Number(summary(x, alice).accountValue)).toBeLessThan(740_000)
    x.order(bob, hypePerp, 'buy', { px: '36.99', size: '1000' })
    x.order(bob, hypePerp, 'sell', { px: '37', size: '1000' })
    expect(x.order(alice, hypePerp, 'buy', { px: '37', size: '10' })).toEqual({
      error: 'Insufficient margin to place order.',
    })
    expect(x.order(alice, hypePerp, 'sell', { px: '36.99', size: '1000' })).toHaveProperty('filled')
  })

  it('raises leverage freely and lowers it only with the margin for it', () => {
    const x = exchange()
    const lever = (leverage: number, isCross = true, asset: number = hypePerp) =>
      x.act(alice, { type: 'updateLeverage', asset, isCross, leverage })
    expect(lever(10)).toMatchObject({ status: 'ok', response: { type: 'default' } })
    x.order(alice, hypePerp, 'buy', { px: '40', size: '200000' })
    expect(lever(7)).toMatchObject({ status: 'err', code: 'OL_ACTION_MARGIN' })
    expect(lever(9)).toMatchObject({ status: 'ok' })
    expect(lever(0)).toMatchObject({ code: 'OL_ACTION_LEVERAGE' })
    expect(lever(11)).toMatchObject({ code: 'OL_ACTION_LEVERAGE' })
    expect(lever(5, false)).toMatchObject({
      response: 'Cannot switch leverage type with open orders.',
    })
    expect(lever(5, true, hype)).toMatchObject({ code: 'OL_ACTION_ASSET' })
  })
})

describe('spot: §8.1, §9', () => {
  it('holds what a resting order may need, and frees it', () => {
    const x = exchange()
    x.order(alice, hype, 'buy', { px: '39.5', size: '10' })
    x.order(alice, hype, 'sell', { px: '41', size: '3' })
    const { balances } = x.machine.view.spotClearinghouseState(alice)
    expect(balances.map(({ coin, hold }) => [coin, hold])).toEqual([
      ['USDC', '395.0'],
      ['PURR', '0.0'],
      ['HYPE', '3.0'],
    ])
  })

  it('takes each fee from what its side receives', () => {
    const x = exchange()
    x.order(bob, hype, 'sell', { px: '40', size: '100' })
    x.order(alice, hype, 'buy', { px: '41', size: '100' })
    const reader = x.machine.reader(1n)
    const total = (user: Uint8Array, token: number) => reader.spotBalanceOf(user, token)?.total
    // 4,000 USDC for 100 HYPE: the buyer takes (0.07 % of 100 HYPE), the seller makes (0.04 % of 4,000).
    expect(total(alice, TOKENS.usdc)).toBe(99_600_000_000_000n)
    expect(total(alice, TOKENS.hype)).toBe(1_009_993_000_000n)
    expect(total(bob, TOKENS.usdc)).toBe(100_399_840_000_000n)
    expect(total(bob, TOKENS.hype)).toBe(990_000_000_000n)
    expect(total(collector, TOKENS.hype)).toBe(7_000_000n)
    expect(total(collector, TOKENS.usdc)).toBe(160_000_000n)
    expect(reader.spotBalanceOf(bob, TOKENS.hype)?.hold).toBe(0n)
    const fills = x.events().filter((e): e is FillEvent => e.kind === 'fill')
    expect(fills.map(({ fill }) => [fill.dir, fill.fee, fill.feeToken, fill.side])).toEqual([
      ['Buy', '0.07', 'HYPE', 'B'],
      ['Sell', '1.6', 'USDC', 'A'],
    ])
  })

  it('counts purchases as entry and sales as profit', () => {
    const x = exchange()
    x.order(bob, hype, 'sell', { px: '40', size: '100' })
    x.order(alice, hype, 'buy', { px: '40', size: '100' })
    expect(x.machine.reader(1n).spotBalanceOf(alice, TOKENS.hype)?.entryNotional).toBe(
      4_000_000_000n,
    )
    x.order(carol, hype, 'buy', { px: '44', size: '100' })
    x.events()
    x.order(alice, hype, 'sell', { px: '44', size: '100' })
    const [fill] = x.events().filter((e): e is FillEvent => e.kind === 'fill')
    // 100 of 10,099.93 HYPE that cost 4,000 altogether.
    expect(fill?.fill).toMatchObject({ dir: 'Sell', closedPnl: '4360.395766' })
  })
})

describe('transfers', () => {
  it('moves USDC between spot and perp exactly, and only what is free', () => {
    const x = exchange()
    expect(x.act(alice, transfer('0.000001', true))).toMatchObject({ status: 'ok' })
    const spot = x.machine.reader(1n).spotBalanceOf(alice, TOKENS.usdc)
    expect(spot?.total).toBe(99_999_999_999_900n)
    expect(summary(x, alice).totalRawUsd).toBe('1000000.000001')
    expect(x.act(alice, transfer('1000000', true))).toMatchObject({ code: 'OL_ACTION_BALANCE' })
    expect(x.act(alice, transfer('1000000.000002', false))).toMatchObject({
      code: 'OL_ACTION_MARGIN',
    })
    expect(x.act(alice, transfer('1000000.000001', false))).toMatchObject({ status: 'ok' })
    for (const amount of ['0', '0.0000001', '1 subaccount:0x00']) {
      expect(x.act(alice, transfer(amount, true))).toMatchObject({ status: 'err' })
    }
  })

  it('leaves a tenth of the position value behind: transfer_margin_required', () => {
    const x = exchange()
    x.act(alice, { type: 'updateLeverage', asset: eth, isCross: true, leverage: 25 })
    x.order(bob, eth, 'sell', { px: '4000', size: '100' })
    x.order(alice, eth, 'buy', { px: '4000', size: '100' })
    // 400,000 at 25x needs 16,000 but a tenth is 40,000; the fee was 180.
    expect(x.machine.view.clearinghouseState(alice).withdrawable).toBe('959820.0')
    expect(x.act(alice, transfer('959820.000001', false))).toMatchObject({ status: 'err' })
    expect(x.act(alice, transfer('959820', false))).toMatchObject({ status: 'ok' })
  })

  it('charges the sender for the first transfer to an address: §9', () => {
    const x = exchange()
    const send = (amount: string): Action => ({
      type: 'usdSend',
      signatureChainId: '0x66eee',
      hyperliquidChain: 'Testnet',
      destination: testUserHex(4),
      amount,
      time: 0,
    })
    expect(x.machine.view.userExists(dave)).toBe(false)
    expect(x.act(dave, { type: 'noop' })).toMatchObject({ code: 'OL_ACTION_UNKNOWN_SIGNER' })
    expect(x.act(alice, send('999999.5'))).toMatchObject({ code: 'OL_ACTION_MARGIN' })
    expect(x.act(alice, send('10'))).toMatchObject({ status: 'ok' })
    expect(x.act(alice, send('10'))).toMatchObject({ status: 'ok' })
    expect(summary(x, alice).totalRawUsd).toBe('999979.0')
    expect(summary(x, dave).totalRawUsd).toBe('20.0')
    expect(summary(x, collector).totalRawUsd).toBe('1.0')
    expect(x.act(dave, { type: 'noop' })).toMatchObject({ status: 'ok' })
  })

  it('sends spot tokens by name and id, never what is on hold', () => {
    const x = exchange()
    const send = (token: string, amount: string, destination = testUserHex(2)): Action => ({
      type: 'spotSend',
      signatureChainId: '0x66eee',
      hyperliquidChain: 'Testnet',
      destination,
      token,
      amount,
      time: 0,
    })
    const id = `HYPE:0x${'02'.repeat(16)}`
    x.order(alice, hype, 'sell', { px: '41', size: '9999' })
    expect(x.act(alice, send(id, '1.00000001'))).toMatchObject({ code: 'OL_ACTION_BALANCE' })
    expect(x.act(alice, send(id, '1'))).toMatchObject({ status: 'ok' })
    expect(x.machine.reader(1n).spotBalanceOf(bob, TOKENS.hype)).toEqual({
      total: 1_000_100_000_000n,
      hold: 0n,
      entryNotional: 40_000_000n,
    })
    expect(x.act(bob, send('HYPE', '1', testUserHex(3)))).toMatchObject({ code: 'OL_ACTION_TOKEN' })
    expect(x.act(bob, send(id, '1'))).toMatchObject({ code: 'OL_ACTION_DESTINATION' })
    expect(x.act(bob, send(id, '1', `0x${'22'.repeat(20)}`))).toMatchObject({
      code: 'OL_ACTION_UNSUPPORTED',
    })
    expect(x.act(bob, send(id, '1', `0x20${'0'.repeat(36)}c8`))).toMatchObject({
      code: 'OL_ACTION_DESTINATION',
    })
  })
})
