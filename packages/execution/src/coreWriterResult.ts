import type {
  CoreWriterDelayedEvent,
  CoreWriterExecutedEvent,
  CoreWriterRejectedEvent,
} from '@openliquid/exchange'
import { type Hash, type Height, hexToBytes, uintToBytes, type Write } from '@openliquid/primitives'
import { HISTORY_SPACE, historyKey, jsonToBytes } from './historyKeys.ts'

/** What became of an action that a contract sent through CoreWriter; docs/spec/hyperliquid.md §12. */
export interface CoreWriterResult {
  /** `delayed`: waits out its delay until `dueMs` of block time. */
  readonly status: 'delayed' | 'executed' | 'rejected'
  /** Of the block that said so, as a decimal. */
  readonly height: string
  readonly dueMs?: number
  /** Of an order that was placed. */
  readonly oid?: number
  readonly reason?: string
}

type CoreWriterEvent = CoreWriterDelayedEvent | CoreWriterExecutedEvent | CoreWriterRejectedEvent

/** The newest word on an action takes the place of the one before. */
export function coreWriterWrite(event: CoreWriterEvent, height: Height): Write {
  const key = coreWriterKey(hexToBytes(event.evmTxHash, 32), event.logIndex)
  return [key, jsonToBytes(resultOf(event, height))]
}

export function coreWriterKey(evmTxHash: Hash, logIndex: number): Uint8Array {
  return historyKey(HISTORY_SPACE.coreWriter, evmTxHash, uintToBytes(logIndex, 4))
}

function resultOf(event: CoreWriterEvent, height: Height): CoreWriterResult {
  const at = String(height)
  switch (event.kind) {
    case 'coreWriterDelayed':
      return { status: 'delayed', height: at, dueMs: event.dueMs }
    case 'coreWriterExecuted':
      return {
        status: 'executed',
        height: at,
        ...(event.oid === undefined ? {} : { oid: event.oid }),
      }
    default:
      return { status: 'rejected', height: at, reason: event.reason }
  }
}
