import {
  AccountValuer,
  type ChainView,
  type FillEvent,
  type TimeRange,
} from '@openliquid/execution'
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
 * What the account was worth is kept by the history hourly for a week and daily for longer, where its money moved other
 * than by trades; the last point is now; docs/rpc.md.
 */
export async function portfolio(view: ChainView, user: Address): Promise<unknown> {
  const now = view.core.timestampMs
  const steps = await stepsOf(view, user)
  const past = await view.history.accountValues(user)
  const values = [...past, { ...new AccountValuer(view.core).valueOf(user), timeMs: now }]
  const periodsOf = (prefix: string, isPerp: boolean): unknown[] =>
    PERIODS.map(([name, lengthMs]) => {
      const own = steps.filter((step) => step.time >= now - lengthMs && (!isPerp || step.isPerp))
      const period =
        prefix === '' ? `${name.charAt(0).toLowerCase()}${name.slice(1)}` : `perp${name}`
      const accountValueHistory = values
        .filter(({ timeMs }) => timeMs >= now - lengthMs)
        .map(({ timeMs, perp, all }) => [timeMs, decimalText(isPerp ? perp : all, SHOWN_DECIMALS)])
      return [period, { accountValueHistory, ...gains(own) }]
    })
  return [...periodsOf('', false), ...periodsOf('perp', true)]
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
