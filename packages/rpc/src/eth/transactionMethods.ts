import {
  type ChainView,
  type EvmReceipt,
  ExecutionError,
  MempoolError,
} from '@openliquid/execution'
import { type Hash, keccak256, TRANSACTION_KIND, transactionId } from '@openliquid/primitives'
import { RpcError } from '../errors.ts'
import { RECEIPT_HOLD_MS, type RpcLimits } from '../limits.ts'
import type { RpcMethod } from '../transport/jsonRpc.ts'
import type { ChainReader } from './chainReader.ts'
import { data } from './ethEncoding.ts'
import { pendingTransactionToJson, receiptToJson, transactionToJson } from './ethObjects.ts'
import {
  type BlockId,
  checkParamCount,
  isAbsent,
  parseAddress,
  parseCount,
  parseData,
  parseHash,
} from './ethParams.ts'

const LATEST: BlockId = { kind: 'tag', tag: 'latest' }

/** Sending transactions and finding them again. */
export function transactionMethods(
  view: ChainView,
  reader: ChainReader,
  limits: RpcLimits,
): readonly [string, RpcMethod][] {
  return [
    [
      'eth_sendRawTransaction',
      async (params) => {
        checkParamCount(params, { min: 1, max: 1 })
        const bytes = parseData(params[0], 'transaction')
        const { evmHash } = await view.submit({ kind: TRANSACTION_KIND.evm, bytes })
        return data(evmHash ?? keccak256(bytes))
      },
    ],
    [
      'eth_sendRawTransactionSync',
      async (params) => {
        checkParamCount(params, { min: 1, max: 2 })
        const bytes = parseData(params[0], 'transaction')
        // Ends before the time-out of the request itself, whose error knows nothing of transactions.
        const timeoutMsMax = Math.min(limits.receiptTimeoutMs, 0.9 * limits.requestTimeoutMs)
        const wanted = isAbsent(params[1]) ? 0 : parseCount(params[1], 'timeout')
        const timeoutMs = wanted === 0 ? timeoutMsMax : Math.min(wanted, timeoutMsMax)
        const { txId, evmHash } = await view.submit({ kind: TRANSACTION_KIND.evm, bytes })
        try {
          const outcome = await view.waitForReceipt(txId, timeoutMs)
          return outcome.kind === 'evm' ? receiptToJson(outcome.receipt) : null
        } catch (error) {
          const isLate = error instanceof ExecutionError && error.code === 'OL_RECEIPT_TIMEOUT'
          throw isLate ? notMined(view, evmHash ?? keccak256(bytes), timeoutMs) : error
        }
      },
    ],
    [
      'eth_getTransactionByHash',
      (params) => {
        checkParamCount(params, { min: 1, max: 1 })
        const hash = parseHash(params[0], 'transaction hash')
        return reader.read((evm) => {
          const place = evm.getTransaction(hash)
          if (place !== undefined) return transactionToJson(place)
          const pending = view.pendingEvmTransaction(hash)
          return pending === undefined ? null : pendingTransactionToJson(pending)
        })
      },
    ],
    [
      'eth_getTransactionBySenderAndNonce',
      async (params) => {
        checkParamCount(params, { min: 2, max: 2 })
        const sender = parseAddress(params[0], 'sender')
        const nonce = BigInt(parseCount(params[1], 'nonce'))
        const place = await reader.run(LATEST, (_, __, evm) => evm.findBySender(sender, nonce))
        if (place !== undefined) return transactionToJson(place)
        const pending = view.pendingEvmTransactionOf(sender, nonce)
        return pending === undefined ? null : pendingTransactionToJson(pending)
      },
    ],
    [
      'eth_getRawTransactionByHash',
      (params) => {
        checkParamCount(params, { min: 1, max: 1 })
        const hash = parseHash(params[0], 'transaction hash')
        return reader.read((evm) => {
          const transaction =
            evm.getTransaction(hash)?.transaction ?? view.pendingEvmTransaction(hash)
          // As geth: `0x`, not null, for a transaction nobody knows.
          return transaction === undefined ? '0x' : data(transaction.bytes)
        })
      },
    ],
    [
      'eth_getTransactionReceipt',
      async (params) => {
        checkParamCount(params, { min: 1, max: 1 })
        const hash = parseHash(params[0], 'transaction hash')
        const read = (): Promise<EvmReceipt | undefined> =>
          reader.read((evm) => evm.getReceipt(hash))
        let receipt = await read()
        if (receipt === undefined && (await isMinedSoon(view, hash))) receipt = await read()
        return receipt === undefined ? null : receiptToJson(receipt)
      },
    ],
  ]
}

/**
 * Waits a moment for the block of a transaction that is in the mempool.
 *
 * A chain that mines on transactions only is quicker than some clients believe: they keep a null for a while, see no
 * later block, and never ask again.
 */
async function isMinedSoon(view: ChainView, evmHash: Hash): Promise<boolean> {
  const pending = view.pendingEvmTransaction(evmHash)
  if (pending === undefined) return false
  try {
    await view.waitForReceipt(transactionId(TRANSACTION_KIND.evm, pending.bytes), RECEIPT_HOLD_MS)
    return true
  } catch (error) {
    // It still waits, was dropped, or too many ask: there is no receipt now.
    if (error instanceof ExecutionError || error instanceof MempoolError) return false
    throw error
  }
}

/** The two errors of EIP-7966 for a transaction that was taken and not mined in time: both go on waiting. */
function notMined(view: ChainView, evmHash: Hash, timeoutMs: number): RpcError {
  const hash = data(evmHash)
  const pending = view.pendingEvmTransaction(evmHash)
  if (pending !== undefined && pending.nonce >= view.pendingNonce(pending.sender)) {
    return new RpcError('the transaction is in the mempool, behind a nonce that is missing', {
      code: 'OL_RPC_SYNC_UNREADY',
      hash,
    })
  }
  return new RpcError(`the transaction is in the mempool, but was not mined in ${timeoutMs} ms`, {
    code: 'OL_RPC_SYNC_TIMEOUT',
    hash,
  })
}
