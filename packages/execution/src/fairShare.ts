import { bytesToHex } from '@openliquid/primitives'
import type { ReadAction } from './transactionReader.ts'

/** Shares of a sender in all maker volume, in millionths; `undefined` where no volumes are kept. */
export type MakerShare = (sender: Uint8Array) => number | undefined

const MILLION = 1_000_000
/** Times its share of maker volume that an address gets of a full block; docs/spec/hyperliquid.md §8.2. */
const SHARE_FACTOR = 2

/**
 * Puts those first that keep to their part of a block, for when not all fit: each address may fill twice its share of
 * maker volume, and one transaction in any case (own rule). What is beyond follows, both in the order they came.
 */
export function byFairShare(
  actions: readonly ReadAction[],
  bytesMax: number,
  makerShare: MakerShare,
): readonly ReadAction[] {
  const used = new Map<string, number>()
  const roomOf = new Map<string, number>()
  const [within, beyond]: [ReadAction[], ReadAction[]] = [[], []]
  for (const action of actions) {
    const sender = bytesToHex(action.sender)
    const room = roomOf.get(sender) ?? roomFor(makerShare(action.sender), bytesMax)
    roomOf.set(sender, room)
    const bytes = (used.get(sender) ?? 0) + action.bytes.length
    const isWithin = !used.has(sender) || bytes <= room
    if (isWithin) used.set(sender, bytes)
    ;(isWithin ? within : beyond).push(action)
  }
  return [...within, ...beyond]
}

function roomFor(sharePpm: number | undefined, bytesMax: number): number {
  return sharePpm === undefined
    ? bytesMax
    : Math.floor((SHARE_FACTOR * sharePpm * bytesMax) / MILLION)
}
