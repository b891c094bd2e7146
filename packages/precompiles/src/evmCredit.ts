import {
  type Address,
  bytesToHex,
  bytesToUint,
  concatBytes,
  type EvmLink,
  type EvmTransferCall,
  equalBytes,
  type Hash,
  keccak256,
  uintToBytes,
  utf8ToBytes,
} from '@openliquid/primitives'
import { readWord, WORD_BYTES } from './abi.ts'

/** A log of the EVM, as far as it can be a transfer to the Core. */
export interface BridgeLog {
  readonly address: Address
  readonly topics: readonly Hash[]
  readonly data: Uint8Array
}

/** What a log moves to the Core. */
export interface DecodedCredit {
  readonly user: Address
  readonly token: number
  /** Wei of the EVM. */
  readonly amount: bigint
}

/** First topic of `Received(address indexed user, uint256 amount)`. */
// biome-ignore format: a hash reads best in few lines.
export const RECEIVED_TOPIC: Hash = Uint8Array.of(
  0x88, 0xa5, 0x96, 0x6d, 0x37, 0x0b, 0x99, 0x19, 0xb2, 0x0f, 0x3e, 0x2c, 0x13, 0xff, 0x65, 0x70,
  0x6f, 0x19, 0x6a, 0x4e, 0x32, 0xcc, 0x2c, 0x12, 0xbf, 0x57, 0x08, 0x8f, 0x88, 0x52, 0x58, 0x74,
)
/** First topic of `Transfer(address indexed from, address indexed to, uint256 value)`. */
// biome-ignore format: a hash reads best in few lines.
export const TRANSFER_TOPIC: Hash = Uint8Array.of(
  0xdd, 0xf2, 0x52, 0xad, 0x1b, 0xe2, 0xc8, 0x9b, 0x69, 0xc2, 0xb0, 0x68, 0xfc, 0x37, 0x8d, 0xaa,
  0x95, 0x2b, 0xa7, 0xf1, 0x63, 0xc4, 0xa1, 0x16, 0x28, 0xf5, 0x5a, 0x4d, 0xf5, 0x23, 0xb3, 0xef,
)
/** `transfer(address,uint256)`. */
const TRANSFER_SELECTOR = Uint8Array.of(0xa9, 0x05, 0x9c, 0xbb)

const CORE_RECEIVE_SELECTOR: Uint8Array = keccak256(
  utf8ToBytes('coreReceiveWithData(address,bytes32,uint32,uint256,uint64,bytes)'),
).slice(0, 4)
/** Parameters in front of the bytes. */
const CORE_RECEIVE_WORDS = 6

/** The links of a chain, found by the address that a log comes from. */
export class EvmLinks {
  readonly #byAddress: ReadonlyMap<string, EvmLink>

  constructor(links: readonly EvmLink[]) {
    this.#byAddress = new Map(
      links.map((link) => [bytesToHex(link.contract ?? link.systemAddress), link]),
    )
  }

  /**
   * What a log credits on the Core: value that the native system address received, or a linked token that was
   * transferred to its system address. A token that is minted there, or moved by that address itself, comes from nobody.
   *
   * @see docs/spec/hyperliquid.md §13
   */
  decode({ address, topics, data }: BridgeLog): DecodedCredit | undefined {
    const link = this.#byAddress.get(bytesToHex(address))
    if (link === undefined || data.length !== WORD_BYTES) return undefined
    const [topic, first, second] = topics
    const isNative = link.contract === undefined
    if (topic === undefined || !equalBytes(topic, isNative ? RECEIVED_TOPIC : TRANSFER_TOPIC)) {
      return undefined
    }
    if (topics.length !== (isNative ? 2 : 3)) return undefined
    const user = addressOf(first)
    if (user === undefined || user.every((byte) => byte === 0)) return undefined
    if (equalBytes(user, link.systemAddress)) return undefined
    if (!isNative) {
      const to = addressOf(second)
      if (to === undefined || !equalBytes(to, link.systemAddress)) return undefined
    }
    return { user, token: link.token, amount: bytesToUint(data) }
  }
}

/** Calldata by which a system address hands out a linked token. */
export function tokenTransferData(recipient: Address, amount: bigint): Uint8Array {
  const data = new Uint8Array(TRANSFER_SELECTOR.length + 2 * WORD_BYTES)
  data.set(TRANSFER_SELECTOR)
  data.set(recipient, TRANSFER_SELECTOR.length + 12)
  data.set(uintToBytes(amount, WORD_BYTES), TRANSFER_SELECTOR.length + WORD_BYTES)
  return data
}

/** Calldata by which a system address tells a linked contract of tokens that come with data; §13. */
export function coreReceiveData(
  from: Address,
  amount: bigint,
  { destinationRecipient, destinationChainId, nonce, data }: EvmTransferCall,
): Uint8Array {
  const tail = new Uint8Array(Math.ceil(data.length / WORD_BYTES) * WORD_BYTES)
  tail.set(data)
  const word = (value: number | bigint): Uint8Array => uintToBytes(value, WORD_BYTES)
  return concatBytes(
    CORE_RECEIVE_SELECTOR,
    new Uint8Array(WORD_BYTES - from.length),
    from,
    destinationRecipient,
    word(destinationChainId),
    word(amount),
    word(nonce),
    word(CORE_RECEIVE_WORDS * WORD_BYTES),
    word(data.length),
    tail,
  )
}

function addressOf(topic: Hash | undefined): Address | undefined {
  const value = topic === undefined ? undefined : readWord(topic, 0, 'address')
  return value instanceof Uint8Array ? value : undefined
}
