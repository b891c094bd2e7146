import { recoverPublicKey } from '@openliquid/crypto'
import { type Address, concatBytes, type Hash, TRANSACTION_BYTES_MAX } from '@openliquid/primitives'
import { EvmTransactionError, type EvmTransactionFault } from './errors.ts'
import { intrinsicGas } from './gas.ts'
import { keccak256 } from './keccak.ts'
import { INIT_CODE_BYTES_MAX, TRANSACTION_RLP_DEPTH_MAX } from './limits.ts'
import { decodeRlp, encodeRlp, isRlpList, type RlpItem, rlpToUint, uintToRlp } from './rlp.ts'
import { wordBytes } from './word.ts'

/** One entry of an EIP-2930 access list. Slots are 32 bytes. */
export interface AccessListEntry {
  readonly address: Address
  readonly storageKeys: readonly Uint8Array[]
}

/** A signed Ethereum transaction of this chain, read and checked. All amounts are in wei. */
export interface EvmTransaction {
  /** 0 legacy, 1 EIP-2930, 2 EIP-1559. */
  readonly type: 0 | 1 | 2
  /** keccak-256 of the raw bytes: the hash that Ethereum tools show. */
  readonly hash: Hash
  readonly sender: Address
  readonly chainId: bigint
  readonly nonce: bigint
  readonly gasLimit: bigint
  /** Absent: creates a contract. */
  readonly to?: Address
  readonly value: bigint
  readonly data: Uint8Array
  /** For types 0 and 1 the gas price. */
  readonly maxFeePerGas: bigint
  /** For types 0 and 1 the gas price. */
  readonly maxPriorityFeePerGas: bigint
  readonly accessList: readonly AccessListEntry[]
  readonly yParity: 0 | 1
  /** As it stands in the bytes: chain id × 2 + 35 + parity for type 0, the parity otherwise. */
  readonly v: bigint
  readonly r: bigint
  readonly s: bigint
  readonly bytes: Uint8Array
}

/** Fields of each type in their order on the wire. The last three are the signature. */
export const TRANSACTION_LAYOUTS = {
  0: ['nonce', 'gasPrice', 'gasLimit', 'to', 'value', 'data', 'v', 'r', 's'],
  1: [
    'chainId',
    'nonce',
    'gasPrice',
    'gasLimit',
    'to',
    'value',
    'data',
    'accessList',
    'v',
    'r',
    's',
  ],
  2: [
    'chainId',
    'nonce',
    'maxPriorityFeePerGas',
    'maxFeePerGas',
    'gasLimit',
    'to',
    'value',
    'data',
    'accessList',
    'v',
    'r',
    's',
  ],
} as const

type FieldName = (typeof TRANSACTION_LAYOUTS)[0 | 1 | 2][number]
type Fields = ReadonlyMap<FieldName, RlpItem>

const SIGNATURE_FIELDS = 3
const UINT256_MAX = (1n << 256n) - 1n
/** EIP-2681: the greatest nonce cannot be used, since it could not be counted up. */
const NONCE_MAX = (1n << 64n) - 2n
const CURVE_ORDER =
  0xffff_ffff_ffff_ffff_ffff_ffff_ffff_fffe_baae_dce6_af48_a03b_bfd2_5e8c_d036_4141n

/**
 * Reads a raw signed transaction, checks everything that the bytes alone decide, and recovers its sender.
 *
 * Types 0, 1 and 2 for this chain; canonical RLP; low s; enough gas for what is charged before the first instruction.
 *
 * @throws {EvmTransactionError} with the first thing that is wrong
 * @see docs/spec/evm.md §8, §9
 */
export function decodeEvmTransaction(bytes: Uint8Array, chainId: number): EvmTransaction {
  return readTransaction(bytes, chainId, undefined)
}

/**
 * `decodeEvmTransaction` for bytes whose sender was recovered before: the same checks but the recovery.
 *
 * @throws {EvmTransactionError} with the first thing that is wrong
 */
export function decodeKnownTransaction(
  bytes: Uint8Array,
  chainId: number,
  known: { readonly sender: Address; readonly hash: Hash },
): EvmTransaction {
  return readTransaction(bytes, chainId, known)
}

function readTransaction(
  bytes: Uint8Array,
  chainId: number,
  known: { readonly sender: Address; readonly hash: Hash } | undefined,
): EvmTransaction {
  const { type, fields, items } = readFields(bytes)
  const r = uintField(fields, 'r', 32)
  const s = uintField(fields, 's', 32)
  const v = uintField(fields, 'v', 32)
  const signature = type === 0 ? legacySignature(v) : typedSignature(v, fields)
  if (signature.chainId !== BigInt(chainId)) {
    const expected = BigInt(chainId)
    throw refuse(`signed for chain ${signature.chainId}, this is ${chainId}`, {
      code: 'OL_EVM_TX_CHAIN_ID',
      chainId: signature.chainId,
      expected,
    })
  }
  const message = readMessage(type, fields)
  checkMessage(message)
  const { yParity } = signature
  checkSignature(r, s)
  const unsigned = items.slice(0, -SIGNATURE_FIELDS)
  const sender =
    known?.sender ??
    recoverSender(signingHash(type, unsigned, signature.chainId), { r, s, yParity })
  return {
    type,
    hash: known?.hash ?? keccak256(bytes),
    sender,
    chainId: BigInt(chainId),
    ...message,
    yParity,
    v,
    r,
    s,
    bytes,
  }
}

type Message = Omit<
  EvmTransaction,
  'type' | 'hash' | 'sender' | 'chainId' | 'yParity' | 'v' | 'r' | 's' | 'bytes'
>

function readFields(bytes: Uint8Array): {
  readonly type: 0 | 1 | 2
  readonly fields: Fields
  readonly items: readonly RlpItem[]
} {
  if (bytes.length > TRANSACTION_BYTES_MAX) {
    throw refuse(`${bytes.length} bytes, at most ${TRANSACTION_BYTES_MAX} are allowed`, {
      code: 'OL_EVM_TX_SIZE',
      size: bytes.length,
      max: TRANSACTION_BYTES_MAX,
    })
  }
  const first = bytes[0]
  if (first === undefined) throw malformed('no bytes')
  // EIP-2718: a list prefix starts a legacy transaction, a byte up to 0x7f is a type.
  const type = first >= 0xc0 ? 0 : first
  if (type > 0x7f) throw malformed('starts neither as a list nor as a type')
  if ((type !== 0 && type !== 1 && type !== 2) || first === 0) {
    throw refuse(`type ${type} is not accepted, only 0, 1 and 2 are`, {
      code: 'OL_EVM_TX_TYPE',
      type,
    })
  }
  const items = decodeRlp(type === 0 ? bytes : bytes.subarray(1), TRANSACTION_RLP_DEPTH_MAX)
  const names: readonly FieldName[] = TRANSACTION_LAYOUTS[type]
  if (!isRlpList(items)) throw malformed('not one canonical RLP list')
  if (items.length !== names.length) {
    throw malformed(`${items.length} fields where type ${type} has ${names.length}`)
  }
  const fields = new Map(names.map((name, index) => [name, items[index] as RlpItem]))
  return { type, fields, items }
}

function readMessage(type: 0 | 1 | 2, fields: Fields): Message {
  const price = type === 2 ? 'maxFeePerGas' : 'gasPrice'
  const tip = type === 2 ? 'maxPriorityFeePerGas' : 'gasPrice'
  const to = bytesField(fields, 'to')
  if (to.length !== 0 && to.length !== 20) throw malformed('to is neither empty nor an address')
  return {
    nonce: uintField(fields, 'nonce', 8),
    gasLimit: uintField(fields, 'gasLimit', 8),
    ...(to.length === 0 ? {} : { to }),
    value: uintField(fields, 'value', 32),
    data: bytesField(fields, 'data'),
    maxFeePerGas: uintField(fields, price, 32),
    maxPriorityFeePerGas: uintField(fields, tip, 32),
    accessList: type === 0 ? [] : readAccessList(fields.get('accessList')),
  }
}

function checkMessage(message: Message): void {
  const { gasLimit, maxFeePerGas, maxPriorityFeePerGas, nonce, to, data, value } = message
  if (nonce > NONCE_MAX) throw malformed('nonce above 2^64 - 2')
  if (maxPriorityFeePerGas > maxFeePerGas) {
    const reason = 'max priority fee per gas higher than max fee per gas'
    throw refuse(reason, { code: 'OL_EVM_TX_FEES', reason })
  }
  if (gasLimit * maxFeePerGas + value > UINT256_MAX) {
    const reason = 'gas * price + value leaves 256 bits'
    throw refuse(reason, { code: 'OL_EVM_TX_FEES', reason })
  }
  if (to === undefined && data.length > INIT_CODE_BYTES_MAX) {
    throw refuse(`init code of ${data.length} bytes, at most ${INIT_CODE_BYTES_MAX} are allowed`, {
      code: 'OL_EVM_TX_INIT_CODE',
      size: data.length,
      max: INIT_CODE_BYTES_MAX,
    })
  }
  const required = intrinsicGas(message)
  if (gasLimit < required) {
    throw refuse(`intrinsic gas too low: ${gasLimit} of the ${required} that are due`, {
      code: 'OL_EVM_TX_INTRINSIC_GAS',
      gasLimit,
      required,
    })
  }
}

interface SignatureScope {
  readonly chainId: bigint
  readonly yParity: 0 | 1
}

/** EIP-155: v is chain id × 2 + 35 + parity. */
function legacySignature(v: bigint): SignatureScope {
  if (v === 27n || v === 28n) {
    throw refuse('signed without a chain id, so it could be replayed here from elsewhere', {
      code: 'OL_EVM_TX_UNPROTECTED',
    })
  }
  if (v < 35n) throw badSignature('v is not of EIP-155')
  return { chainId: (v - 35n) / 2n, yParity: (v - 35n) % 2n === 0n ? 0 : 1 }
}

function typedSignature(v: bigint, fields: Fields): SignatureScope {
  if (v > 1n) throw badSignature('y parity is neither 0 nor 1')
  return { chainId: uintField(fields, 'chainId', 8), yParity: v === 0n ? 0 : 1 }
}

function signingHash(type: number, unsigned: readonly RlpItem[], chainId: bigint): Hash {
  if (type !== 0) return keccak256(concatBytes(Uint8Array.of(type), encodeRlp(unsigned)))
  const nothing = uintToRlp(0n)
  return keccak256(encodeRlp([...unsigned, uintToRlp(chainId), nothing, nothing]))
}

function checkSignature(r: bigint, s: bigint): void {
  if (r === 0n || r >= CURVE_ORDER || s === 0n) throw badSignature('r or s is outside of the curve')
  // EIP-2: with a high s everyone could make a second signature, and so a second hash, of the same transaction.
  if (s > CURVE_ORDER / 2n) throw badSignature('s is in the upper half')
}

function recoverSender(
  digest: Hash,
  { r, s, yParity }: { readonly r: bigint; readonly s: bigint; readonly yParity: 0 | 1 },
): Address {
  const publicKey = recoverPublicKey(digest, {
    r: wordBytes(r),
    s: wordBytes(s),
    v: 27 + yParity,
  })
  if (publicKey === undefined) throw badSignature('no key made it')
  return keccak256(publicKey).slice(12)
}

function readAccessList(item: RlpItem | undefined): AccessListEntry[] {
  if (!isRlpList(item)) throw malformed('the access list is not a list')
  return item.map((entry) => {
    const [address, keys] = isRlpList(entry) && entry.length === 2 ? entry : []
    if (!(address instanceof Uint8Array) || address.length !== 20 || !isRlpList(keys)) {
      throw malformed('an entry of the access list is not an address with its keys')
    }
    return { address, storageKeys: keys.map(readStorageKey) }
  })
}

function readStorageKey(key: RlpItem): Uint8Array {
  if (!(key instanceof Uint8Array) || key.length !== 32) {
    throw malformed('a storage key of the access list is not of 32 bytes')
  }
  return key
}

function uintField(fields: Fields, name: FieldName, bytesMax: number): bigint {
  const value = rlpToUint(fields.get(name), bytesMax)
  if (value === undefined) throw malformed(`${name} is not an integer of ${bytesMax} bytes`)
  return value
}

function bytesField(fields: Fields, name: FieldName): Uint8Array {
  const value = fields.get(name)
  if (!(value instanceof Uint8Array)) throw malformed(`${name} is not a byte string`)
  return value
}

function malformed(reason: string): EvmTransactionError {
  return refuse(`not a transaction: ${reason}`, { code: 'OL_EVM_TX_MALFORMED', reason })
}

function badSignature(reason: string): EvmTransactionError {
  return refuse(`invalid signature: ${reason}`, { code: 'OL_EVM_TX_SIGNATURE', reason })
}

function refuse(message: string, fault: EvmTransactionFault): EvmTransactionError {
  return new EvmTransactionError(message, fault)
}
