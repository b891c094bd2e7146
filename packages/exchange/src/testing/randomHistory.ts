import {
  type Action,
  type CoreWriterAction,
  type Hex,
  hexToBytes,
  type OrderWire,
} from '@openliquid/primitives'
import { oracleBucketOf } from '../oracleBucket.ts'
import { subAccountAddress } from '../subAccountAddress.ts'
import { ASSETS, GENESIS_MS, type TestExchange, testUser, testUserHex } from './fixtures.ts'

/** A seeded source of integers below a bound. */
export type Prng = (bound: number) => number

/** Mulberry32: the same seed, the same history. */
export function prng(seed: number): Prng {
  let state = seed >>> 0
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound
  }
}

/** One thing that happens to an exchange. Users are numbers from 1. */
export type RandomStep =
  | {
      readonly kind: 'action'
      readonly user: number
      readonly action: Action
      /** A sub-account that the action is for. */
      readonly vaultAddress?: Hex
    }
  | { readonly kind: 'coreWriter'; readonly user: number; readonly action: CoreWriterAction }
  | { readonly kind: 'endBlock'; readonly afterMs: number }

const MARKETS = [
  { asset: ASSETS.btc, px: 100_000, step: 100, unit: 0.001 },
  { asset: ASSETS.eth, px: 4_000, step: 5, unit: 0.01 },
  { asset: ASSETS.hypePerp, px: 40, step: 0.5, unit: 1 },
  { asset: ASSETS.purr, px: 0.2, step: 0.005, unit: 100 },
  { asset: ASSETS.hype, px: 40, step: 0.5, unit: 1 },
] as const

/** A step that is mostly sensible and sometimes nonsense; few users on few prices, so that orders meet. */
export function randomStep(next: Prng, users: number): RandomStep {
  const user = 1 + next(users)
  const dice = next(100)
  if (dice < 12) return { kind: 'endBlock', afterMs: 50 + next(next(12) === 0 ? 40_000 : 400) }
  if (dice < 5 + 12) {
    const vaultAddress = subAccountAddress(testUserHex(user), next(2))
    // Every third order of an agent: users from 501 are the agents of the users from 1.
    const signer = next(3) === 0 ? user + 500 : user
    return { ...action(signer, orderAction(next)), ...(next(2) === 0 ? { vaultAddress } : {}) }
  }
  if (dice < 58) return action(user, orderAction(next))
  if (dice < 70) {
    return action(user, {
      type: 'cancel',
      cancels: [
        { a: asset(next), o: 1 + next(60) },
        { a: asset(next), o: 1 + next(400) },
      ],
    })
  }
  if (dice < 76) {
    return action(user, {
      type: 'cancelByCloid',
      cancels: [{ asset: asset(next), cloid: cloid(next) }],
    })
  }
  if (dice < 82) {
    return action(user, {
      type: 'updateLeverage',
      asset: next(3),
      isCross: next(10) > 0,
      leverage: 1 + next(45),
    })
  }
  if (dice < 84) return action(user, transfer(next, 1 + next(users + 2)))
  if (dice < 88) return action(user, accountAction(next, user))
  if (dice < 90) {
    return action(user, {
      type: 'usdClassTransfer',
      signatureChainId: '0x66eee',
      hyperliquidChain: 'Testnet',
      amount: String(next(300_000)),
      toPerp: next(2) === 0,
      nonce: 0,
    })
  }
  if (dice < 92) return { kind: 'coreWriter', user, action: coreWriterAction(next) }
  return action(1001 + next(4), oracleAction(next))
}

/** Does one step and returns what it said. `reload` goes on with a machine that is loaded from the store. */
export function applyStep(exchange: TestExchange, step: RandomStep, reload: boolean): unknown {
  switch (step.kind) {
    case 'endBlock': {
      const { coreRoot, events } = reload
        ? exchange.reload(step.afterMs)
        : exchange.endBlock(step.afterMs)
      return { coreRoot, events }
    }
    case 'action': {
      const action =
        step.action.type === 'validatorOracle'
          ? { ...step.action, bucket: oracleBucketOf(exchange.timestampMs) }
          : step.action
      const { vaultAddress } = step
      return exchange.act(
        testUser(step.user),
        action,
        vaultAddress === undefined ? {} : { vaultAddress: hexToBytes(vaultAddress, 20) },
      )
    }
    case 'coreWriter':
      exchange.machine.applyCoreWriterAction(testUser(step.user), step.action, {
        evmTxHash: new Uint8Array(32).fill(7),
        logIndex: 3,
      })
      return undefined
  }
}

function action(user: number, what: Action): Extract<RandomStep, { kind: 'action' }> {
  return { kind: 'action', user, action: what }
}

function asset(next: Prng): number {
  return MARKETS[next(MARKETS.length)]?.asset ?? 77
}

function cloid(next: Prng): Hex {
  return `0x${(1 + next(30)).toString(16).padStart(32, '0')}`
}

function orderAction(next: Prng): Action {
  const dice = next(10)
  if (dice < 3) return groupAction(next)
  if (dice === 3) return modifyAction(next)
  if (dice === 4 && next(3) === 0) return twapAction(next)
  if (dice === 4) return { type: 'scheduleCancel', ...(next(2) === 0 ? {} : { time: dueMs(next) }) }
  const orders = Array.from({ length: 1 + next(3) }, () => orderWire(next))
  const builder = next(4) === 0 ? { builder: { b: testUserHex(1), f: 1 + next(60) } } : {}
  return { type: 'order', orders, grouping: 'na', ...builder }
}

/** TP/SL orders: alone, behind a parent, or around a position. */
function groupAction(next: Prng): Action {
  const grouping = (['na', 'normalTpsl', 'positionTpsl'] as const)[next(3)] ?? 'na'
  const parent = orderWire(next, next(3))
  const isBuy = grouping === 'normalTpsl' ? !parent.b : parent.b
  const children = (['tp', 'sl'] as const)
    .slice(next(2), 1 + next(2))
    .map((tpsl) => triggerWire(next, parent, { isBuy, tpsl }))
  return {
    type: 'order',
    orders: grouping === 'normalTpsl' ? [{ ...parent, r: false }, ...children] : children,
    grouping,
  }
}

function triggerWire(
  next: Prng,
  { a, s }: OrderWire,
  trigger: { readonly isBuy: boolean; readonly tpsl: 'tp' | 'sl' },
): OrderWire {
  const market = MARKETS.find(({ asset: id }) => id === a) ?? MARKETS[0]
  const isAbove = trigger.isBuy === (trigger.tpsl === 'sl')
  const triggerPx = decimal(market.px + (isAbove ? 1 : -1) * (next(8) - 1) * market.step, 1)
  return {
    a,
    b: trigger.isBuy,
    p: triggerPx,
    s: next(3) === 0 ? '0' : s,
    r: true,
    t: { trigger: { isMarket: next(3) > 0, triggerPx, tpsl: trigger.tpsl } },
    ...(next(4) === 0 ? { c: cloid(next) } : {}),
  }
}

function modifyAction(next: Prng): Action {
  const always = next(2) === 0 ? { a: true as const } : {}
  const oid = next(3) === 0 ? cloid(next) : 1 + next(400)
  if (next(2) === 0) return { type: 'modify', oid, order: orderWire(next), ...always }
  const modifies = [
    { oid, order: orderWire(next) },
    { oid: 1 + next(400), order: orderWire(next) },
  ]
  return { type: 'batchModify', modifies, ...always }
}

function twapAction(next: Prng): Action {
  const market = MARKETS[next(MARKETS.length)] ?? MARKETS[0]
  if (next(3) === 0) return { type: 'twapCancel', a: market.asset, t: 1 + next(30) }
  const s = decimal((1 + next(200)) * 5 * market.unit, 3)
  const twap = { a: market.asset, b: next(2) === 0, s, r: next(4) === 0, t: next(2) === 0 }
  const order = { type: 'twapOrder', twap: { ...twap, m: 4 + next(8) } } as const
  if (next(2) === 0) return order
  const px = (): string => decimal(market.px + (next(9) - 4) * market.step, 1)
  const start = next(2) === 0 ? null : { p: px(), a: next(2) === 0 }
  return { ...order, details: { t: start, s: next(3) === 0 ? px() : null } }
}

/** A time between some seconds and a minute into the history. */
function dueMs(next: Prng): number {
  return GENESIS_MS + 5_000 + next(600_000)
}

function orderWire(next: Prng, index: number = next(MARKETS.length)): OrderWire {
  const market = MARKETS[index] ?? MARKETS[0]
  const wild = next(20) === 0
  const px = market.px + (next(wild ? 60 : 9) - (wild ? 30 : 4)) * market.step
  const size = (1 + next(wild ? 20_000 : 40)) * market.unit
  const tif = (['Gtc', 'Gtc', 'Ioc', 'Alo', 'FrontendMarket'] as const)[next(5)] ?? 'Gtc'
  return {
    a: next(60) === 0 ? 77 : market.asset,
    b: next(2) === 0,
    p: decimal(Math.max(px, market.step), next(30) === 0 ? 7 : 4),
    s: decimal(size, 3),
    r: next(5) === 0,
    t: { limit: { tif } },
    ...(next(3) === 0 ? { c: cloid(next) } : {}),
  }
}

function transfer(next: Prng, destination: number): Action {
  const common = {
    signatureChainId: '0x66eee',
    hyperliquidChain: 'Testnet',
    destination: testUserHex(destination),
    amount: String(1 + next(200_000)),
    time: 0,
  } as const
  if (next(2) === 0) return { type: 'usdSend', ...common }
  const [name, index] = (
    [
      ['USDC', 0],
      ['PURR', 1],
      ['HYPE', 2],
    ] as const
  )[next(3)] ?? ['NONE', 9]
  return { type: 'spotSend', token: `${name}:0x${`0${index}`.repeat(16)}`, ...common }
}

function coreWriterAction(next: Prng): CoreWriterAction {
  const market = MARKETS[next(MARKETS.length)] ?? MARKETS[0]
  if (next(4) === 0) {
    return { type: 'usdClassTransfer', ntl: BigInt(next(1_000_000_000)), toPerp: next(2) === 0 }
  }
  if (next(6) === 0) return { type: 'cancelByOid', asset: market.asset, oid: BigInt(next(400)) }
  const px = market.px + (next(9) - 4) * market.step
  return {
    type: 'limitOrder',
    asset: market.asset,
    isBuy: next(2) === 0,
    limitPx: BigInt(Math.round(px * 1e8)),
    size: BigInt(Math.round((1 + next(20)) * market.unit * 1e8)),
    reduceOnly: false,
    timeInForce: (['alo', 'gtc', 'ioc'] as const)[next(3)] ?? 'gtc',
    clientOrderId: BigInt(next(5)),
  }
}

const SIGNED = { signatureChainId: '0x66eee', hyperliquidChain: 'Testnet' } as const

/** Agents, builders, sub-accounts and what moves between them. */
function accountAction(next: Prng, user: number): Action {
  const subAccountUser = subAccountAddress(testUserHex(user), next(2))
  const isDeposit = next(3) > 0
  const token = `USDC:0x${'00'.repeat(16)}`
  const amount = String(1 + next(5_000))
  switch (next(8)) {
    case 0: {
      const agentName = next(3) > 0 ? '' : `bot valid_until ${GENESIS_MS + next(1_200_000)}`
      const agentAddress = testUserHex(user + 500)
      return { type: 'approveAgent', ...SIGNED, agentAddress, agentName, nonce: 0 }
    }
    case 1:
      return { type: 'createSubAccount', name: `sub ${next(9)}` }
    case 2:
    case 3:
      return { type: 'subAccountTransfer', subAccountUser, isDeposit, usd: next(50_000_000_000) }
    case 4:
      return { type: 'subAccountSpotTransfer', subAccountUser, isDeposit, token, amount }
    case 5: {
      const builder = testUserHex(1)
      return { type: 'approveBuilderFee', ...SIGNED, maxFeeRate: '0.05%', builder, nonce: 0 }
    }
    case 6:
      return { type: 'reserveRequestWeight', weight: next(5_000) }
    default:
      return {
        type: 'sendAsset',
        ...SIGNED,
        destination: next(2) === 0 ? subAccountUser : testUserHex(1 + next(9)),
        sourceDex: next(2) === 0 ? '' : 'spot',
        destinationDex: next(2) === 0 ? '' : 'spot',
        token,
        amount,
        fromSubAccount: next(3) === 0 ? subAccountUser : '',
        nonce: 0,
      }
  }
}

/** The bucket is filled in by whoever knows the time. */
function oracleAction(next: Prng): Action {
  const prices = MARKETS.slice(0, 3).map(
    ({ asset: perp, px, step }) => [perp, decimal(px + (next(21) - 10) * step, 1), null] as const,
  )
  return { type: 'validatorOracle', bucket: 0, prices }
}

/** The normal form of the wire: no trailing zeros. */
function decimal(value: number, places: number): string {
  const text = value.toFixed(places)
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}
