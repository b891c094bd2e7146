import {
  BLOCK_BYTES_MAX,
  BLOCK_TRANSACTIONS_MAX,
  type GenesisEvm,
  type Payload,
} from '@openliquid/primitives'
import { OFFSET_BYTES } from './checkPayload.ts'
import { mayCarryEvm } from './evmLanes.ts'
import { BLOCK_OVERHEAD_BYTES_MAX } from './limits.ts'
import type { Mempool, Selection } from './mempool.ts'

/** How much a payload may hold; the protocol's maxima if absent. */
export interface PayloadLimits {
  readonly bytesMax?: number
  /** Left free for evidence, which consensus puts in. */
  readonly evidenceBytes?: number
  /** Per section. */
  readonly transactionsMax?: number
}

export const EMPTY_PAYLOAD: Payload = { actions: [], evm: [], evidence: [] }

/** Takes what fits from the mempool: actions by arrival, then Ethereum transactions by tip when an EVM block is due. */
export function buildPayload(
  mempool: Mempool,
  selection: Selection,
  evm: GenesisEvm,
  limits: PayloadLimits,
): Payload {
  const transactionsMax = limits.transactionsMax ?? BLOCK_TRANSACTIONS_MAX
  const bytesMax = limits.bytesMax ?? BLOCK_BYTES_MAX - BLOCK_OVERHEAD_BYTES_MAX
  let bytesLeft = bytesMax - (limits.evidenceBytes ?? 0)
  const take = (transactions: Iterable<{ readonly bytes: Uint8Array }>): Uint8Array[] => {
    const taken: Uint8Array[] = []
    for (const { bytes } of transactions) {
      const cost = bytes.length + OFFSET_BYTES
      if (taken.length >= transactionsMax || cost > bytesLeft) break
      bytesLeft -= cost
      taken.push(bytes)
    }
    return taken
  }
  // Ethereum transactions go first: an EVM block comes once a period, actions go into any block. They may fill half.
  const whole = bytesLeft
  bytesLeft = Math.floor(whole / 2)
  const evmSection = mayCarryEvm(evm, selection.times) ? take(mempool.evm(selection)) : []
  bytesLeft += whole - Math.floor(whole / 2)
  const actions = take(mempool.actions(selection))
  return { actions, evm: evmSection, evidence: [] }
}
