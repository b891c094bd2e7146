import {
  BLOCK_BYTES_MAX,
  BLOCK_TRANSACTIONS_MAX,
  type GenesisEvm,
  type Payload,
} from '@openliquid/primitives'
import { OFFSET_BYTES } from './checkPayload.ts'
import { mayCarryEvm } from './evmLanes.ts'
import { byFairShare, type MakerShare } from './fairShare.ts'
import { BLOCK_OVERHEAD_BYTES_MAX } from './limits.ts'
import type { Mempool, Selection } from './mempool.ts'
import type { ReadAction } from './transactionReader.ts'

/** How much a payload may hold; the protocol's maxima if absent. */
export interface PayloadLimits {
  readonly bytesMax?: number
  /** Left free for evidence, which consensus puts in. */
  readonly evidenceBytes?: number
  /** Per section. */
  readonly transactionsMax?: number
}

/** Times a block that is looked through for one that is fairer: bounds what a full mempool costs the leader. */
const FAIR_CHOICE_FACTOR = 4

export const EMPTY_PAYLOAD: Payload = { actions: [], evm: [], evidence: [] }

/**
 * Takes what fits from the mempool: actions by arrival, then Ethereum transactions by tip when an EVM block is due. When
 * not all actions fit, addresses that keep to their share go first, and the payload is in order of arrival all the same.
 */
export function buildPayload(
  mempool: Mempool,
  selection: Selection,
  evm: GenesisEvm,
  limits: PayloadLimits,
  makerShare: MakerShare = () => undefined,
): Payload {
  const transactionsMax = limits.transactionsMax ?? BLOCK_TRANSACTIONS_MAX
  const bytesMax = limits.bytesMax ?? BLOCK_BYTES_MAX - BLOCK_OVERHEAD_BYTES_MAX
  let bytesLeft = bytesMax - (limits.evidenceBytes ?? 0)
  const take = <T extends { readonly bytes: Uint8Array }>(transactions: Iterable<T>): T[] => {
    const taken: T[] = []
    for (const transaction of transactions) {
      const cost = transaction.bytes.length + OFFSET_BYTES
      if (taken.length >= transactionsMax || cost > bytesLeft) break
      bytesLeft -= cost
      taken.push(transaction)
    }
    return taken
  }
  // Ethereum transactions go first: an EVM block comes once a period, actions go into any block. They may fill half.
  const whole = bytesLeft
  bytesLeft = Math.floor(whole / 2)
  const evmSection = mayCarryEvm(evm, selection.times) ? take(mempool.evm(selection)) : []
  bytesLeft += whole - Math.floor(whole / 2)
  const room = bytesLeft
  let actions = take(mempool.actions(selection))
  const [first] = actions
  if (first !== undefined && makerShare(first.sender) !== undefined) {
    const waiting = firstOf(mempool.actions(selection), FAIR_CHOICE_FACTOR * room)
    if (waiting.length > actions.length) {
      bytesLeft = room
      const kept = new Set(take(byFairShare(waiting, room, makerShare)))
      actions = waiting.filter((action) => kept.has(action))
    }
  }
  return { actions: actions.map(bytesOf), evm: evmSection.map(bytesOf), evidence: [] }
}

/** The first of a list that have so many bytes together. */
function firstOf(actions: Iterable<ReadAction>, bytesMax: number): ReadAction[] {
  const found: ReadAction[] = []
  let bytes = 0
  for (const action of actions) {
    bytes += action.bytes.length
    if (bytes > bytesMax) break
    found.push(action)
  }
  return found
}

function bytesOf({ bytes }: { readonly bytes: Uint8Array }): Uint8Array {
  return bytes
}
