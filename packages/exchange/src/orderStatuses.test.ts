// Every status of docs/spec/hyperliquid.md §4.3 that an accepted order can have, each reached; those of refused orders
// are in errorStrings.test.ts. The table is complete by its type, and the list of statuses by a test there.
// `outcomeSettledCanceled` is not among them: this chain has no outcomes.
import {
  type Action,
  type Address,
  bytesToHex,
  type OrderWire,
  type SpotDeployAction,
} from '@openliquid/primitives'
import { expect, it } from 'vitest'
import type { OrderStatus, OrderUpdateEvent } from './events.ts'
import { ASSETS, TestExchange, testCore, testGenesis, testUser } from './testing/index.ts'

type Accepted = Exclude<OrderStatus, 'rejected' | `${string}Rejected`>

const [alice, bob, carol, dave] = [1, 2, 3, 4].map(testUser) as [Address, Address, Address, Address]
const { eth, hypePerp } = ASSETS

/** The pair of the token that `launchHyperliquidity` makes. */
const NEW_PAIR = 10_002

/** Alice deploys a token whose book a strategy keeps: ten asks of 100 from a price of 1 up. */
function launchHyperliquidity(x: TestExchange): void {
  const step = (fields: Omit<SpotDeployAction, 'type'>): void => {
    expect(x.act(alice, { type: 'spotDeploy', ...fields })).toMatchObject({ status: 'ok' })
  }
  step({
    registerToken2: { spec: { name: 'NEW', szDecimals: 0, weiDecimals: 5 }, maxGas: 1e11 },
  })
  const userAndWei = [[`0x${'ff'.repeat(20)}`, '100000000']] as const
  step({ userGenesis: { token: 3, userAndWei, existingTokenAndWei: [] } })
  step({ genesis: { token: 3, maxSupply: '100000000' } })
  step({ registerSpot: { tokens: [3, 0] } })
  step({ registerHyperliquidity: { spot: 2, startPx: '1', orderSz: '100', nOrders: 10 } })
}

const trigger = (px: string, tpsl: 'tp' | 'sl', size = '1'): OrderWire => ({
  a: eth,
  b: false,
  p: '3000',
  s: size,
  r: true,
  t: { trigger: { isMarket: true, triggerPx: px, tpsl } },
})
const place = (orders: readonly OrderWire[], grouping: 'na' | 'positionTpsl' = 'na'): Action => ({
  type: 'order',
  orders,
  grouping,
})

/** Alice is long so many ETH, bob short. */
function long(x: TestExchange, size: string, leverage = 20): void {
  x.act(alice, { type: 'updateLeverage', asset: eth, isCross: true, leverage })
  x.order(bob, eth, 'sell', { px: '4000', size })
  x.order(alice, eth, 'buy', { px: '4000', size })
}

function createVault(x: TestExchange): Address {
  const nonce = x.timestampMs
  const receipt = x.act(
    alice,
    { type: 'createVault', name: 'v', description: '', initialUsd: 1_000_000_000, nonce },
    { nonce },
  )
  const data = receipt.status === 'ok' && 'data' in receipt.response ? receipt.response.data : ''
  return Uint8Array.from(Buffer.from(String(data).slice(2), 'hex'))
}

const REACH: Readonly<Record<Accepted, (x: TestExchange) => void>> = {
  open: (x) => void x.order(alice, eth, 'buy', { px: '3900', size: '1' }),
  filled: (x) => long(x, '1'),
  canceled(x) {
    x.order(alice, eth, 'buy', { px: '3900', size: '1' })
    x.act(alice, { type: 'cancel', cancels: [{ a: eth, o: 1 }] })
  },
  triggered(x) {
    long(x, '1')
    x.act(alice, place([trigger('3900', 'sl')]))
    x.moveOracle({ [eth]: '3800' })
  },
  marginCanceled(x) {
    x.order(bob, hypePerp, 'sell', { px: '40', size: '200000' })
    x.order(carol, hypePerp, 'sell', { px: '40.1', size: '10' })
    x.moveOracle({ [hypePerp]: '70' })
    x.order(alice, hypePerp, 'buy', { px: '41', size: '10' })
  },
  selfTradeCanceled(x) {
    x.order(alice, eth, 'sell', { px: '4000', size: '1' })
    x.order(alice, eth, 'buy', { px: '4000', size: '1' })
  },
  reduceOnlyCanceled(x) {
    long(x, '1')
    x.order(alice, eth, 'sell', { px: '4100', size: '1', reduceOnly: true })
    x.order(carol, eth, 'buy', { px: '4000', size: '1' })
    x.order(alice, eth, 'sell', { px: '4000', size: '1' })
    x.order(carol, eth, 'buy', { px: '4100', size: '1' })
  },
  siblingFilledCanceled(x) {
    long(x, '1')
    x.act(alice, place([trigger('3900', 'sl'), trigger('4500', 'tp')], 'positionTpsl'))
    x.order(carol, eth, 'buy', { px: '3790', size: '5' })
    x.moveOracle({ [eth]: '3800' })
  },
  scheduledCancel(x) {
    x.order(alice, eth, 'buy', { px: '3900', size: '1' })
    x.act(alice, { type: 'scheduleCancel', time: x.timestampMs + 6_000 })
    x.endBlock(6_000)
  },
  liquidatedCanceled(x) {
    long(x, '4000', 25)
    x.order(alice, eth, 'buy', { px: '3000', size: '0.01' })
    x.moveOracle({ [eth]: '3800' })
  },
  openInterestCapCanceled(x) {
    x.order(bob, hypePerp, 'sell', { px: '40', size: '6' })
    x.order(bob, hypePerp, 'sell', { px: '40', size: '5' })
    x.order(alice, hypePerp, 'buy', { px: '40', size: '11' })
  },
  vaultWithdrawalCanceled(x) {
    const vault = createVault(x)
    x.act(dave, {
      type: 'vaultTransfer',
      vaultAddress: bytesToHex(vault),
      isDeposit: true,
      usd: 1_000_000_000,
    })
    const buy = {
      a: eth,
      b: true,
      p: '3900',
      s: '9',
      r: false,
      t: { limit: { tif: 'Gtc' } },
    } as const
    x.act(alice, place([buy]), { vaultAddress: vault })
    x.endBlock(86_400_000)
    x.act(dave, {
      type: 'vaultTransfer',
      vaultAddress: bytesToHex(vault),
      isDeposit: false,
      usd: 900_000_000,
    })
  },
  internalCancel(x) {
    launchHyperliquidity(x)
    x.endBlock()
    x.order(bob, NEW_PAIR, 'buy', { px: '1', size: '100', tif: 'Ioc' })
    x.order(bob, NEW_PAIR, 'sell', { px: '1', size: '30', tif: 'Ioc' })
    x.endBlock(3_000)
    x.order(bob, NEW_PAIR, 'sell', { px: '1', size: '30', tif: 'Ioc' })
    x.endBlock(3_000)
  },
  delistedCanceled(x) {
    x.order(alice, eth, 'buy', { px: '3900', size: '1' })
    for (const signer of [1001, 1002, 1003]) {
      x.act(testUser(signer), { type: 'validatorL1Vote', D: 'ETH' })
    }
  },
}

it.each(Object.entries(REACH))('%s', (status, reach) => {
  const perps = testCore(0).perps.map((perp) =>
    perp.name === 'HYPE' && status === 'openInterestCapCanceled'
      ? { ...perp, openInterestCap: '400' }
      : perp,
  )
  const x = new TestExchange(testGenesis(4, { perps }))
  const seen: string[] = []
  const collect = (events: readonly { readonly kind: string }[]): void => {
    for (const event of events) {
      if (event.kind === 'orderUpdate') seen.push((event as OrderUpdateEvent).status)
    }
  }
  const { endBlock } = x
  x.endBlock = (...args) => {
    const transition = endBlock.apply(x, args)
    collect(transition.events)
    return transition
  }
  reach(x)
  x.endBlock()
  expect(seen).toContain(status)
})
