import { type Address, concatBytes, type Hash, type Height } from '@openliquid/primitives'
import { keccak256 } from './keccak.ts'
import { RecordReader } from './recordReader.ts'
import { decodeRlp, encodeRlp, type RlpItem, rlpListSize, uintToRlp } from './rlp.ts'
import { EMPTY_TRIE_ROOT } from './trie.ts'

/** Header of an EVM block, in the order and with the meaning that Cancun gives it. */
export interface EvmBlockHeader {
  readonly parentHash: Hash
  readonly ommersHash: Hash
  readonly coinbase: Address
  readonly stateRoot: Hash
  readonly transactionsRoot: Hash
  readonly receiptsRoot: Hash
  /** 256 bytes. */
  readonly logsBloom: Uint8Array
  readonly difficulty: bigint
  readonly number: bigint
  readonly gasLimit: bigint
  readonly gasUsed: bigint
  /** Whole seconds. */
  readonly timestamp: bigint
  readonly extraData: Uint8Array
  readonly prevRandao: Hash
  /** 8 bytes. */
  readonly nonce: Uint8Array
  readonly baseFeePerGas: bigint
  readonly withdrawalsRoot: Hash
  readonly blobGasUsed: bigint
  readonly excessBlobGas: bigint
  /** The hash of the parent of the block that this EVM block is part of. */
  readonly parentBeaconBlockRoot: Hash
}

/** An EVM block: derived by every node from one committed block, with numbers and hashes of its own. */
export interface EvmBlock {
  readonly hash: Hash
  readonly header: EvmBlockHeader
  /** Height of the committed block it belongs to; 0 for genesis. */
  readonly height: Height
  readonly lane: number
  readonly transactionHashes: readonly Hash[]
  /** Bytes of the RLP form of header and transactions. */
  readonly size: number
}

/** Ommers hash of every block: there are none. */
export const NO_OMMERS_HASH: Hash = keccak256(encodeRlp([]))
/** Mixed-in values that this chain fixes; docs/spec/hyperliquid.md §14. */
const NONCE_BYTES = 8
const HASH_BYTES = 32

/** What differs from block to block; the rest of a header is fixed. */
export type EvmBlockFields = Pick<
  EvmBlockHeader,
  | 'parentHash'
  | 'stateRoot'
  | 'transactionsRoot'
  | 'receiptsRoot'
  | 'logsBloom'
  | 'number'
  | 'gasLimit'
  | 'gasUsed'
  | 'timestamp'
  | 'baseFeePerGas'
  | 'parentBeaconBlockRoot'
> &
  /** Of blocks that are only simulated. */
  Partial<Pick<EvmBlockHeader, 'coinbase' | 'prevRandao'>>

/** A header with the values that this chain fixes: nobody mines, nothing is random, no blobs, no withdrawals. */
export function evmBlockHeader(fields: EvmBlockFields): EvmBlockHeader {
  return {
    coinbase: new Uint8Array(20),
    prevRandao: new Uint8Array(HASH_BYTES),
    ...fields,
    ommersHash: NO_OMMERS_HASH,
    difficulty: 0n,
    extraData: new Uint8Array(0),
    nonce: new Uint8Array(NONCE_BYTES),
    withdrawalsRoot: EMPTY_TRIE_ROOT,
    blobGasUsed: 0n,
    excessBlobGas: 0n,
  }
}

/** keccak-256 of the RLP of the header, as any Ethereum tool computes it. */
export function evmBlockHash(header: EvmBlockHeader): Hash {
  return keccak256(encodeRlp(headerItems(header)))
}

/**
 * Bytes of the block as Ethereum peers would exchange it: header, transactions, no ommers, no withdrawals.
 *
 * @param transactionBytes - bytes of the encoded transactions together
 */
export function evmBlockSize(header: EvmBlockHeader, transactionBytes: number): number {
  const headerBytes = encodeRlp(headerItems(header)).length
  return rlpListSize(headerBytes + rlpListSize(transactionBytes) + 2 * rlpListSize(0))
}

/** Value in the block table. */
export function encodeEvmBlock(block: EvmBlock): Uint8Array {
  const { header, height, lane, transactionHashes, size } = block
  return encodeRlp([
    headerItems(header),
    uintToRlp(height),
    uintToRlp(BigInt(lane)),
    concatBytes(...transactionHashes),
    uintToRlp(BigInt(size)),
  ])
}

/** Reads what `encodeEvmBlock` wrote. */
export function decodeEvmBlock(bytes: Uint8Array): EvmBlock {
  const record = new RecordReader(decodeRlp(bytes, 2))
  const header = decodeHeader(record.list())
  const height = record.uint()
  const lane = Number(record.uint())
  const hashes = record.bytes()
  const size = Number(record.uint())
  const transactionHashes: Hash[] = []
  for (let at = 0; at < hashes.length; at += HASH_BYTES) {
    transactionHashes.push(hashes.slice(at, at + HASH_BYTES))
  }
  return { hash: evmBlockHash(header), header, height, lane, transactionHashes, size }
}

function headerItems(header: EvmBlockHeader): RlpItem[] {
  return [
    header.parentHash,
    header.ommersHash,
    header.coinbase,
    header.stateRoot,
    header.transactionsRoot,
    header.receiptsRoot,
    header.logsBloom,
    uintToRlp(header.difficulty),
    uintToRlp(header.number),
    uintToRlp(header.gasLimit),
    uintToRlp(header.gasUsed),
    uintToRlp(header.timestamp),
    header.extraData,
    header.prevRandao,
    header.nonce,
    uintToRlp(header.baseFeePerGas),
    header.withdrawalsRoot,
    uintToRlp(header.blobGasUsed),
    uintToRlp(header.excessBlobGas),
    header.parentBeaconBlockRoot,
  ]
}

function decodeHeader(record: RecordReader): EvmBlockHeader {
  // In the order of `headerItems`: object literals evaluate from top to bottom.
  return {
    parentHash: record.bytes(),
    ommersHash: record.bytes(),
    coinbase: record.bytes(),
    stateRoot: record.bytes(),
    transactionsRoot: record.bytes(),
    receiptsRoot: record.bytes(),
    logsBloom: record.bytes(),
    difficulty: record.uint(),
    number: record.uint(),
    gasLimit: record.uint(),
    gasUsed: record.uint(),
    timestamp: record.uint(),
    extraData: record.bytes(),
    prevRandao: record.bytes(),
    nonce: record.bytes(),
    baseFeePerGas: record.uint(),
    withdrawalsRoot: record.bytes(),
    blobGasUsed: record.uint(),
    excessBlobGas: record.uint(),
    parentBeaconBlockRoot: record.bytes(),
  }
}
