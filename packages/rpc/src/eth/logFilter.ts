import type { EvmLogFilter, EvmView } from '@openliquid/execution'
import type { Address, Hash } from '@openliquid/primitives'
import { RpcError } from '../errors.ts'
import { LOG_FILTER_ALTERNATIVES_MAX, LOG_TOPICS_MAX } from '../limits.ts'
import { blockOf, earliestNumber, unknownBlock } from './chainReader.ts'
import {
  type BlockId,
  invalidParams,
  isAbsent,
  parseAddress,
  parseBlockNumber,
  parseHash,
  parseList,
  parseObject,
} from './ethParams.ts'

/** A log filter as the client wrote it: names of blocks are not resolved yet. */
export interface LogQuery {
  readonly from: BlockId | undefined
  readonly to: BlockId | undefined
  readonly blockHash: Hash | undefined
  readonly addresses: readonly Address[]
  /** By position: any of the list; null: anything. */
  readonly topics: readonly (readonly Hash[] | null)[]
}

/** The parameter of eth_getLogs, eth_newFilter and the subscription `logs`. */
export function parseLogQuery(value: unknown): LogQuery {
  const { fromBlock, toBlock, blockHash, address, topics } = parseObject(value, 'filter')
  if (!isAbsent(blockHash) && !(isAbsent(fromBlock) && isAbsent(toBlock))) {
    throw invalidParams('blockHash excludes fromBlock and toBlock')
  }
  return {
    from: isAbsent(fromBlock) ? undefined : parseBlockNumber(fromBlock),
    to: isAbsent(toBlock) ? undefined : parseBlockNumber(toBlock),
    blockHash: isAbsent(blockHash) ? undefined : parseHash(blockHash, 'blockHash'),
    addresses: parseOneOrMore(address, 'address', parseAddress) ?? [],
    topics: isAbsent(topics)
      ? []
      : parseList(topics, 'topics', LOG_TOPICS_MAX).map((position) =>
          parseOneOrMore(position, 'topic', parseHash),
        ),
  }
}

function parseOneOrMore<T>(
  value: unknown,
  what: string,
  parse: (value: unknown, what: string) => T,
): readonly T[] | null {
  if (isAbsent(value)) return null
  if (!Array.isArray(value)) return [parse(value, what)]
  const parsed: T[] = []
  for (const item of parseList(value, what, LOG_FILTER_ALTERNATIVES_MAX)) {
    // As geth: null among the alternatives of a position stands for anything.
    if (item === null) return null
    parsed.push(parse(item, what))
  }
  return parsed.length === 0 ? null : parsed
}

/**
 * The filter with its blocks resolved against the newest one. Absent ends are the newest block.
 *
 * @throws {RpcError} OL_RPC_PARAMS (reversed or future range), OL_RPC_BLOCK_UNKNOWN
 */
export function resolveLogQuery(query: LogQuery, evm: EvmView, blocksMax: number): EvmLogFilter {
  const matching = { addresses: query.addresses, topics: query.topics }
  if (query.blockHash !== undefined) {
    const id: BlockId = { kind: 'hash', hash: query.blockHash }
    if (blockOf(evm, id) === undefined) throw unknownBlock(id)
    return { ...matching, blockHash: query.blockHash }
  }
  const head = evm.head.header.number
  const earliest = earliestNumber(evm)
  const fromNumber = numberOf(query.from, { earliest, latest: head })
  const toNumber = numberOf(query.to, { earliest, latest: head })
  if (fromNumber > toNumber) throw invalidParams('fromBlock is above toBlock')
  if (toNumber > head) throw invalidParams(`toBlock is above the latest block, ${head}`)
  if (toNumber - fromNumber >= BigInt(blocksMax)) {
    throw new RpcError(
      `the range spans more than ${blocksMax} blocks; ask for ${fromNumber} to ${fromNumber + BigInt(blocksMax) - 1n}`,
      { code: 'OL_RPC_RANGE', from: fromNumber.toString(), to: toNumber.toString() },
    )
  }
  return { ...matching, fromNumber, toNumber, blocksMax }
}

/** The number a block id stands for; every tag but `earliest` is the latest block, and so is none. */
export function numberOf(
  id: BlockId | undefined,
  { earliest, latest }: { readonly earliest: bigint; readonly latest: bigint },
): bigint {
  if (id?.kind === 'number') return id.number
  return id?.kind === 'tag' && id.tag === 'earliest' ? earliest : latest
}
