import type { ChainView } from '@openliquid/execution'
import type { RpcLimits } from '../limits.ts'
import type { RpcLogger } from '../logger.ts'
import type { RpcMethod } from '../transport/jsonRpc.ts'
import { blockMethods } from './blockMethods.ts'
import { chainMethods } from './chainMethods.ts'
import { ChainReader } from './chainReader.ts'
import { configMethods } from './configMethods.ts'
import { debugMethods } from './debugMethods.ts'
import { FilterRegistry } from './filterRegistry.ts'
import { logMethods } from './logMethods.ts'
import { PendingRing } from './pendingRing.ts'
import { poolMethods } from './poolMethods.ts'
import { simulateMethods } from './simulateMethods.ts'
import { stateMethods } from './stateMethods.ts'
import { subscribeMethods } from './subscribeMethods.ts'
import { traceMethods } from './traceMethods.ts'
import { transactionMethods } from './transactionMethods.ts'

/** What the Ethereum methods need; see `ethMethods`. */
export interface EthMethodsOptions {
  readonly view: ChainView
  readonly limits: RpcLimits
  readonly logger: RpcLogger
  /** The namespaces `debug` and `trace`. */
  readonly serveDebug: boolean
  readonly clientVersion: string
  readonly peerCount: () => number
}

/** Every JSON-RPC method of this node by name. */
export function ethMethods(options: EthMethodsOptions): ReadonlyMap<string, RpcMethod> {
  const { view, limits, logger } = options
  const reader = new ChainReader(view)
  const filters = new FilterRegistry({
    filtersMax: limits.filtersMax,
    filterIdleMs: limits.filterIdleMs,
    nowMs: Date.now,
  })
  return new Map([
    ...chainMethods({ ...options, reader }),
    ...configMethods(view, reader),
    ...stateMethods(view, reader, limits),
    ...simulateMethods(view, reader, limits),
    ...blockMethods(reader),
    ...transactionMethods(view, reader, limits),
    ...logMethods(view, reader, filters, new PendingRing(view), limits),
    ...poolMethods(view, limits),
    ...subscribeMethods(view, logger),
    ...(options.serveDebug ? debugMethods(view, reader, limits) : []),
    ...(options.serveDebug ? traceMethods(view, reader, limits) : []),
  ])
}
