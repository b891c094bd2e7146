import { assert } from '../types/errors.ts'
import { malformed } from './malformed.ts'

/** Characters of a decimal: 2^256 with 18 places behind the point fits. */
export const DECIMAL_CHARS_MAX = 100

const DECIMAL = /^-?[0-9]+(\.[0-9]+)?$/

/**
 * Reads a decimal exactly, as an integer of 10^-decimals.
 *
 * @throws {DecodeError} not a plain decimal, or it has more places than the unit holds
 */
export function parseDecimal(text: string, decimals: number): bigint {
  if (text.length > DECIMAL_CHARS_MAX || !DECIMAL.test(text)) {
    throw malformed('decimal', 'wants digits with at most one point')
  }
  const [whole = '', places = ''] = text.split('.')
  const kept = places.replace(/0+$/, '')
  if (kept.length > decimals) throw malformed('decimal', `has more than ${decimals} places`)
  // The sign stands in `whole`, also that of -0.5.
  return BigInt(whole + kept.padEnd(decimals, '0'))
}

/** Writes an integer of 10^-decimals in normal form: no trailing zeros, no exponent, `0` for zero. */
export function formatDecimal(value: bigint, decimals: number): string {
  assert(Number.isInteger(decimals) && decimals >= 0, 'decimals are a count')
  const sign = value < 0n ? '-' : ''
  const digits = (value < 0n ? -value : value).toString().padStart(decimals + 1, '0')
  const point = digits.length - decimals
  const places = digits.slice(point).replace(/0+$/, '')
  return `${sign}${digits.slice(0, point)}${places === '' ? '' : `.${places}`}`
}

/**
 * The normal form of a decimal that is not negative: no leading or trailing zeros.
 *
 * @returns `undefined` for anything else
 */
export function normalDecimal(text: string): string | undefined {
  if (text.length > DECIMAL_CHARS_MAX || text.startsWith('-') || !DECIMAL.test(text)) {
    return undefined
  }
  const [whole = '', places = ''] = text.split('.')
  const keptWhole = whole.replace(/^0+(?=.)/, '')
  const keptPlaces = places.replace(/0+$/, '')
  return keptPlaces === '' ? keptWhole : `${keptWhole}.${keptPlaces}`
}
