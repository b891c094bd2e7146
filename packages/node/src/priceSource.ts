import { readFileSync, statSync } from 'node:fs'
import { type Genesis, sha256, uintToBytes, utf8ToBytes } from '@openliquid/primitives'
import { explain, NodeError } from './errors.ts'

/** Where a validator's oracle prices come from: decimal strings by perp, for one bucket of three seconds. */
export type PriceSource = (bucket: number) => ReadonlyMap<number, string>

/** Prices of perps that are quoted by nobody else come in this many significant figures. */
const FIGURES = 5
const PERP_DECIMALS = 6
/** Lengths in buckets and heights of the waves that a walk is made of; in all at most 3 % off its start. */
const WAVES = [
  { buckets: 7, height: 0.001 },
  { buckets: 61, height: 0.004 },
  { buckets: 601, height: 0.01 },
  { buckets: 7_001, height: 0.015 },
] as const
const PRICE_FILE_BYTES_MAX = 1_048_576

/**
 * Prices around those of the genesis, by a walk that the seed fixes: every node that asks gets the same, in any order
 * and after any pause.
 */
export function seededWalk(genesis: Genesis, seed: Uint8Array): PriceSource {
  const perps = genesis.core.perps.flatMap(({ name, oraclePx, szDecimals, isDelisted }, perp) => {
    if (isDelisted === true) return []
    const decimals = PERP_DECIMALS - szDecimals
    return { perp, name: utf8ToBytes(name), start: Number(oraclePx), decimals }
  })
  return (bucket) =>
    new Map(
      perps.map(({ perp, name, start, decimals }) => {
        const offset = WAVES.reduce(
          (sum, wave) => sum + wave.height * waveAt(bucket, wave.buckets, [seed, name]),
          0,
        )
        return [perp, priceText(start * (1 + offset), decimals)]
      }),
    )
}

/**
 * Prices by coin from a JSON file that somebody else keeps fresh: `{"BTC": "60000.5"}`. Read anew for each bucket;
 * coins that are missing get no price.
 *
 * @throws {NodeError} OL_NODE_CONFIG: no file, or not of that form
 */
export function filePrices(genesis: Genesis, path: string): PriceSource {
  return () => {
    const prices = readPrices(path)
    return new Map(
      genesis.core.perps.flatMap(({ name }, perp) => {
        const price = prices[name]
        if (price === undefined) return []
        if (typeof price !== 'string' || !/^[0-9]{1,20}(\.[0-9]{1,20})?$/.test(price)) {
          throw badFile(path, `the price of ${name} is no decimal as text`)
        }
        return [[perp, withoutZeros(price)] as const]
      }),
    )
  }
}

/** From -1 to 1: fixed values at the multiples of `length`, smoothly joined. */
function waveAt(bucket: number, length: number, seed: readonly Uint8Array[]): number {
  const step = Math.floor(bucket / length)
  const part = (bucket - step * length) / length
  const smooth = part * part * (3 - 2 * part)
  const [from, to] = [step, step + 1].map((at) => {
    const hash = sha256(...seed, uintToBytes(length, 4), uintToBytes(at, 8))
    const value = new DataView(hash.buffer, hash.byteOffset).getUint32(0)
    return (2 * value) / 0xffff_ffff - 1
  }) as [number, number]
  return from + (to - from) * smooth
}

/** A price that the market takes: five significant figures, whole above. */
function priceText(price: number, decimals: number): string {
  const digits = Math.floor(Math.log10(price)) + 1
  const places = Math.min(Math.max(FIGURES - digits, 0), decimals)
  return withoutZeros(price.toFixed(places))
}

function withoutZeros(text: string): string {
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}

function readPrices(path: string): Record<string, unknown> {
  try {
    if (statSync(path).size > PRICE_FILE_BYTES_MAX) throw new Error('it is too large')
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
      throw new Error('it is no JSON object')
    }
    return parsed as Record<string, unknown>
  } catch (error) {
    throw badFile(path, error instanceof Error ? error.message : String(error))
  }
}

function badFile(path: string, reason: string): NodeError {
  return new NodeError(
    explain(
      `the price file ${path} cannot be used`,
      reason,
      'write {"COIN": "price"} there, or set oracle.source to "none"',
    ),
    { code: 'OL_NODE_CONFIG', key: 'oracle.source' },
  )
}
