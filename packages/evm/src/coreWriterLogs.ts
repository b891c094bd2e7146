import {
  bytesToUint,
  CORE_WRITER_ADDRESS,
  type CoreWriterLog,
  equalBytes,
  RAW_ACTION_TOPIC,
} from '@openliquid/primitives'
import type { EvmLog, EvmReceipt } from './receipts.ts'

const WORD = 32

/** The instructions for the exchange in a block's receipts, in the order of their logs. Reverted frames left no logs. */
export function coreWriterLogs(receipts: readonly EvmReceipt[]): CoreWriterLog[] {
  return receipts.flatMap(({ logs }) => logs.flatMap((log) => instruction(log) ?? []))
}

function instruction(log: EvmLog): CoreWriterLog | undefined {
  const [topic, user] = log.topics
  if (!equalBytes(log.address, CORE_WRITER_ADDRESS) || log.topics.length !== 2) return undefined
  if (topic === undefined || user === undefined || !equalBytes(topic, RAW_ACTION_TOPIC)) {
    return undefined
  }
  const data = decodeBytes(log.data)
  if (data === undefined) return undefined
  return {
    evmTxHash: log.transactionHash,
    logIndex: log.logIndex,
    user: user.slice(12),
    data,
  }
}

/** The one argument of `RawAction(address indexed user, bytes data)`: offset, length, padded content. */
function decodeBytes(data: Uint8Array): Uint8Array | undefined {
  if (data.length < 2 * WORD || bytesToUint(data.subarray(0, WORD)) !== BigInt(WORD))
    return undefined
  const length = bytesToUint(data.subarray(WORD, 2 * WORD))
  if (length > BigInt(data.length - 2 * WORD)) return undefined
  return data.slice(2 * WORD, 2 * WORD + Number(length))
}
