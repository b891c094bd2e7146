const SAFE_MAX = Number.MAX_SAFE_INTEGER

/** A sum that is exact without limit, and costs an addition of two doubles as long as they are safe integers. */
export class ExactSum {
  #near = 0
  #far = 0n
  /** Whether `#far` was ever added to. */
  #isFar = false

  /** The sum. */
  get value(): bigint {
    return this.#isFar ? this.#far + BigInt(this.#near) : BigInt(this.#near)
  }

  /** The sum as a safe integer, or NaN where it may be none: what is far stays far. */
  get near(): number {
    return this.#isFar ? Number.NaN : this.#near
  }

  get isZero(): boolean {
    return this.#isFar ? this.value === 0n : this.#near === 0
  }

  /** Adds a safe integer. */
  add(change: number): void {
    const near = this.#near + change
    if (near <= SAFE_MAX && near >= -SAFE_MAX) {
      this.#near = near
      return
    }
    this.#isFar = true
    this.#far += BigInt(this.#near) + BigInt(change)
    this.#near = 0
  }

  addLarge(change: bigint): void {
    this.#isFar = true
    this.#far += change
  }
}

/** A safe integer, or NaN, which every sum and product that it enters becomes, and no comparison likes. */
export function exact(value: number): number {
  return value <= SAFE_MAX && value >= -SAFE_MAX ? value : Number.NaN
}

/** Division of a safe integer by one above 0, rounded down. */
export function floorQuotient(numerator: number, denominator: number): number {
  const quotient = Math.floor(numerator / denominator)
  const rest = numerator - quotient * denominator
  // The double nearest to the true quotient may lie on the wrong side of an integer.
  if (rest < 0) return quotient - 1
  return rest >= denominator ? quotient + 1 : quotient
}

/** Division of a safe integer by one above 0, rounded up. */
export function ceilQuotient(numerator: number, denominator: number): number {
  return -floorQuotient(-numerator, denominator) + 0
}

/** `amount * part / whole` of safe integers from 0 on, rounded down; the part is no more than the whole. */
export function shareOf(amount: number, part: number, whole: number): number {
  if (part === 0) return 0
  const fast = amount * part
  if (fast <= Number.MAX_SAFE_INTEGER) return floorQuotient(fast, whole)
  return Number((BigInt(amount) * BigInt(part)) / BigInt(whole))
}

/** A double that holds this integer, or NaN when none of them is sure to. */
export function near(value: bigint): number {
  return value <= SAFE_MAX && value >= -SAFE_MAX ? Number(value) : Number.NaN
}
