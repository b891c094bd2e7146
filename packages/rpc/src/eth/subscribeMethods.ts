import type {
  BlockResult,
  ChainView,
  EvmBlock,
  EvmLog,
  EvmTransaction,
} from '@openliquid/execution'
import { equalBytes } from '@openliquid/primitives'
import { RpcError } from '../errors.ts'
import type { RpcLogger } from '../logger.ts'
import type { RpcMethod, RpcSession, RpcSubscriptions } from '../transport/jsonRpc.ts'
import { data } from './ethEncoding.ts'
import { headerToJson, logToJson, pendingTransactionToJson } from './ethObjects.ts'
import { checkParamCount, invalidParams, isAbsent, parseBoolean } from './ethParams.ts'
import { type LogQuery, parseLogQuery } from './logFilter.ts'

/** eth_subscribe and eth_unsubscribe, on WebSockets: `newHeads`, `logs`, `newPendingTransactions`, `syncing`. */
export function subscribeMethods(
  view: ChainView,
  logger: RpcLogger,
): readonly [string, RpcMethod][] {
  /** The listener runs inside the node's event loop: a bug here must not reach it. */
  const onBlock = (listener: (result: BlockResult) => void): (() => void) =>
    view.onBlock((result) => {
      try {
        listener(result)
      } catch (error) {
        logger.error({ error: String(error) }, 'a subscription failed')
      }
    })

  const headText = cachedText<EvmBlock>(headerToJson)
  const logText = cachedText<EvmLog>(logToJson)
  const pendingText = cachedText<EvmTransaction>(pendingTransactionToJson)

  return [
    [
      'eth_subscribe',
      (params, session) => {
        checkParamCount(params, { min: 1, max: 2 })
        const [kind] = params
        if (typeof kind !== 'string') throw invalidParams('the subscription must be a string')
        const subscriptions = subscriptionsOf(session)
        switch (kind) {
          case 'newHeads':
            return subscriptions.open((push) =>
              onBlock(({ evmBlocks }) => {
                for (const { block } of evmBlocks) push(headText(block))
              }),
            )
          case 'logs': {
            const query = parseLogQuery(params[1] ?? {})
            return subscriptions.open((push) =>
              onBlock(({ evmBlocks }) => {
                for (const { receipts } of evmBlocks) {
                  for (const receipt of receipts) {
                    for (const log of receipt.logs) {
                      if (matchesLog(query, log)) push(logText(log))
                    }
                  }
                }
              }),
            )
          }
          case 'newPendingTransactions': {
            const isFull = isAbsent(params[1])
              ? false
              : parseBoolean(params[1], 'full transactions')
            return subscriptions.open((push) =>
              view.onPendingEvm((transaction) =>
                push(isFull ? pendingText(transaction) : `"${data(transaction.hash)}"`),
              ),
            )
          }
          case 'syncing':
            // A node that answers is in sync, see eth_syncing: there is never a change to tell.
            return subscriptions.open(() => () => undefined)
          default:
            throw new RpcError('there is no such subscription', {
              code: 'OL_RPC_SUBSCRIPTION_UNSUPPORTED',
              kind: kind.slice(0, 100),
            })
        }
      },
    ],
    [
      'eth_unsubscribe',
      (params, session) => {
        checkParamCount(params, { min: 1, max: 1 })
        const [id] = params
        if (typeof id !== 'string') throw invalidParams('the subscription id must be a string')
        return subscriptionsOf(session).close(id)
      },
    ],
  ]
}

/** JSON text made once an object, however many subscribers get it. */
function cachedText<T extends object>(toJson: (value: T) => unknown): (value: T) => string {
  const texts = new WeakMap<T, string>()
  return (value) => {
    const known = texts.get(value)
    if (known !== undefined) return known
    const text = JSON.stringify(toJson(value))
    texts.set(value, text)
    return text
  }
}

function subscriptionsOf(session: RpcSession): RpcSubscriptions {
  if (session.subscriptions !== undefined) return session.subscriptions
  throw new RpcError('notifications not supported: subscriptions need a WebSocket', {
    code: 'OL_RPC_SUBSCRIPTION_UNSUPPORTED',
    kind: 'http',
  })
}

/** Whether a log passes addresses and topics of a filter; docs/spec/evm.md §7. */
export function matchesLog(query: LogQuery, log: EvmLog): boolean {
  const { addresses, topics } = query
  if (addresses.length > 0 && !addresses.some((address) => equalBytes(address, log.address))) {
    return false
  }
  return topics.every((wanted, position) => {
    if (wanted === null) return true
    const topic = log.topics[position]
    return topic !== undefined && wanted.some((alternative) => equalBytes(alternative, topic))
  })
}
