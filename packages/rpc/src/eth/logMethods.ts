import type { ChainView, EvmLog, EvmView } from '@openliquid/execution'
import { RpcError } from '../errors.ts'
import type { RpcLimits } from '../limits.ts'
import type { RpcMethod } from '../transport/jsonRpc.ts'
import type { ChainReader } from './chainReader.ts'
import { data } from './ethEncoding.ts'
import { logToJson } from './ethObjects.ts'
import { checkParamCount, invalidParams } from './ethParams.ts'
import type { FilterRegistry, InstalledFilter } from './filterRegistry.ts'
import { type LogQuery, numberOf, parseLogQuery, resolveLogQuery } from './logFilter.ts'
import type { PendingRing } from './pendingRing.ts'

/** Hashes in one answer of a block filter: each is a read of the store. */
const BLOCK_CHANGES_MAX = 1_000

/** Logs, and the filters that clients poll: eth_getLogs, eth_newFilter, eth_getFilterChanges and the like. */
export function logMethods(
  view: ChainView,
  reader: ChainReader,
  filters: FilterRegistry,
  pending: PendingRing,
  limits: RpcLimits,
): readonly [string, RpcMethod][] {
  // Blocks never change, so a long search need not keep the next one waiting.
  const logsOf = async (query: LogQuery): Promise<unknown> => {
    const filter = await reader.read((evm) => resolveLogQuery(query, evm, limits.logBlocksMax))
    return logsToJson(await view.evm.findLogs(filter), limits)
  }

  return [
    [
      'eth_getLogs',
      (params) => {
        checkParamCount(params, { min: 1, max: 1 })
        return logsOf(parseLogQuery(params[0]))
      },
    ],
    [
      'eth_newFilter',
      (params) => {
        checkParamCount(params, { min: 1, max: 1 })
        const query = parseLogQuery(params[0])
        if (query.blockHash !== undefined) throw invalidParams('a filter has no blockHash')
        return reader.read((evm) => {
          // As geth: the past is told by eth_getFilterLogs, changes begin with the next block.
          const next = evm.head.header.number + 1n
          const from = numberOf(query.from, { earliest: 0n, latest: next })
          return filters.install(query, from > next ? from : next)
        })
      },
    ],
    [
      'eth_newBlockFilter',
      (params) => {
        checkParamCount(params, { min: 0, max: 0 })
        return reader.read((evm) => filters.install('blocks', evm.head.header.number + 1n))
      },
    ],
    [
      'eth_newPendingTransactionFilter',
      (params) => {
        // Hashes only: whoever wants whole transactions subscribes.
        checkParamCount(params, { min: 0, max: 0 })
        return filters.install('pending', pending.next)
      },
    ],
    [
      'eth_getFilterChanges',
      (params) => {
        const filter = filters.use(parseFilterId(params))
        if (filter.query === 'pending') {
          const hashes = pending.since(filter.nextNumber)
          filter.nextNumber = pending.next
          return hashes.map(data)
        }
        return reader.read((evm) => changesOf(filter, evm, limits))
      },
    ],
    [
      'eth_getFilterLogs',
      (params) => {
        const { query } = filters.use(parseFilterId(params))
        if (typeof query === 'string')
          throw invalidParams(`this is a filter of ${query}, not of logs`)
        return logsOf(query)
      },
    ],
    ['eth_uninstallFilter', (params) => filters.uninstall(parseFilterId(params))],
  ]
}

function parseFilterId(params: readonly unknown[]): string {
  checkParamCount(params, { min: 1, max: 1 })
  if (typeof params[0] !== 'string') throw invalidParams('the filter id must be a string')
  return params[0]
}

/** What is new since the last poll. A poller that fell far behind gets the oldest part and then the rest. */
function changesOf(filter: InstalledFilter, evm: EvmView, limits: RpcLimits): readonly unknown[] {
  const head = evm.head.header.number
  const from = filter.nextNumber
  const span = filter.query === 'blocks' ? BLOCK_CHANGES_MAX : limits.logBlocksMax
  const reach = from + BigInt(span) - 1n
  const to = reach < head ? reach : head
  if (from > to) return []

  const { query } = filter
  if (typeof query === 'string') {
    filter.nextNumber = to + 1n
    const hashes: string[] = []
    for (let number = from; number <= to; number++) {
      const block = evm.getBlockByNumber(number)
      if (block !== undefined) hashes.push(data(block.hash))
    }
    return hashes
  }
  const last = query.to?.kind === 'number' && query.to.number < to ? query.to.number : to
  const logs =
    from > last
      ? []
      : evm.getLogs({
          fromNumber: from,
          toNumber: last,
          addresses: query.addresses,
          topics: query.topics,
          blocksMax: limits.logBlocksMax,
        })
  const changes = logsToJson(logs, limits)
  filter.nextNumber = to + 1n
  return changes
}

/** Too many logs, or too much in them, is refused before any of it becomes text. */
function logsToJson(logs: readonly EvmLog[], limits: RpcLimits): readonly unknown[] {
  if (logs.length > limits.logsMax) {
    throw new RpcError(`more than ${limits.logsMax} logs match; narrow the range or the filter`, {
      code: 'OL_RPC_LOGS_SIZE',
      max: limits.logsMax,
    })
  }
  const max = limits.responseBytesMax
  let size = 0
  for (const { data: bytes } of logs) size += 2 * bytes.length
  if (size > max) {
    throw new RpcError(`the logs are larger than ${max} bytes; narrow the range or the filter`, {
      code: 'OL_RPC_RESPONSE_SIZE',
      max,
    })
  }
  return logs.map(logToJson)
}
