import {
  ByteListType,
  ByteVectorType,
  ContainerType,
  ListCompositeType,
  UintBigintType,
  UintNumberType,
  type ValueOf,
} from '@chainsafe/ssz'
import {
  SNAPSHOT_CHUNK_BYTES_MAX,
  SNAPSHOT_CHUNKS_MAX,
  SNAPSHOT_HEADERS_MAX,
  SNAPSHOT_OFFERS_BYTES_MAX,
  SNAPSHOT_OFFERS_MAX,
  SNAPSHOT_PARTS_BYTES_MAX,
  SNAPSHOT_REPUTATION_BYTES_MAX,
} from '../types/limits.ts'
import type {
  GetSnapshotChunk,
  SnapshotChunk,
  SnapshotManifest,
  SnapshotOffer,
  SnapshotOffers,
  SnapshotParts,
} from '../types/snapshot.ts'
import { blockHeaderCodec } from './blockHeaderCodec.ts'
import { bytesToUint, uintToBytes } from './bytes.ts'
import { type Codec, sszCodec } from './codec.ts'
import { commitProofCodec } from './codecs.ts'
import { malformed } from './malformed.ts'

const u16 = new UintNumberType(2)
const u32 = new UintNumberType(4)
const u64 = new UintBigintType(8)
const bytes20 = new ByteVectorType(20)
const bytes32 = new ByteVectorType(32)

/** Entries of a chunk are bounded by its bytes; these counts only bound what a decoder may allocate. */
const ENTRIES = 65_536
/** No path of the Core's tree is longer than its longest key has bits. */
const STEPS = 2_040
/** A node of a trie, and as many as a path can have. */
const nodes = new ListCompositeType(new ByteListType(1_024), 64)

const Step = new ContainerType({ bit: u16, outside: bytes32 })
const steps = new ListCompositeType(Step, STEPS)
const CoreChunkSsz = new ContainerType({
  entries: new ListCompositeType(
    new ContainerType({
      key: new ByteListType(255),
      value: new ByteListType(SNAPSHOT_CHUNK_BYTES_MAX),
    }),
    ENTRIES,
  ),
  left: steps,
  right: steps,
})
const slots = new ListCompositeType(
  new ContainerType({ slot: bytes32, value: new ByteListType(32) }),
  ENTRIES,
)
const AccountSsz = new ContainerType({
  address: bytes20,
  nonce: u64,
  balance: bytes32,
  storageRoot: bytes32,
  codeHash: bytes32,
  slots,
})
const AccountChunkSsz = new ContainerType({
  accounts: new ListCompositeType(AccountSsz, ENTRIES),
  codes: new ListCompositeType(new ByteListType(SNAPSHOT_CHUNK_BYTES_MAX), ENTRIES),
  left: nodes,
  right: nodes,
})
const SlotChunkSsz = new ContainerType({
  account: AccountSsz,
  proof: nodes,
  slots,
  left: nodes,
  right: nodes,
})
const EvmBlocksSsz = new ListCompositeType(new ByteListType(SNAPSHOT_CHUNK_BYTES_MAX), 256)
/** Exactly one of them is there. */
const ChunkSsz = new ContainerType({
  core: new ListCompositeType(CoreChunkSsz, 1),
  accounts: new ListCompositeType(AccountChunkSsz, 1),
  slots: new ListCompositeType(SlotChunkSsz, 1),
  evmBlocks: new ListCompositeType(EvmBlocksSsz, 1),
})

const PartsSsz = new ContainerType({
  coreRoot: bytes32,
  evmBlock: new ByteListType(SNAPSHOT_PARTS_BYTES_MAX),
  baseFees: new ListCompositeType(bytes32, 16),
  validatorSetHash: bytes32,
})

const ManifestSsz = new ContainerType({
  height: u64,
  stateRoot: bytes32,
  parts: new ByteListType(SNAPSHOT_PARTS_BYTES_MAX),
  reputation: new ByteListType(SNAPSHOT_REPUTATION_BYTES_MAX),
  chunks: new ListCompositeType(bytes32, SNAPSHOT_CHUNKS_MAX),
})
const OffersSsz = new ContainerType({
  offers: new ListCompositeType(
    new ContainerType({
      manifest: ManifestSsz,
      headers: new ListCompositeType(new ByteListType(65_536), SNAPSHOT_HEADERS_MAX),
      certified: new ByteListType(SNAPSHOT_OFFERS_BYTES_MAX),
    }),
    SNAPSHOT_OFFERS_MAX,
  ),
})
const GetChunkSsz = new ContainerType({ height: u64, index: u32 })

type Mutable<T> = T extends Uint8Array
  ? T
  : T extends readonly (infer E)[]
    ? Mutable<E>[]
    : T extends object
      ? { -readonly [K in keyof T]: Mutable<T[K]> }
      : T

/** The library's types want lists that may be changed; it does not change them. */
function mutable<T>(value: T): Mutable<T> {
  return value as Mutable<T>
}

function chunkToSsz(chunk: SnapshotChunk): ValueOf<typeof ChunkSsz> {
  const empty: ValueOf<typeof ChunkSsz> = { core: [], accounts: [], slots: [], evmBlocks: [] }
  switch (chunk.kind) {
    case 'core':
      return { ...empty, core: [mutable(chunk.core)] }
    case 'accounts':
      return { ...empty, accounts: [mutable(chunk.accounts)] }
    case 'slots':
      return { ...empty, slots: [mutable(chunk.slots)] }
    default:
      return { ...empty, evmBlocks: [mutable(chunk.blocks)] }
  }
}

function chunkFromSsz(value: ValueOf<typeof ChunkSsz>): SnapshotChunk {
  const [core] = value.core
  const [accounts] = value.accounts
  const [slotChunk] = value.slots
  const [blocks] = value.evmBlocks
  const count = [core, accounts, slotChunk, blocks].filter((one) => one !== undefined).length
  if (count === 1) {
    if (core !== undefined) return { kind: 'core', core }
    if (accounts !== undefined) return { kind: 'accounts', accounts }
    if (slotChunk !== undefined) return { kind: 'slots', slots: slotChunk }
    if (blocks !== undefined) return { kind: 'evmBlocks', blocks }
  }
  throw malformed('snapshot chunk', `${count} kinds in one`)
}

/** One piece of a state. */
export const snapshotChunkCodec: Codec<SnapshotChunk> = sszCodec(
  'snapshot chunk',
  ChunkSsz,
  SNAPSHOT_CHUNK_BYTES_MAX,
  { toSsz: chunkToSsz, fromSsz: chunkFromSsz },
)

export const snapshotPartsCodec: Codec<SnapshotParts> = sszCodec(
  'parts of a state root',
  PartsSsz,
  SNAPSHOT_PARTS_BYTES_MAX,
  {
    toSsz: ({ baseFees, ...rest }) => ({
      ...rest,
      baseFees: baseFees.map((fee) => uintToBytes(fee, 32)),
    }),
    fromSsz: ({ baseFees, ...rest }) => ({ ...rest, baseFees: baseFees.map(bytesToUint) }),
  },
)

export const snapshotManifestCodec: Codec<SnapshotManifest> = sszCodec(
  'snapshot manifest',
  ManifestSsz,
  SNAPSHOT_OFFERS_BYTES_MAX,
  { toSsz: (manifest) => mutable(manifest), fromSsz: (manifest): SnapshotManifest => manifest },
)

export const snapshotOffersCodec: Codec<SnapshotOffers> = sszCodec(
  'snapshot offers',
  OffersSsz,
  SNAPSHOT_OFFERS_BYTES_MAX,
  {
    toSsz: ({ offers }) => ({
      offers: offers.map(({ manifest, headers, certified }) => ({
        manifest: mutable(manifest),
        headers: headers.map((header) => blockHeaderCodec.encode(header)),
        certified: commitProofCodec.encode(certified),
      })),
    }),
    fromSsz: ({ offers }) => ({
      offers: offers.map(
        ({ manifest, headers, certified }): SnapshotOffer => ({
          manifest,
          headers: headers.map((bytes) => blockHeaderCodec.decode(bytes)),
          certified: commitProofCodec.decode(certified),
        }),
      ),
    }),
  },
)

export const getSnapshotChunkCodec: Codec<GetSnapshotChunk> = sszCodec(
  'request of a snapshot chunk',
  GetChunkSsz,
  64,
  { toSsz: (request) => request, fromSsz: (request) => request },
)
