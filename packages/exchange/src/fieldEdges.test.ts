// Fields of actions at 0, 1, their greatest value and one beyond; docs/spec/hyperliquid.md §1.3, §4, §5, §6.3.
import type { Action, Hex, OrderWire } from '@openliquid/primitives'
import { expect, it } from 'vitest'
import { PX_TICKS_MAX, SIZE_LOTS_MAX } from './limits.ts'
import { oracleBucketOf } from './oracleBucket.ts'
import {
  ASSETS,
  GENESIS_MS,
  TestExchange,
  testGenesis,
  testUser,
  testUserHex,
} from './testing/index.ts'

const { btc, purr } = ASSETS
const SIGNED = { signatureChainId: '0x1', hyperliquidChain: 'Testnet' } as const
/** BTC has one decimal of price and five of size, PURR eight and none. */
const btcPx = (ticks: number): string => `${Math.floor(ticks / 10)}.${ticks % 10}`
const btcSize = (lots: number): string =>
  `${Math.floor(lots / 100_000)}.${String(lots % 100_000).padStart(5, '0')}`

const wire = (fields: Partial<OrderWire>): OrderWire => ({
  a: btc,
  b: true,
  p: '100000',
  s: '0.01',
  r: false,
  t: { limit: { tif: 'Gtc' } },
  ...fields,
})
const order = (fields: Partial<OrderWire>): Action => ({
  type: 'order',
  orders: [wire(fields)],
  grouping: 'na',
})
const leverage = (value: number, isCross = true): Action => ({
  type: 'updateLeverage',
  asset: btc,
  isCross,
  leverage: value,
})
const modify = (fields: Partial<OrderWire>): Action => ({
  type: 'batchModify',
  modifies: [{ oid: 1, order: wire(fields) }],
  a: true,
})
const trigger = (triggerPx: string): Action =>
  order({ b: false, r: true, t: { trigger: { isMarket: true, triggerPx, tpsl: 'sl' } } })
const twapOf = (
  s: string,
  details?: { readonly start?: string; readonly stop?: string },
): Action => ({
  type: 'twapOrder',
  twap: { a: btc, b: true, s, r: false, m: 5, t: false },
  details: {
    t: details?.start === undefined ? null : { p: details.start, a: true },
    s: details?.stop ?? null,
  },
})
const oracle = (px: string): Action => ({
  type: 'validatorOracle',
  bucket: oracleBucketOf(GENESIS_MS + 200),
  prices: [[btc, px, null]],
})
const twap = (m: number): Action => ({
  type: 'twapOrder',
  twap: { a: btc, b: true, s: '1', r: false, m, t: false },
})
const toSpot = (amount: string): Action => ({
  type: 'usdClassTransfer',
  ...SIGNED,
  amount,
  toPerp: false,
  nonce: 0,
})
const usdSend = (amount: string): Action => ({
  type: 'usdSend',
  ...SIGNED,
  destination: testUserHex(2),
  amount,
  time: 0,
})
const spotSend = (amount: string): Action => ({
  type: 'spotSend',
  ...SIGNED,
  destination: testUserHex(2),
  token: `PURR:0x${'01'.repeat(16)}`,
  amount,
  time: 0,
})
const stake = (wei: number): Action => ({ type: 'cDeposit', ...SIGNED, wei, nonce: 0 })
const approve = (maxFeeRate: string): Action => ({
  type: 'approveBuilderFee',
  ...SIGNED,
  maxFeeRate,
  builder: testUserHex(2),
  nonce: 0,
})
const subTransfer = (usd: number): Action => ({
  type: 'subAccountTransfer',
  subAccountUser: SUB,
  isDeposit: true,
  usd,
})
let SUB: Hex = '0x'

/** `ok`, or what the answer must contain. */
type Edge = readonly [name: string, action: () => Action, answer: string]

const EDGES: readonly Edge[] = [
  ['price 0', () => order({ p: '0' }), 'Price must be divisible by tick size.'],
  ['price of one tick', () => order({ p: '0.1', s: '1000' }), 'Order price too far from oracle'],
  [
    'the greatest price',
    () => order({ p: btcPx(PX_TICKS_MAX) }),
    'Order price too far from oracle',
  ],
  [
    'a tick above the greatest price',
    () => order({ p: btcPx(PX_TICKS_MAX + 1) }),
    'Price must be divisible by tick size.',
  ],
  ['spot price of one tick', () => order({ a: purr, p: '0.00000001', s: '1' }), 'minimum value'],
  [
    'the greatest spot price',
    () => order({ a: purr, p: '10000000', s: '1' }),
    'insufficient spot balance',
  ],
  [
    'above the greatest spot price',
    () => order({ a: purr, p: '10000000.1', s: '1' }),
    'Price must be divisible by tick size.',
  ],
  ['size 0', () => order({ s: '0' }), 'Order has invalid size.'],
  ['one lot', () => order({ s: '0.00001' }), 'minimum value of $10'],
  ['the greatest size', () => order({ s: btcSize(SIZE_LOTS_MAX) }), 'too large value'],
  [
    'a lot above the greatest size',
    () => order({ s: btcSize(SIZE_LOTS_MAX + 1) }),
    'Order has invalid size.',
  ],
  ['asset above all', () => order({ a: 4_294_967_295 }), 'Asset does not exist.'],
  ...(
    [
      ['0', 'Price must be divisible by tick size.'],
      ['0.1', 'Reduce only order would increase position.'],
      [btcPx(PX_TICKS_MAX), 'Reduce only order would increase position.'],
      [btcPx(PX_TICKS_MAX + 1), 'Price must be divisible by tick size.'],
    ] as const
  ).map(([px, answer]): Edge => [`a trigger price of ${px}`, () => trigger(px), answer]),
  ...(
    [
      [{ p: '0' }, 'Price must be divisible by tick size.'],
      [{ p: '0.1', s: '1000' }, 'Order price too far from oracle'],
      [{ p: btcPx(PX_TICKS_MAX) }, 'Order price too far from oracle'],
      [{ p: btcPx(PX_TICKS_MAX + 1) }, 'Price must be divisible by tick size.'],
      [{ s: '0' }, 'Order has invalid size.'],
      [{ s: '0.00001' }, 'minimum value of $10'],
      [{ s: btcSize(SIZE_LOTS_MAX) }, 'too large value'],
      [{ s: btcSize(SIZE_LOTS_MAX + 1) }, 'Order has invalid size.'],
    ] as const
  ).map(([to, answer]): Edge => [`modified to ${JSON.stringify(to)}`, () => modify(to), answer]),
  ['a TWAP of no size', () => twapOf('0'), 'Order has invalid size.'],
  ['a TWAP of one lot', () => twapOf('0.00001'), 'minimum value of $100'],
  ['a TWAP of the greatest size', () => twapOf(btcSize(SIZE_LOTS_MAX)), 'running'],
  ['a TWAP of a lot more', () => twapOf(btcSize(SIZE_LOTS_MAX + 1)), 'Order has invalid size.'],
  ['a TWAP that starts at 0', () => twapOf('1', { start: '0' }), 'tick size'],
  ['a TWAP that starts at one tick', () => twapOf('1', { start: '0.1' }), 'running'],
  [
    'a TWAP that starts at the greatest price',
    () => twapOf('1', { start: btcPx(PX_TICKS_MAX) }),
    'running',
  ],
  [
    'a TWAP that starts a tick above',
    () => twapOf('1', { start: btcPx(PX_TICKS_MAX + 1) }),
    'tick size',
  ],
  ['a TWAP that stops at 0', () => twapOf('1', { stop: '0' }), 'tick size'],
  ['a TWAP that stops at one tick', () => twapOf('1', { stop: '0.1' }), 'Invalid TP/SL price.'],
  ['a TWAP that stops at the most', () => twapOf('1', { stop: btcPx(PX_TICKS_MAX) }), 'running'],
  ['a TWAP that stops above', () => twapOf('1', { stop: btcPx(PX_TICKS_MAX + 1) }), 'tick size'],
  ['an oracle price of 0', () => oracle('0'), 'price'],
  ['an oracle price of one tick', () => oracle('0.1'), 'ok'],
  ['the greatest oracle price', () => oracle(btcPx(PX_TICKS_MAX)), 'ok'],
  ['an oracle price above', () => oracle(btcPx(PX_TICKS_MAX + 1)), 'price'],
  ['leverage 0', () => leverage(0), 'Invalid leverage'],
  ['leverage 1', () => leverage(1), 'ok'],
  ['the greatest leverage', () => leverage(40), 'ok'],
  ['above the greatest leverage', () => leverage(41), 'Invalid leverage'],
  ['isolated leverage above the greatest', () => leverage(41, false), 'Invalid leverage'],
  ['the greatest leverage that fits', () => leverage(4_294_967_295), 'Invalid leverage'],
  ['a TWAP of 4 minutes', () => twap(4), 'Invalid TWAP duration: 4 min(s)'],
  ['a TWAP of 5 minutes', () => twap(5), 'running'],
  ['a TWAP of 7 days', () => twap(10_080), 'running'],
  ['a TWAP of 7 days and a minute', () => twap(10_081), 'Invalid TWAP duration'],
  ['a transfer of 0', () => toSpot('0'), 'Invalid amount.'],
  ['a transfer of the least', () => toSpot('0.000001'), 'ok'],
  ['a transfer of everything', () => toSpot('1000000'), 'ok'],
  ['a transfer of a unit more', () => toSpot('1000000.000001'), 'Insufficient'],
  ['a transfer of less than a unit', () => toSpot('0.0000001'), 'Invalid amount.'],
  ['a send of 0', () => usdSend('0'), 'Invalid amount.'],
  ['a send of everything', () => usdSend('1000000'), 'ok'],
  ['a send of a unit more', () => usdSend('1000000.000001'), 'Insufficient'],
  ['a send above 64 bits', () => usdSend('18446744073709551616'), 'I'],
  ['a spot send of 0', () => spotSend('0'), 'Invalid amount.'],
  ['a spot send of one wei', () => spotSend('0.00001'), 'ok'],
  ['a spot send of everything', () => spotSend('500000'), 'ok'],
  ['a spot send of a wei more', () => spotSend('500000.00001'), 'Insufficient balance'],
  ['a spot send of less than a wei', () => spotSend('0.000001'), 'Invalid amount.'],
  ['stake of 0', () => stake(0), 'Invalid amount.'],
  ['stake of one wei', () => stake(1), 'ok'],
  ['stake of everything', () => stake(1_000_000_000_000), 'ok'],
  ['stake of a wei more', () => stake(1_000_000_000_001), 'Insufficient balance'],
  [
    'stake of all that a number holds',
    () => stake(Number.MAX_SAFE_INTEGER),
    'Insufficient balance',
  ],
  ['a builder fee of 0', () => approve('0%'), 'ok'],
  ['a builder fee of 1 %', () => approve('1%'), 'ok'],
  ['a builder fee above 1 %', () => approve('1.001%'), 'Invalid max fee rate.'],
  ['a sub-account transfer of 0', () => subTransfer(0), 'Invalid amount.'],
  ['a sub-account transfer of one unit', () => subTransfer(1), 'ok'],
  ['a sub-account transfer of everything', () => subTransfer(1_000_000_000_000), 'ok'],
  ['a sub-account transfer of a unit more', () => subTransfer(1_000_000_000_001), 'Insufficient'],
]

it.each(EDGES)('%s', (_, action, answer) => {
  const x = new TestExchange(testGenesis(2))
  const made = x.act(testUser(1), { type: 'createSubAccount', name: 'sub' })
  SUB = made.status === 'ok' && 'data' in made.response ? (made.response.data as Hex) : '0x'
  x.endBlock()
  const { root } = x
  const wanted = action()
  const receipt = x.act(testUser(wanted.type === 'validatorOracle' ? 1001 : 1), wanted)
  if (answer === 'ok')
    expect(receipt).toMatchObject({ status: 'ok', response: { type: 'default' } })
  else expect(JSON.stringify(receipt)).toContain(answer)
  x.endBlock()
  if (answer === 'ok' || answer === 'running') expect(x.root).not.toEqual(root)
})

it('a cancel is scheduled 5 seconds ahead, not a millisecond less', () => {
  const x = new TestExchange(testGenesis(1))
  const at = (afterMs: number): Action => ({
    type: 'scheduleCancel',
    time: x.timestampMs + afterMs,
  })
  expect(x.act(testUser(1), at(4_999)).status).toBe('err')
  expect(x.act(testUser(1), at(5_000)).status).toBe('ok')
})
