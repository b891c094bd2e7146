import {
  type Height,
  type KeyValueStore,
  type Misbehavior,
  misbehaviorsCodec,
  type Write,
} from '@openliquid/primitives'
import { heightToBytes, metaKey } from '@openliquid/storage'

const NAME = 'misbehavior'
const FIRST = metaKey(NAME, heightToBytes(0n))
const END = metaKey(NAME, heightToBytes(0xffff_ffff_ffff_ffffn))

/** Part of a block's one batch: what its evidence convicted of. Consensus needs it back to punish nobody twice. */
export function misbehaviorWrites(height: Height, misbehavior: readonly Misbehavior[]): Write[] {
  if (misbehavior.length === 0) return []
  return [[metaKey(NAME, heightToBytes(height)), misbehaviorsCodec.encode(misbehavior)]]
}

/** What all executed blocks convicted of, in height order. Such blocks are rare, and consensus bounds their number. */
export async function readMisbehaviors(store: KeyValueStore): Promise<Misbehavior[]> {
  const all: Misbehavior[] = []
  for await (const [, value] of store.entries({ gte: FIRST, lt: END })) {
    all.push(...misbehaviorsCodec.decode(value))
  }
  return all
}
