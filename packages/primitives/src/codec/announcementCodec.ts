import { ByteListType, ContainerType } from '@chainsafe/ssz'
import { ANNOUNCEMENT_BYTES_MAX, BLOCK_TRANSACTIONS_MAX } from '../types/limits.ts'
import type { Announcement } from '../types/messages.ts'
import { type Codec, sszCodec } from './codec.ts'
import { proposalCodec } from './codecs.ts'
import { malformed } from './malformed.ts'

/** Bytes of an id in an announcement: the first of the transaction's id. */
export const ANNOUNCED_ID_BYTES = 8
const ids = new ByteListType(BLOCK_TRANSACTIONS_MAX * ANNOUNCED_ID_BYTES)

const AnnouncementSsz = new ContainerType({
  proposal: new ByteListType(ANNOUNCEMENT_BYTES_MAX),
  actionIds: ids,
  evmIds: ids,
})

/** Announcement of a large block; docs/spec/consensus.md §2, docs/wire.md. */
export const announcementCodec: Codec<Announcement> = sszCodec(
  'announcement',
  AnnouncementSsz,
  ANNOUNCEMENT_BYTES_MAX,
  {
    toSsz: ({ proposal, actionIds, evmIds }) => ({
      proposal: proposalCodec.encode(proposal),
      actionIds,
      evmIds,
    }),
    fromSsz: ({ proposal: bytes, actionIds, evmIds }) => {
      const proposal = proposalCodec.decode(bytes)
      const { actions, evm } = proposal.block.payload
      if (actions.length + evm.length > 0) throw malformed('announcement', 'it holds transactions')
      if ((actionIds.length | evmIds.length) % ANNOUNCED_ID_BYTES !== 0) {
        throw malformed('announcement', 'an id is cut')
      }
      return { proposal, actionIds, evmIds }
    },
  },
)
