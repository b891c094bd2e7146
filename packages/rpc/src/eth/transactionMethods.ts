import type { ChainView } from '@openliquid/execution'
import { keccak256, TRANSACTION_KIND } from '@openliquid/primitives'
import type { RpcLimits } from '../limits.ts'
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
        const timeoutMs = isAbsent(params[1])
          ? timeoutMsMax
          : Math.min(parseCount(params[1], 'timeout'), timeoutMsMax)
        const { txId } = await view.submit({ kind: TRANSACTION_KIND.evm, bytes })
        const outcome = await view.waitForReceipt(txId, timeoutMs)
        return outcome.kind === 'evm' ? receiptToJson(outcome.receipt) : null
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
      (params) => {
        checkParamCount(params, { min: 1, max: 1 })
        const hash = parseHash(params[0], 'transaction hash')
        return reader.read((evm) => {
          const receipt = evm.getReceipt(hash)
          return receipt === undefined ? null : receiptToJson(receipt)
        })
      },
    ],
  ]
}
