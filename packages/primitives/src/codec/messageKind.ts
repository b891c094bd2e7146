/** First byte of every message between nodes; docs/wire.md. */
export const MESSAGE_KIND = {
  proposal: 1,
  vote: 2,
  timeout: 3,
  advanceView: 4,
  epochChange: 5,
  transactions: 6,
  evidence: 7,
  announcement: 8,
  roundRecovery: 9,
  tipBlock: 10,
  noEndorse: 11,
  getBlocks: 16,
  getBlockByHash: 17,
  getSnapshotOffers: 18,
  getSnapshotChunk: 19,
  getEpochChange: 20,
} as const
export type MessageKind = (typeof MESSAGE_KIND)[keyof typeof MESSAGE_KIND]
