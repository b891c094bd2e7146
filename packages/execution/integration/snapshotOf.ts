import { type Block, type SnapshotManifest, validatorSetHash } from '@openliquid/primitives'
import type { LevelStore } from '@openliquid/storage'
import { type Application, makeSnapshot, type RestoreTarget } from '../src/index.ts'

/** What a node that joins gets of another's state. */
export interface Snapshot {
  readonly manifest: SnapshotManifest
  readonly target: RestoreTarget
  readonly chunks: readonly Uint8Array[]
}

/** The state of an application as it is now. @param meanwhile - runs while the pieces are made */
export async function snapshotOf(
  application: Application,
  store: LevelStore,
  meanwhile: () => Promise<unknown> = async () => undefined,
): Promise<Snapshot> {
  const snapshot = store.snapshot()
  const { height } = application.head
  await meanwhile()
  const chunks: Uint8Array[] = []
  const manifest = await makeSnapshot(snapshot, {
    validatorSetHash: validatorSetHash(application.validatorSet),
    reputation: Uint8Array.of(7),
    put: async (index, bytes) => {
      if (index !== chunks.length) throw new Error(`piece ${index} comes out of turn`)
      chunks.push(bytes)
    },
  })
  await snapshot.close()
  const blocks = [height - 1n, height].map((at) => application.blocks.blockAt(at) as Block)
  const target = {
    manifest,
    headers: blocks.map(({ header }) => header),
    blocks,
    changes: [],
    genesisStateRoot: application.genesisBlock.header.stateRoot,
  }
  return { manifest, target, chunks }
}
