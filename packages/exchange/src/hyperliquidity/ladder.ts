import type { SpotMarket } from '../market.ts'
import { isValidPx, roundPx } from '../market.ts'
import { quoteWei } from '../spotHold.ts'
import type { Hyperliquidity } from './hyperliquidityRecords.ts'

/** Thousandths from one level to the next; docs/spec/hyperliquid.md §9. */
const STEP_PERMILLE = 1003n

/** An order that the strategy wants in the book. */
export interface Rung {
  readonly isBuy: boolean
  readonly px: number
  /** Lots. */
  readonly size: number
}

/**
 * Prices of the levels, ascending: each is the one before times 1.003, rounded to the nearest that an order may have,
 * half up. `undefined` when they do not all rise, or leave what prices may be.
 */
export function ladderPxs(
  market: SpotMarket,
  { startPx, levelCount }: Pick<Hyperliquidity, 'startPx' | 'levelCount'>,
): readonly number[] | undefined {
  const pxs: number[] = []
  for (let px = startPx; pxs.length < levelCount; px = nextPx(market, px)) {
    if (!isValidPx(px, market) || px === pxs.at(-1)) return undefined
    pxs.push(px)
  }
  return pxs
}

function nextPx(market: SpotMarket, px: number): number {
  const permille = BigInt(px) * STEP_PERMILLE
  const below = Number(permille / 1000n)
  const above = permille % 1000n === 0n ? below : below + 1
  const [down, up] = [roundPx(below, market, 'down'), roundPx(above, market, 'up')]
  return 2n * permille >= 1000n * (BigInt(down) + BigInt(up)) ? up : down
}

/**
 * What a strategy wants to have in its book, best first on either side: full asks from the highest level down, as many as
 * its base makes, a partial one for the rest at the level below; under them bids from the highest level down, as far as
 * its quote goes. A level that was sold becomes a bid so, and one that was bought an ask.
 */
export function wantedRungs(
  market: SpotMarket,
  pxs: readonly number[],
  orderSize: number,
  held: { readonly base: bigint; readonly quote: bigint },
): readonly Rung[] {
  const lots = held.base / market.lotWei
  const fullCount = lots / BigInt(orderSize)
  const isFull = fullCount >= BigInt(pxs.length)
  const asks = isFull ? pxs.length : Number(fullCount)
  const rest = isFull ? 0 : Number(lots % BigInt(orderSize))
  const rungs: Rung[] = []
  let level = pxs.length
  for (let i = 0; i < asks; i++) {
    level -= 1
    rungs.unshift({ isBuy: false, px: pxs[level] as number, size: orderSize })
  }
  if (rest > 0) {
    level -= 1
    rungs.unshift({ isBuy: false, px: pxs[level] as number, size: rest })
  }
  let left = held.quote
  while (level > 0 && left > 0n) {
    level -= 1
    const px = pxs[level] as number
    const affordable = left / quoteWei(market, px, 1)
    const size = affordable < BigInt(orderSize) ? Number(affordable) : orderSize
    if (size === 0) break
    left -= quoteWei(market, px, size)
    rungs.push({ isBuy: true, px, size })
  }
  return rungs
}

/** Quote that the lowest levels cost to fill with bids. */
export function seedWei(
  market: SpotMarket,
  pxs: readonly number[],
  orderSize: number,
  count: number,
): bigint {
  return pxs.slice(0, count).reduce((sum, px) => sum + quoteWei(market, px, orderSize), 0n)
}
