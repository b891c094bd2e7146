/** Seeded random numbers (sfc32): one seed, one run. */
export class Prng {
  #a: number
  #b: number
  #c = 0x9e3779b9
  #counter = 1

  constructor(seed: number) {
    this.#a = seed | 0
    this.#b = (seed / 2 ** 32) | 0
    for (let i = 0; i < 12; i++) this.next()
  }

  /** 32 random bits as an unsigned integer. */
  next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = (this.#c << 21) | (this.#c >>> 11)
    this.#c = (this.#c + sum) | 0
    return sum >>> 0
  }

  /** Uniform in 0 … n − 1. */
  below(n: number): number {
    return n <= 1 ? 0 : this.next() % n
  }

  /** True in `permille` of a thousand cases. */
  chance(permille: number): boolean {
    return permille > 0 && this.below(1_000) < permille
  }
}
