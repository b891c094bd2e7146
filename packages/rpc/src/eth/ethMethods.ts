import type { ChainView } from '@openliquid/execution'
import type { RpcLimits } from '../limits.ts'
import type { RpcLogger } from '../logger.ts'
import type { RpcMethod } from '../transport/jsonRpc.ts'
import { blockMethods } from './blockMethods.ts'
import { chainMethods } from './chainMethods.ts'
import { ChainReader } from './chainReader.ts'
import { FilterRegistry } from './filterRegistry.ts'
import { logMethods } from './logMethods.ts'
import { poolMethods } from './poolMethods.ts'
import { stateMethods } from './stateMethods.ts'
import { subscribeMethods } from './subscribeMethods.ts'
import { transactionMethods } from './transactionMethods.ts'

/** What the Ethereum methods need; see `ethMethods`. */
export interface EthMethodsOptions {
  readonly view: ChainView
  readonly limits: RpcLimits
  readonly logger: RpcLogger
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
    ...stateMethods(view, reader),
    ...blockMethods(reader),
    ...transactionMethods(view, reader, limits),
    ...logMethods(reader, filters, limits),
    ...poolMethods(view, limits),
    ...subscribeMethods(view, logger),
  ])
}
