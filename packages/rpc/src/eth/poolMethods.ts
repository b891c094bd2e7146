import type { ChainView, EvmTransaction } from '@openliquid/execution'
import { bytesToHex, equalBytes } from '@openliquid/primitives'
import { RpcError } from '../errors.ts'
import type { RpcLimits } from '../limits.ts'
import type { RpcMethod } from '../transport/jsonRpc.ts'
import { quantity } from './ethEncoding.ts'
import { pendingTransactionToJson } from './ethObjects.ts'
import { checkParamCount, parseAddress } from './ethParams.ts'

/** What waits in the mempool: txpool_status, txpool_content, txpool_contentFrom, txpool_inspect. */
export function poolMethods(view: ChainView, limits: RpcLimits): readonly [string, RpcMethod][] {
  return [
    [
      'txpool_status',
      (params) => {
        checkParamCount(params, { min: 0, max: 0 })
        const { evmPending, evmQueued } = view.mempool()
        return { pending: quantity(evmPending), queued: quantity(evmQueued) }
      },
    ],
    [
      'txpool_content',
      (params) => {
        checkParamCount(params, { min: 0, max: 0 })
        const { pending, queued } = view.evmPool()
        checkAnswerFits([...pending, ...queued], limits.responseBytesMax)
        const ofSender = byNonce(pendingTransactionToJson)
        return { pending: bySender(pending, ofSender), queued: bySender(queued, ofSender) }
      },
    ],
    [
      'txpool_inspect',
      (params) => {
        checkParamCount(params, { min: 0, max: 0 })
        const { pending, queued } = view.evmPool()
        const ofSender = byNonce(summaryOf)
        return { pending: bySender(pending, ofSender), queued: bySender(queued, ofSender) }
      },
    ],
    [
      'txpool_contentFrom',
      (params) => {
        checkParamCount(params, { min: 1, max: 1 })
        const sender = parseAddress(params[0], 'address')
        const { pending, queued } = view.evmPool()
        const isFrom = (transaction: EvmTransaction): boolean =>
          equalBytes(transaction.sender, sender)
        const own = { pending: pending.filter(isFrom), queued: queued.filter(isFrom) }
        checkAnswerFits([...own.pending, ...own.queued], limits.responseBytesMax)
        const ofSender = byNonce(pendingTransactionToJson)
        return { pending: ofSender(own.pending), queued: ofSender(own.queued) }
      },
    ],
  ]
}

/** Two hex digits a byte: transactions that cannot fit are not even turned into text. */
function checkAnswerFits(transactions: readonly EvmTransaction[], max: number): void {
  let size = 0
  for (const { bytes } of transactions) size += 2 * bytes.length
  if (size <= max) return
  throw new RpcError('these transactions are larger than an answer may be', {
    code: 'OL_RPC_RESPONSE_SIZE',
    max,
  })
}

function bySender(
  transactions: readonly EvmTransaction[],
  ofSender: (group: readonly EvmTransaction[]) => unknown,
): unknown {
  const groups = new Map<string, EvmTransaction[]>()
  for (const transaction of transactions) {
    const sender = bytesToHex(transaction.sender)
    const group = groups.get(sender)
    if (group === undefined) groups.set(sender, [transaction])
    else group.push(transaction)
  }
  return Object.fromEntries([...groups].map(([sender, group]) => [sender, ofSender(group)]))
}

/** Keyed by the nonce in decimal, as geth. */
function byNonce(
  print: (transaction: EvmTransaction) => unknown,
): (group: readonly EvmTransaction[]) => unknown {
  return (group) =>
    Object.fromEntries(
      group.map((transaction) => [transaction.nonce.toString(), print(transaction)]),
    )
}

/** One line for people, as geth writes it. */
function summaryOf({ to, value, gasLimit, maxFeePerGas }: EvmTransaction): string {
  const receiver = to === undefined ? 'contract creation' : bytesToHex(to)
  return `${receiver}: ${value} wei + ${gasLimit} gas × ${maxFeePerGas} wei`
}
