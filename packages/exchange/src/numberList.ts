import { grown, KeptRoom } from './growth.ts'

const ROOM_FIRST = 64

/**
 * A list of numbers that keeps its room when it is emptied: an array that was emptied grows anew every block, by copies
 * to fresh pages of memory.
 */
export class NumberList {
  #numbers = new Float64Array(ROOM_FIRST)
  #length = 0
  readonly #room = new KeptRoom()

  get length(): number {
    return this.#length
  }

  /** Below the length. */
  at(place: number): number {
    return this.#numbers[place] as number
  }

  push(value: number): void {
    if (this.#length === this.#numbers.length) {
      this.#numbers = grown(this.#numbers, 2 * this.#length)
    }
    this.#numbers[this.#length] = value
    this.#length += 1
  }

  /** Takes the last number off; there is one. */
  pop(): number {
    this.#length -= 1
    return this.#numbers[this.#length] as number
  }

  /** Keeps the room, or half of it when most was not used for a while. */
  clear(): void {
    const kept = this.#room.lengthAfter(this.#numbers.length, this.#length, ROOM_FIRST)
    if (kept !== this.#numbers.length) this.#numbers = new Float64Array(kept)
    this.#length = 0
  }
}
