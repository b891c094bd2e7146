import type { ChainView, FillEvent, TimeRange } from '@openliquid/execution'
import { type Address, parseDecimal } from '@openliquid/primitives'
import { decimalText } from './exchangeJson.ts'

const DAY_MS = 86_400_000
const PERIODS = [
  ['Day', DAY_MS],
  ['Week', 7 * DAY_MS],
  ['Month', 30 * DAY_MS],
  ['AllTime', Number.POSITIVE_INFINITY],
] as const

/** Decimals that every price, size, fee and amount fits, and those of what is printed. */
const DECIMALS = 18
const SHOWN_DECIMALS = 6
/** A product of two decimals in the unit that is printed. */
const PRODUCT_UNIT: bigint = 10n ** BigInt(2 * DECIMALS - SHOWN_DECIMALS)
const UNIT: bigint = 10n ** BigInt(DECIMALS - SHOWN_DECIMALS)

/** What an account gained at one time, and what it traded, 1e-6 USDC. */
interface Step {
  readonly time: number
  readonly pnl: bigint
  readonly volume: bigint
  readonly isPerp: boolean
}

/**
 * The answer to `portfolio`: profit that was realised, by the fills and funding payments of the node's history, less fees.
 *
 * The value of an account is kept by nobody, so its history is the one point of now; docs/rpc.md.
 */
export async function portfolio(view: ChainView, user: Address): Promise<unknown> {
  const now = view.core.timestampMs
  const steps = await stepsOf(view, user)
  const perpValue = view.core.clearinghouseState(user).marginSummary.accountValue
  const allValue =
    parseDecimal(perpValue, SHOWN_DECIMALS) + spotValue(view, user) + vaultEquity(view, user)
  const periodsOf = (prefix: string, isPerp: boolean, value: string): unknown[] =>
    PERIODS.map(([name, lengthMs]) => {
      const own = steps.filter((step) => step.time >= now - lengthMs && (!isPerp || step.isPerp))
      const period =
        prefix === '' ? `${name.charAt(0).toLowerCase()}${name.slice(1)}` : `perp${name}`
      return [period, { accountValueHistory: [[now, value]], ...gains(own) }]
    })
  return [
    ...periodsOf('', false, decimalText(allValue, SHOWN_DECIMALS)),
    ...periodsOf('perp', true, perpValue),
  ]
}

/** What an account has in vaults, 1e-6 USDC. */
export function vaultEquity(view: ChainView, user: Address): bigint {
  return view.core.holdingsOf(user).reduce((sum, { equity }) => sum + equity, 0n)
}

function gains(steps: readonly Step[]): { readonly pnlHistory: unknown; readonly vlm: string } {
  let [pnl, volume] = [0n, 0n]
  const pnlHistory = steps.map((step) => {
    pnl += step.pnl
    volume += step.volume
    return [step.time, decimalText(pnl, SHOWN_DECIMALS)]
  })
  return { pnlHistory, vlm: decimalText(volume, SHOWN_DECIMALS) }
}

/** Oldest first; the newest that the lists of the history hold. */
async function stepsOf(view: ChainView, user: Address): Promise<readonly Step[]> {
  const everything: TimeRange = { startMs: 0, endMs: view.core.timestampMs, newestFirst: true }
  const [fills, funding] = await Promise.all([
    view.history.userFills(user),
    view.history.userFunding(user, everything),
  ])
  const perps = new Set(view.core.meta().universe.map(({ name }) => name))
  const steps = fills.map((event) => stepOf(event, perps))
  for (const { time, delta } of funding) {
    steps.push({ time, pnl: parseDecimal(delta.usdc, SHOWN_DECIMALS), volume: 0n, isPerp: true })
  }
  return steps.sort((a, b) => a.time - b.time)
}

function stepOf({ fill }: FillEvent, perps: ReadonlySet<string>): Step {
  const read = (text: string): bigint => parseDecimal(text, DECIMALS)
  // A buyer on spot pays in what it bought.
  const fee =
    fill.feeToken === 'USDC'
      ? read(fill.fee) / UNIT
      : (read(fill.fee) * read(fill.px)) / PRODUCT_UNIT
  return {
    time: fill.time,
    pnl: read(fill.closedPnl) / UNIT - fee,
    volume: (read(fill.px) * read(fill.sz)) / PRODUCT_UNIT,
    isPerp: perps.has(fill.coin),
  }
}

/** USDC, and what has a pair with it at that pair's last price. */
function spotValue(view: ChainView, user: Address): bigint {
  const { universe } = view.core.spotMeta()
  const prices = new Map(view.core.spotContexts().map(({ coin, markPx }) => [coin, markPx]))
  return view.core.spotClearinghouseState(user).balances.reduce((sum, { token, total }) => {
    if (token === 0) return sum + parseDecimal(total, DECIMALS) / UNIT
    const pair = universe.find(({ tokens: [base, quote] }) => base === token && quote === 0)
    const px = pair === undefined ? undefined : prices.get(pair.name)
    if (px === undefined) return sum
    return sum + (parseDecimal(total, DECIMALS) * parseDecimal(px, DECIMALS)) / PRODUCT_UNIT
  }, 0n)
}
