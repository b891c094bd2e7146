import { recoverAddress } from '@openliquid/crypto'
import { decodeEvmTransaction, type EvmTransaction } from '@openliquid/evm'
import {
  type Action,
  type ActionEnvelope,
  type Address,
  actionEnvelopeCodec,
  bytesToHex,
  decodeAction,
  decodedActionDigest,
  type Genesis,
  type Hex,
  multiSigPayloadDigest,
  type RecoveredTransaction,
  signatureOf,
  TRANSACTION_KIND,
  type TransactionKind,
  transactionId,
} from '@openliquid/primitives'
import { TransactionError } from './errors.ts'
import { READ_TRANSACTION_BYTES_MAX, READ_TRANSACTIONS_MAX } from './limits.ts'

/** A transaction whose bytes and signature are right. What depends on state was not looked at. */
export type ReadTransaction = ReadAction | ReadEvmTransaction

export interface ReadAction extends RecoveredTransaction {
  readonly kind: typeof TRANSACTION_KIND.action
  /** txId in hex: a key for maps. */
  readonly key: Hex
  readonly envelope: ActionEnvelope
  readonly action: Action
  /** Of a `multiSig`: who made the signatures inside, in their order. */
  readonly innerSigners?: readonly Address[]
}

export interface ReadEvmTransaction extends RecoveredTransaction {
  readonly kind: typeof TRANSACTION_KIND.evm
  readonly key: Hex
  readonly transaction: EvmTransaction
}

/**
 * Reads transactions of both kinds and recovers who signed them, once for each: what admission has read, the check of
 * a proposal and the execution find again.
 */
export class TransactionReader {
  readonly #chainId: number
  readonly #network: Genesis['network']
  readonly #read = new Map<Hex, ReadTransaction>()
  #readBytes = 0

  constructor({ chainId, network }: Pick<Genesis, 'chainId' | 'network'>) {
    this.#chainId = chainId
    this.#network = network
  }

  /**
   * @throws {DecodeError} malformed or not canonical
   * @throws {EvmTransactionError} not an Ethereum transaction of this chain
   * @throws {TransactionError} OL_TRANSACTION_SIGNATURE
   */
  read(kind: TransactionKind, bytes: Uint8Array): ReadTransaction {
    return kind === TRANSACTION_KIND.action ? this.readAction(bytes) : this.readEvm(bytes)
  }

  /** @see read */
  readAction(bytes: Uint8Array): ReadAction {
    const txId = transactionId(TRANSACTION_KIND.action, bytes)
    const key = bytesToHex(txId)
    const known = this.#read.get(key)
    if (known?.kind === TRANSACTION_KIND.action) return known
    const envelope = actionEnvelopeCodec.decode(bytes)
    const action = decodeAction(envelope.action)
    const digest = decodedActionDigest(action, envelope, this.#network)
    const sender = recoverAddress(digest, envelope.signature)
    const innerSigners = this.#innerSignersOf(action, envelope)
    if (sender === undefined || innerSigners?.includes(undefined) === true) {
      throw new TransactionError('the signature of the action is not valid', {
        code: 'OL_TRANSACTION_SIGNATURE',
        txId: key,
      })
    }
    const read: ReadAction = {
      kind: TRANSACTION_KIND.action,
      bytes,
      txId,
      key,
      sender,
      envelope,
      action,
      ...(innerSigners === undefined ? {} : { innerSigners: innerSigners.flatMap((a) => a ?? []) }),
    }
    this.#keep(read)
    return read
  }

  /** All signatures inside a `multiSig` are over the same bytes; docs/spec/hyperliquid.md §3.3. */
  #innerSignersOf(
    action: Action,
    envelope: ActionEnvelope,
  ): readonly (Address | undefined)[] | undefined {
    if (action.type !== 'multiSig') return undefined
    const digest = multiSigPayloadDigest(action, envelope, this.#network)
    return action.signatures.map((wire, i) =>
      recoverAddress(digest, signatureOf(wire, `action.signatures[${i}]`)),
    )
  }

  /** @see read */
  readEvm(bytes: Uint8Array): ReadEvmTransaction {
    const txId = transactionId(TRANSACTION_KIND.evm, bytes)
    const key = bytesToHex(txId)
    const known = this.#read.get(key)
    if (known?.kind === TRANSACTION_KIND.evm) return known
    const transaction = decodeEvmTransaction(bytes, this.#chainId)
    const { sender } = transaction
    const read = { kind: TRANSACTION_KIND.evm, bytes, txId, key, sender, transaction }
    this.#keep(read)
    return read
  }

  /** The oldest make room: what was read long ago is executed, or in the mempool, which holds its own. */
  #keep(transaction: ReadTransaction): void {
    this.#read.set(transaction.key, transaction)
    this.#readBytes += transaction.bytes.length
    for (const [key, oldest] of this.#read) {
      const isFull =
        this.#read.size > READ_TRANSACTIONS_MAX || this.#readBytes > READ_TRANSACTION_BYTES_MAX
      if (!isFull) return
      this.#read.delete(key)
      this.#readBytes -= oldest.bytes.length
    }
  }
}
