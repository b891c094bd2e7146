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

/** As `parseUnits`, for what must stay a safe integer of at most `max`. */
export function parseSafeUnits(text: string, decimals: number, max: number): number | undefined {
  const units = parseUnits(text, decimals)
  return units === undefined || units > BigInt(max) ? undefined : Number(units)
}

/** Prints an integer of 10^-decimals as the APIs do: exact, no trailing zeros, at least one decimal. */
export function formatUnits(value: bigint | number, decimals: number): string {
  const digits = (value < 0 ? -value : value).toString().padStart(decimals + 1, '0')
  const whole = digits.slice(0, digits.length - decimals)
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '')
  return `${value < 0 ? '-' : ''}${whole}.${fraction === '' ? '0' : fraction}`
}

/** Whether an integer of 10^-decimals has at most `figures` significant figures, or no decimals at all; §1.3. */
export function hasFigures(units: number, decimals: number, figures: number): boolean {
  if (units % 10 ** decimals === 0) return true
  let rest = units
  while (rest % 10 === 0) rest /= 10
  return rest < 10 ** figures
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
