const DECIMAL = /^(0|[1-9][0-9]{0,29})(?:\.([0-9]{1,18}))?$/

/**
 * Reads a non-negative decimal string as an integer of 10^-decimals.
 *
 * `undefined` when it is malformed or finer than the unit; trailing zeros are not finer.
 */
export function parseUnits(text: string, decimals: number): bigint | undefined {
  const parts = DECIMAL.exec(text)
  if (parts === null) return undefined
  const whole = parts[1] as string
  const fraction = (parts[2] ?? '').replace(/0+$/, '')
  if (fraction.length > decimals) return undefined
  return BigInt(whole + fraction.padEnd(decimals, '0'))
}

/** Characters of a decimal whose digits surely fit a safe integer. */
const SHORT_MAX = 15
const POWERS: readonly number[] = Array.from({ length: 19 }, (_, i) => 10 ** i)

/** As `parseUnits`, for what must stay a safe integer of at most `max`. */
export function parseSafeUnits(text: string, decimals: number, max: number): number | undefined {
  if (text.length <= SHORT_MAX) {
    const units = parseShort(text, decimals)
    return units < 0 || units > max ? undefined : units
  }
  const units = parseUnits(text, decimals)
  return units === undefined || units > BigInt(max) ? undefined : Number(units)
}

/** As `parseUnits` of a short text, digit by digit; -1 when it is malformed or finer than the unit. */
function parseShort(text: string, decimals: number): number {
  let value = 0
  /** Digits of the fraction so far, or -1 before the point. */
  let fraction = -1
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) {
      // The point stands once, behind a digit and before one.
      if (digit !== -2 || fraction >= 0 || i === 0 || i === text.length - 1) return -1
      fraction = 0
      continue
    }
    // The whole part is 0 alone, or begins with another digit.
    if (fraction < 0 && i === 1 && value === 0) return -1
    if (fraction >= 0) {
      if (fraction >= decimals) {
        if (digit !== 0) return -1
        continue
      }
      fraction += 1
    }
    value = value * 10 + digit
  }
  if (text.length === 0) return -1
  return value * (POWERS[decimals - Math.max(fraction, 0)] as number)
}

/** Prints an integer of 10^-decimals as the APIs do: exact, no trailing zeros, at least one decimal. */
export function formatUnits(value: bigint | number, decimals: number): string {
  if (typeof value === 'number') return formatSafe(value, decimals)
  const digits = (value < 0 ? -value : value).toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '')
  return `${value < 0 ? '-' : ''}${whole}.${fraction === '' ? '0' : fraction}`
}

/** As `formatUnits` of a safe integer. */
function formatSafe(value: number, decimals: number): string {
  const units = Math.abs(value)
  const unit = POWERS[decimals] as number
  const whole = Math.floor(units / unit)
  let rest = units - whole * unit
  const sign = value < 0 ? '-' : ''
  if (rest === 0) return `${sign}${whole}.0`
  let places = decimals
  while (rest % 10 === 0) {
    rest /= 10
    places -= 1
  }
  return `${sign}${whole}.${String(rest).padStart(places, '0')}`
}

/** Whether an integer of 10^-decimals has at most `figures` significant figures, or no decimals at all; §1.3. */
export function hasFigures(units: number, decimals: number, figures: number): boolean {
  const limit = POWERS[figures] as number
  if (units < limit || isMultiple(units, POWERS[decimals] as number)) return true
  // What stands behind the significant figures must be zeros.
  let step = 10
  while (units >= step * limit) step *= 10
  return isMultiple(units, step)
}

/** Of safe integers. The remainder of two doubles takes many times as long. */
function isMultiple(value: number, unit: number): boolean {
  return Math.floor(value / unit) * unit === value
}

/** The product of two safe integers, exact: by `number` while it fits. */
export function product(a: number, b: number): bigint {
  const fast = a * b
  return Number.isSafeInteger(fast) ? BigInt(fast) : BigInt(a) * BigInt(b)
}

/** Division rounded up, also below 0; the denominator is above 0. */
export function ceilDivide(numerator: bigint, denominator: bigint): bigint {
  return numerator > 0n ? (numerator + denominator - 1n) / denominator : numerator / denominator
}

export function maxOf(a: bigint, b: bigint): bigint {
  return a > b ? a : b
}

/** Division rounded to the nearest, a half to the even neighbour; the denominator is above 0. */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  const floor = floorDivide(numerator, denominator)
  const twice = 2n * (numerator - floor * denominator)
  if (twice < denominator) return floor
  if (twice > denominator) return floor + 1n
  return floor % 2n === 0n ? floor : floor + 1n
}

/** Division rounded down, also below 0; the denominator is above 0. */
export function floorDivide(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator
  return numerator < 0n && quotient * denominator !== numerator ? quotient - 1n : quotient
}

export function minOf(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}
