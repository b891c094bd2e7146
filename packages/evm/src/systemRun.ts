import { keccak256, type Write } from '@openliquid/primitives'
import { logsBloom } from './bloom.ts'
import { decodeKnownTransaction, type EvmTransaction } from './evmTransaction.ts'
import type { JournaledState } from './journaledState.ts'
import { systemBodyKey, systemReceiptsKey } from './keys.ts'
import type { BlockEnvironment, Machine } from './machine.ts'
import { decodeReceipts, encodeReceipts, type ReceiptRecord } from './receipts.ts'
import { RecordReader } from './recordReader.ts'
import { decodeRlp, encodeRlp } from './rlp.ts'
import { type EvmSystemTransaction, systemTransaction } from './systemTransaction.ts'
import type { StoreReader } from './versionedStore.ts'

/** A transaction that the chain itself sent, and what it did. */
export interface SystemOutcome {
  readonly transaction: EvmTransaction
  readonly record: ReceiptRecord
}

/**
 * Runs what the chain itself sends in a block, before its other transactions and beside its gas.
 *
 * @see docs/spec/hyperliquid.md §13
 */
export async function runSystemTransactions(
  requests: readonly EvmSystemTransaction[],
  options: {
    readonly machine: Machine
    readonly state: JournaledState
    readonly environment: BlockEnvironment
    readonly chainId: number
  },
): Promise<SystemOutcome[]> {
  const { machine, state, chainId } = options
  const environment = { ...options.environment, baseFeePerGas: 0n }
  const outcomes: SystemOutcome[] = []
  let cumulativeGasUsed = 0n
  for (const request of requests) {
    const nonce = state.account(request.from)?.nonce ?? 0n
    const transaction = systemTransaction(request, { chainId, nonce })
    const { failure, gasUsed, logs } = await machine.runSystemTransaction(transaction, environment)
    cumulativeGasUsed += gasUsed
    const record: ReceiptRecord = {
      status: failure === undefined ? 1 : 0,
      gasUsed,
      cumulativeGasUsed,
      effectiveGasPrice: 0n,
      contractAddress: undefined,
      logs,
      logsBloom: logsBloom(logs, new Map()),
    }
    outcomes.push({ transaction, record })
  }
  return outcomes
}

/** Both lists are kept beside those of the block. */
export function systemWrites(number: bigint, outcomes: readonly SystemOutcome[]): Write[] {
  if (outcomes.length === 0) return []
  const body = outcomes.map(({ transaction: { bytes, sender } }) => [bytes, sender])
  return [
    [systemBodyKey(number), encodeRlp(body)],
    [systemReceiptsKey(number), encodeReceipts(outcomes.map(({ record }) => record))],
  ]
}

/** Reads what `systemWrites` wrote. */
export function readSystemOutcomes(
  store: StoreReader,
  { number, chainId }: { readonly number: bigint; readonly chainId: number },
): SystemOutcome[] {
  const body = store.read(systemBodyKey(number))
  const receipts = store.read(systemReceiptsKey(number))
  if (body === undefined || receipts === undefined) return []
  const entries = new RecordReader(decodeRlp(body, 2))
  return decodeReceipts(receipts).map((record) => {
    const entry = entries.list()
    const [bytes, sender] = [entry.bytes(), entry.bytes()]
    const known = { sender, hash: keccak256(bytes) }
    return { transaction: decodeKnownTransaction(bytes, chainId, known), record }
  })
}
