import {
  type BlockHeader,
  bytesToUint,
  type Epoch,
  type EpochChange,
  epochChangeProofCodec,
  type Height,
  type KeyValueStore,
  uintToBytes,
  type Write,
} from '@openliquid/primitives'
import { heightToBytes, metaKey } from '@openliquid/storage'

const LOWEST_KEY = metaKey('base')
const REPUTATION_KEY = metaKey('baseReputation')
const CHANGE = 'epochChange'

/** What stands in for the blocks that a restored state has no more. */
export interface StateSyncBase {
  /** From here on all blocks are kept. */
  readonly lowestHeight: Height
  /** Leader schedule as of the restored height, as the consensus log holds it. */
  readonly reputation: Uint8Array
  /** The change out of an epoch that ended before the restored height. */
  changeOf(epoch: Epoch): EpochChange | undefined
  /** Header of the block that closed the epoch before `epoch`, of those epochs. */
  closingBeneath(epoch: Epoch): BlockHeader | undefined
}

/** Undefined in a store that holds the chain from its genesis block on. */
export function readStateSyncBase(store: Pick<KeyValueStore, 'get'>): StateSyncBase | undefined {
  const lowest = store.get(LOWEST_KEY)
  const reputation = store.get(REPUTATION_KEY)
  if (lowest === undefined || reputation === undefined) return undefined
  const changeOf = (epoch: Epoch): EpochChange | undefined => {
    const stored = store.get(changeKey(epoch))
    return stored === undefined ? undefined : epochChangeProofCodec.decode(stored).proofs[0]
  }
  return {
    lowestHeight: bytesToUint(lowest),
    reputation,
    changeOf,
    closingBeneath: (epoch) => changeOf(epoch - 1n)?.commit.path[0],
  }
}

export function baseWrites(base: {
  readonly lowestHeight: Height
  readonly reputation: Uint8Array
  readonly changes: readonly EpochChange[]
}): Write[] {
  return [
    [LOWEST_KEY, heightToBytes(base.lowestHeight)],
    [REPUTATION_KEY, base.reputation],
    ...base.changes.map(
      (change): Write => [
        changeKey(change.commit.qc.epoch),
        epochChangeProofCodec.encode({ proofs: [change] }),
      ],
    ),
  ]
}

function changeKey(epoch: Epoch): Uint8Array {
  return metaKey(CHANGE, uintToBytes(epoch, 8))
}
