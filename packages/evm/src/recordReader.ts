import { assert } from '@openliquid/primitives'
import { isRlpList, type RlpItem, rlpToUint } from './rlp.ts'

/** Takes the fields of a record of our own in order. What the store gives back is what we wrote, so it only asserts. */
export class RecordReader {
  readonly #items: readonly RlpItem[]
  #next: number = 0

  constructor(item: RlpItem | undefined) {
    assert(isRlpList(item), 'a stored record is a list')
    this.#items = item
  }

  get done(): boolean {
    return this.#next >= this.#items.length
  }

  bytes(): Uint8Array {
    const item = this.#take()
    assert(item instanceof Uint8Array, 'the stored field is bytes')
    return item
  }

  uint(): bigint {
    const value = rlpToUint(this.#take(), 32)
    assert(value !== undefined, 'the stored field is an integer')
    return value
  }

  list(): RecordReader {
    return new RecordReader(this.#take())
  }

  #take(): RlpItem {
    const item = this.#items[this.#next++]
    assert(item !== undefined, 'the stored record has the field')
    return item
  }
}
