import { equalBytes } from '@openliquid/primitives'
import { type BloomBits, bloomMayHold } from './bloom.ts'
import { EvmError } from './errors.ts'
import type { EvmLogFilter } from './evmView.ts'
import { LOG_TOPICS_MAX, LOGS_BLOCKS_MAX, LOGS_BYTES_MAX, LOGS_RESULTS_MAX } from './limits.ts'
import type { EvmLog, EvmLogEntry } from './receipts.ts'

/** Which logs are wanted, checked. An address or topic list means any of it, positions must all match. */
export class LogFilter {
  readonly #addresses: readonly Uint8Array[]
  readonly #topics: readonly (readonly Uint8Array[] | null)[]
  readonly #bits: BloomBits = new Map()

  /** @throws {EvmError} OL_EVM_LOGS_FILTER */
  constructor({ addresses = [], topics = [] }: EvmLogFilter) {
    if (topics.length > LOG_TOPICS_MAX) {
      throw invalidFilter(`${topics.length} topics, a log has at most ${LOG_TOPICS_MAX}`)
    }
    this.#addresses = addresses
    this.#topics = topics
  }

  matches({ address, topics }: EvmLogEntry): boolean {
    const here = this.#addresses.length === 0 || includes(this.#addresses, address)
    return (
      here &&
      this.#topics.every((wanted, position) => {
        const topic = topics[position]
        return (
          topic !== undefined && (wanted === null || wanted.length === 0 || includes(wanted, topic))
        )
      })
    )
  }

  /** Whether a block or receipt with this bloom can hold a match; `false` is certain. */
  mayMatch(bloom: Uint8Array): boolean {
    const holds = (item: Uint8Array): boolean => bloomMayHold(bloom, item, this.#bits)
    return (
      (this.#addresses.length === 0 || this.#addresses.some(holds)) &&
      this.#topics.every((wanted) => wanted === null || wanted.length === 0 || wanted.some(holds))
    )
  }
}

/** Logs that a filter wants, as they are found; says so when they become too many. */
export class LogCollector {
  readonly found: EvmLog[] = []
  readonly #filter: LogFilter
  #bytes: number = 0

  /** @throws {EvmError} OL_EVM_LOGS_FILTER */
  constructor(filter: EvmLogFilter) {
    this.#filter = new LogFilter(filter)
  }

  mayMatch(bloom: Uint8Array): boolean {
    return this.#filter.mayMatch(bloom)
  }

  add(logs: readonly EvmLog[]): void {
    for (const log of logs) {
      if (!this.#filter.matches(log)) continue
      this.found.push(log)
      this.#bytes += log.data.length + 32 * log.topics.length
    }
  }

  /**
   * @param number - of the block that was added last
   * @throws {EvmError} OL_EVM_LOGS_RESULTS: blocks before it would fit
   */
  checkSize(number: bigint): void {
    if (this.found.length <= LOGS_RESULTS_MAX && this.#bytes <= LOGS_BYTES_MAX) return
    throw new EvmError(
      `more than ${LOGS_RESULTS_MAX} logs or ${LOGS_BYTES_MAX} bytes match; ask for fewer blocks`,
      {
        code: 'OL_EVM_LOGS_RESULTS',
        resultsMax: LOGS_RESULTS_MAX,
        toNumber: number - 1n,
      },
    )
  }
}

/**
 * The blocks that a filter spans.
 *
 * @throws {EvmError} OL_EVM_LOGS_FILTER, OL_EVM_LOGS_RANGE
 */
export function logRange(
  filter: EvmLogFilter,
  head: bigint,
): { readonly from: bigint; readonly to: bigint } {
  const { fromNumber = head, toNumber = head, blocksMax = LOGS_BLOCKS_MAX } = filter
  if (fromNumber < 0n || fromNumber > toNumber) {
    throw invalidFilter('the range of blocks is reversed')
  }
  if (fromNumber > head) throw invalidFilter('the range of blocks is in the future')
  const to = toNumber < head ? toNumber : head
  if (to - fromNumber + 1n > BigInt(blocksMax)) {
    throw new EvmError(`a query spans at most ${blocksMax} blocks`, {
      code: 'OL_EVM_LOGS_RANGE',
      fromNumber,
      toNumber: fromNumber + BigInt(blocksMax) - 1n,
      blocksMax,
    })
  }
  return { from: fromNumber, to }
}

/** A filter that makes no sense. */
export function invalidFilter(reason: string): EvmError {
  return new EvmError(`the log filter is invalid: ${reason}`, {
    code: 'OL_EVM_LOGS_FILTER',
    reason,
  })
}

function includes(list: readonly Uint8Array[], item: Uint8Array): boolean {
  return list.some((other) => equalBytes(other, item))
}
