import {
  BLOCK_BYTES_MAX,
  BLOCK_EVIDENCE_BYTES_MAX,
  BLOCK_EVIDENCE_MAX,
  BLOCK_TRANSACTIONS_MAX,
  type Block,
  blockHeaderCodec,
  bytesToHex,
  EXECUTION_LAG_MAX,
  equalBytes,
  FLAG_EPOCH_SUFFIX,
  type GenesisEvm,
  type Hex,
  OpenLiquidError,
  type Payload,
  payloadRoot,
  TRANSACTION_KIND,
  transactionId,
} from '@openliquid/primitives'
import type { PayloadFault, PayloadVerdict } from './errors.ts'
import { mayCarryEvm } from './evmLanes.ts'
import type { TransactionReader } from './transactionReader.ts'

/** A proposed block and what its branch and genesis say of it. */
export interface PayloadCheck {
  readonly block: Block
  readonly parentTimestampMs: number
  /** Ids in the blocks of the branch above the header's `executedHeight`. */
  readonly unexecutedIds: ReadonlySet<Hex>
  readonly evm: GenesisEvm
  readonly reader: Pick<TransactionReader, 'read'>
}

/**
 * Whether a payload is valid: a function of the block, its branch and genesis alone, so that all replicas judge alike.
 *
 * Nothing is executed; what depends on state fails or is skipped at execution.
 * @see docs/spec/consensus.md §3 B6, docs/design.md §8, "invalid block or failed transaction"
 */
export function checkPayload(check: PayloadCheck): PayloadVerdict {
  const fault = shapeFault(check) ?? transactionFault(check)
  return fault === undefined ? { ok: true } : { ok: false, fault }
}

export function isEmptyPayload({ actions, evm, evidence }: Payload): boolean {
  return actions.length === 0 && evm.length === 0 && evidence.length === 0
}

/** The cheap rules first. */
function shapeFault({ block, parentTimestampMs, evm }: PayloadCheck): PayloadFault | undefined {
  const { header, payload } = block
  const isEmpty = isEmptyPayload(payload)
  const mustBeEmpty =
    header.height - header.executedHeight > EXECUTION_LAG_MAX ||
    (header.flags & FLAG_EPOCH_SUFFIX) !== 0
  if (mustBeEmpty && !isEmpty) return { code: 'OL_PAYLOAD_NOT_EMPTY' }
  // What the evidence says is judged by consensus; nothing here depends on it.
  const evidenceBytes = payload.evidence.reduce((sum, { length }) => sum + length, 0)
  if (payload.evidence.length > BLOCK_EVIDENCE_MAX || evidenceBytes > BLOCK_EVIDENCE_BYTES_MAX) {
    return { code: 'OL_PAYLOAD_EVIDENCE', count: payload.evidence.length, bytes: evidenceBytes }
  }
  for (const { length: count } of [payload.actions, payload.evm]) {
    if (count > BLOCK_TRANSACTIONS_MAX) {
      return { code: 'OL_PAYLOAD_COUNT', count, max: BLOCK_TRANSACTIONS_MAX }
    }
  }
  const bytes = blockHeaderCodec.encode(header).length + payloadBytes(payload)
  if (bytes > BLOCK_BYTES_MAX) return { code: 'OL_PAYLOAD_SIZE', bytes, max: BLOCK_BYTES_MAX }
  const times = { timestampMs: header.timestampMs, parentTimestampMs }
  if (payload.evm.length > 0 && !mayCarryEvm(evm, times)) return { code: 'OL_PAYLOAD_EVM_NOT_DUE' }
  if (!equalBytes(payloadRoot(payload), header.payloadRoot)) return { code: 'OL_PAYLOAD_ROOT' }
  return undefined
}

function transactionFault(check: PayloadCheck): PayloadFault | undefined {
  const { block, unexecutedIds, reader } = check
  const seen = new Set<Hex>()
  for (const kind of [TRANSACTION_KIND.action, TRANSACTION_KIND.evm]) {
    const section = kind === TRANSACTION_KIND.action ? block.payload.actions : block.payload.evm
    for (const bytes of section) {
      const txId = bytesToHex(transactionId(kind, bytes))
      if (seen.has(txId) || unexecutedIds.has(txId)) return { code: 'OL_PAYLOAD_DUPLICATE', txId }
      seen.add(txId)
      try {
        reader.read(kind, bytes)
      } catch (error) {
        if (!(error instanceof OpenLiquidError)) throw error
        return { code: 'OL_PAYLOAD_TRANSACTION', txId, reason: error.code }
      }
    }
  }
  return undefined
}

/** Bytes of the SSZ form: each item with its offset, each section with its own. */
export function payloadBytes({ actions, evm, evidence }: Payload): number {
  let bytes = 12
  for (const section of [actions, evm, evidence]) {
    for (const item of section) bytes += item.length + OFFSET_BYTES
  }
  return bytes
}

/** What SSZ adds to each item of a list. */
export const OFFSET_BYTES = 4
