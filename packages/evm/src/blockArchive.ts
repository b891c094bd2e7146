import {
  type Address,
  bytesToUint,
  concatBytes,
  type Hash,
  uintToBytes,
  type Write,
} from '@openliquid/primitives'
import { decodeEvmBlock, type EvmBlock, encodeEvmBlock } from './evmBlock.ts'
import { blockKey, blockNumberKey, bodyKey, metaKey, receiptsKey, transactionKey } from './keys.ts'
import { logIndexWrites } from './logIndex.ts'
import { decodeReceipts, encodeReceipts, type ReceiptRecord } from './receipts.ts'
import { RecordReader } from './recordReader.ts'
import { decodeRlp, encodeRlp, uintToRlp } from './rlp.ts'
import type { StoreReader } from './versionedStore.ts'

/** A transaction of a block as it is kept: what a decoder needs to skip the recovery. */
export interface BodyEntry {
  readonly bytes: Uint8Array
  readonly sender: Address
  readonly hash: Hash
}

/** Where the chain stands: its last block, and the base fee that each lane's next block has. */
export interface EvmHead {
  readonly block: EvmBlock
  readonly baseFees: readonly bigint[]
}

const NUMBER_BYTES = 8

/** Everything that is kept of a block, and the head that it makes. */
export function archiveWrites(
  head: EvmHead,
  body: readonly BodyEntry[],
  receipts: readonly ReceiptRecord[],
): Write[] {
  const { block, baseFees } = head
  const { number } = block.header
  const writes: Write[] = [
    [blockKey(number), encodeEvmBlock(block)],
    [blockNumberKey(block.hash), uintToBytes(number, NUMBER_BYTES)],
  ]
  if (body.length > 0) {
    writes.push([bodyKey(number), encodeRlp(body.map(({ bytes, sender }) => [bytes, sender]))])
    writes.push([receiptsKey(number), encodeReceipts(receipts)])
  }
  for (const [index, { hash }] of body.entries()) {
    const place = concatBytes(uintToBytes(number, NUMBER_BYTES), uintToBytes(index, 4))
    writes.push([transactionKey(hash), place])
  }
  writes.push(...logIndexWrites(number, receipts))
  writes.push([metaKey('head'), encodeRlp([uintToRlp(number), baseFees.map(uintToRlp)])])
  return writes
}

/** The chain of EVM blocks as one version of the store has it. */
export class BlockArchive {
  readonly #store: StoreReader

  constructor(store: StoreReader) {
    this.#store = store
  }

  head(): EvmHead | undefined {
    const value = this.#store.read(metaKey('head'))
    if (value === undefined) return undefined
    const record = new RecordReader(decodeRlp(value, 2))
    const block = this.block(record.uint())
    const fees = record.list()
    const baseFees: bigint[] = []
    while (!fees.done) baseFees.push(fees.uint())
    return block === undefined ? undefined : { block, baseFees }
  }

  /** Number of the first block that is kept whole; before it a restored state has a few records without bodies. */
  oldestBlock(): bigint {
    const value = this.#store.read(metaKey('oldestBlock'))
    return value === undefined ? 0n : bytesToUint(value)
  }

  block(number: bigint): EvmBlock | undefined {
    const value = this.#store.read(blockKey(number))
    return value === undefined ? undefined : decodeEvmBlock(value)
  }

  /** Hash of a block by its record, or by what the next one names as its parent. */
  hashOf(number: bigint): Hash | undefined {
    return this.block(number)?.hash ?? this.block(number + 1n)?.header.parentHash
  }

  numberOf(blockHash: Hash): bigint | undefined {
    const value = this.#store.read(blockNumberKey(blockHash))
    return value === undefined ? undefined : bytesToUint(value)
  }

  placeOf(transactionHash: Hash): { readonly number: bigint; readonly index: number } | undefined {
    const value = this.#store.read(transactionKey(transactionHash))
    if (value === undefined) return undefined
    return {
      number: bytesToUint(value.subarray(0, NUMBER_BYTES)),
      index: Number(bytesToUint(value.subarray(NUMBER_BYTES))),
    }
  }

  body({ header, transactionHashes }: EvmBlock): BodyEntry[] {
    const value = this.#store.read(bodyKey(header.number))
    if (value === undefined) return []
    const records = new RecordReader(decodeRlp(value, 2))
    return transactionHashes.map((hash) => {
      const record = records.list()
      return { bytes: record.bytes(), sender: record.bytes(), hash }
    })
  }

  receipts({ header }: EvmBlock): ReceiptRecord[] {
    const value = this.#store.read(receiptsKey(header.number))
    return value === undefined ? [] : decodeReceipts(value)
  }
}
