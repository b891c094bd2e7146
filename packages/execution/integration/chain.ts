import { addressOf, signDigest } from '@openliquid/crypto'
import {
  type Action,
  type ActionEnvelope,
  type Address,
  actionDigest,
  actionEnvelopeCodec,
  type Block,
  type BlockContext,
  type BlockHeader,
  blockHash,
  bytesToHex,
  concatBytes,
  encodeAction,
  type Genesis,
  type Hash,
  keccak256,
  type Payload,
  payloadRoot,
  TRANSACTION_KIND,
  type Transaction,
  uintToBytes,
  utf8ToBytes,
} from '@openliquid/primitives'
import { sampleGenesis } from '@openliquid/primitives/testing'
import type { Application, BlockResult } from '../src/index.ts'

/** A funded user of the test chain. */
export interface User {
  readonly key: Uint8Array
  readonly address: Address
}

function user(seed: number): User {
  const key = new Uint8Array(32).fill(seed)
  return { key, address: addressOf(key) }
}

export const alice: User = user(1)
export const bob: User = user(2)
/** Has an account on the EVM only. */
export const stranger: User = user(3)

/** A contract of the genesis: stores the oracle price of perp 0 in slot 0, then passes its calldata to CoreWriter. */
export const trader: Address = new Uint8Array(20).fill(0xcc)

const CORE_WRITER = '33'.repeat(20)

const TRADER_CODE = [
  '6020',
  '5f',
  '6020',
  '5f',
  '610807',
  '5a',
  'fa',
  '50', // staticcall(0x0807, 32 zero bytes)
  '5f',
  '51',
  '5f',
  '55', // slot 0 = answer
  '36',
  '5f',
  '5f',
  '37', // memory = calldata
  '5f',
  '5f',
  '36',
  '5f',
  '5f',
  `73${CORE_WRITER}`,
  '5a',
  'f1', // call(CoreWriter, memory)
  '6036',
  '57',
  '5f',
  '5f',
  'fd', // revert unless it succeeded
  '5b',
  '00',
].join('')

const GENESIS_MS = 1_700_000_000_000

/** Two users with money on both sides, and the contract with money on the exchange. */
export function testGenesis(changes: Partial<Genesis['evm']> = {}): Genesis {
  const sample = sampleGenesis()
  const rich = { balance: '10000000000000000000000' }
  return sampleGenesis({
    genesisTimeMs: GENESIS_MS,
    core: {
      ...sample.core,
      balances: [alice.address, bob.address, trader].map((address) => ({
        address: bytesToHex(address),
        spot: { USDC: '1000000', PURR: '1000000' },
        perp: '1000000',
      })),
    },
    evm: {
      ...sample.evm,
      alloc: {
        [bytesToHex(alice.address)]: rich,
        [bytesToHex(bob.address)]: rich,
        [bytesToHex(stranger.address)]: rich,
        [bytesToHex(trader)]: { balance: '0', code: `0x${TRADER_CODE}` },
      },
      ...changes,
    },
  })
}

/** Signs an action of the exchange. */
export function actionOf(
  { key }: User,
  action: Action,
  nonce: number,
  network: Genesis['network'] = 'Testnet',
): Transaction {
  const unsigned: ActionEnvelope = {
    action: encodeAction(action),
    nonce,
    signature: { r: new Uint8Array(32), s: new Uint8Array(32), v: 27 },
  }
  const signature = signDigest(key, actionDigest(unsigned, network))
  const bytes = actionEnvelopeCodec.encode({ ...unsigned, signature })
  return { kind: TRANSACTION_KIND.action, bytes }
}

export function limitOrder(order: {
  readonly isBuy: boolean
  readonly px: string
  readonly sz: string
  readonly tif?: 'Gtc' | 'Ioc' | 'Alo'
}): Action {
  const { isBuy, px, sz, tif = 'Gtc' } = order
  const wire = { a: 0, b: isBuy, p: px, s: sz, r: false, t: { limit: { tif } } }
  return { type: 'order', orders: [wire], grouping: 'na' }
}

/** Signs a legacy Ethereum transaction (EIP-155). */
export function evmTransactionOf(
  { key }: User,
  fields: {
    readonly nonce: number
    /** Absent: creates a contract of the data. */
    readonly to?: Address
    readonly value?: bigint
    readonly data?: Uint8Array
    readonly gasLimit?: number
    readonly gasPriceGwei?: number
    readonly chainId?: number
  },
): Transaction {
  const { nonce, to = new Uint8Array(0), value = 0n, data = new Uint8Array(0) } = fields
  const { gasLimit = 21_000, gasPriceGwei = 10, chainId = 1998 } = fields
  const body = [
    quantity(nonce),
    quantity(BigInt(gasPriceGwei) * 1_000_000_000n),
    quantity(gasLimit),
    to,
    quantity(value),
    data,
  ]
  const digest = keccak256(rlp([...body, quantity(chainId), quantity(0), quantity(0)]))
  const { r, s, v } = signDigest(key, digest)
  const signature = [quantity(chainId * 2 + 8 + v), stripZeros(r), stripZeros(s)]
  return { kind: TRANSACTION_KIND.evm, bytes: rlp([...body, ...signature]) }
}

/** Calldata of CoreWriter's `sendRawAction(bytes)` with a limit order; docs/spec/hyperliquid.md §12. */
export function coreWriterOrder(order: {
  readonly isBuy: boolean
  readonly px: bigint
  readonly size: bigint
}): Uint8Array {
  const words = [0n, order.isBuy ? 1n : 0n, order.px, order.size, 0n, 2n, 0n]
  const action = concatBytes(
    Uint8Array.of(1, 0, 0, 1),
    ...words.map((word) => uintToBytes(word, 32)),
  )
  const selector = keccak256(utf8ToBytes('sendRawAction(bytes)')).slice(0, 4)
  const padding = new Uint8Array((32 - (action.length % 32)) % 32)
  return concatBytes(selector, uintToBytes(32, 32), uintToBytes(action.length, 32), action, padding)
}

/** A block on the head of an application, as a commit would bring it. */
export function nextBlock(
  application: Application,
  transactions: readonly Transaction[],
  afterMs: number = 100,
): Block {
  const { height, blockHash: parentHash, timestampMs } = application.head
  const parent = application.blocks.headerAt(height)!
  const payload: Payload = {
    actions: transactions.filter(({ kind }) => kind === 0).map(({ bytes }) => bytes),
    evm: transactions.filter(({ kind }) => kind === 1).map(({ bytes }) => bytes),
    evidence: [],
  }
  const header: BlockHeader = {
    ...parent,
    view: parent.view + 1n,
    height: height + 1n,
    parentHash,
    qc: { ...parent.qc, view: parent.view, blockHash: parentHash },
    timestampMs: timestampMs + afterMs,
    payloadRoot: payloadRoot(payload),
    executedHeight: height,
    stateRoot: application.head.stateRoot,
  }
  return { header, payload }
}

export function contextOf(application: Application, { header }: Block): BlockContext {
  return {
    height: header.height,
    epoch: header.epoch,
    view: header.view,
    timestampMs: header.timestampMs,
    proposer: header.proposer,
    blockHash: blockHash(header),
    parentHash: header.parentHash,
    parentTimestampMs: application.head.timestampMs,
    parentSigners: [0],
    missedSlots: [],
    misbehavior: [],
  }
}

/** Executes a block as the node does. */
export function apply(application: Application, block: Block): Promise<BlockResult> {
  const { header, payload } = block
  return application.applyBlock(contextOf(application, block), payload, { header })
}

/** Puts transactions into the next block and executes it. */
export function run(
  application: Application,
  transactions: readonly Transaction[],
  afterMs?: number,
): Promise<BlockResult> {
  return apply(application, nextBlock(application, transactions, afterMs))
}

export function evmHashOf({ bytes }: Transaction): Hash {
  return keccak256(bytes)
}

function quantity(value: bigint | number): Uint8Array {
  return stripZeros(uintToBytes(value, 32))
}

function stripZeros(bytes: Uint8Array): Uint8Array {
  const start = bytes.findIndex((byte) => byte !== 0)
  return start < 0 ? new Uint8Array(0) : bytes.slice(start)
}

function rlp(items: readonly Uint8Array[]): Uint8Array {
  const body = concatBytes(...items.map((item) => concatBytes(rlpHead(item, 0x80), item)))
  return concatBytes(rlpHead(body, 0xc0), body)
}

function rlpHead(bytes: Uint8Array, offset: number): Uint8Array {
  const { length } = bytes
  if (offset === 0x80 && length === 1 && (bytes[0] as number) < 0x80) return new Uint8Array(0)
  if (length < 56) return Uint8Array.of(offset + length)
  const size = quantity(length)
  return concatBytes(Uint8Array.of(offset + 55 + size.length), size)
}
