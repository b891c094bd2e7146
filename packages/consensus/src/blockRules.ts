import {
  BLOCK_BYTES_MAX,
  BLOCK_TRANSACTIONS_MAX,
  type Block,
  type BlockHeader,
  type Epoch,
  EXECUTION_LAG_MAX,
  equalBytes,
  type Fault,
  FLAG_EPOCH_CLOSING,
  FLAG_EPOCH_SUFFIX,
  type Payload,
  payloadRoot,
} from '@openliquid/primitives'
import type { BlockNode } from './blockTree.ts'
import type { Committee } from './committee.ts'
import { reject } from './errors.ts'
import { checkEvidenceAlone } from './evidenceRules.ts'

const OFFSET_BYTES = 4
const LAG_MAX = BigInt(EXECUTION_LAG_MAX)
/** Of an encoded header with an empty bitmap and signature in its QC. */
const HEADER_BYTES = 273

/** What all blocks of an epoch have in common. */
export interface BlockRules {
  readonly version: number
  readonly chainId: bigint
  readonly committee: Committee
  /** epochStart + epochDuration: from here on a block must be EPOCH_CLOSING (B9). */
  readonly epochEndMs: number
  /** §12: a block may be certified in a later view than its own. */
  readonly highTip: boolean
}

/**
 * Rules of validity that need the block alone: B1, B2 except the height, B6 except duplicates, B9 as far as it can be seen.
 *
 * @see docs/spec/consensus.md §3
 */
export function checkBlockAlone(block: Block, rules: BlockRules): Fault | undefined {
  const { header, payload } = block
  const { committee } = rules
  if (header.version !== rules.version) return malformed('version')
  if (header.chainId !== rules.chainId) return malformed('chainId')
  if (header.epoch !== committee.epoch) return malformed('epoch')
  if (!equalBytes(header.validatorSetHash, committee.hash)) return malformed('validatorSetHash')
  if (!committee.has(header.proposer)) return malformed('proposer')
  if (header.height < 1n) return malformed('height')

  if (!equalBytes(header.qc.blockHash, header.parentHash)) return malformed('parentHash')
  if (header.qc.epoch !== header.epoch) return malformed('epoch of the QC')
  if (header.qc.view >= header.view) return malformed('view of the QC')

  // B9: which flag belongs there is said by the parent and the time; here only what each flag brings with it.
  if (
    header.flags !== 0 &&
    header.flags !== FLAG_EPOCH_CLOSING &&
    header.flags !== FLAG_EPOCH_SUFFIX
  ) {
    return malformed('flags')
  }
  const namesOwnSet = equalBytes(header.nextValidatorSetHash, committee.hash)
  if (header.flags !== FLAG_EPOCH_CLOSING && !namesOwnSet) return malformed('nextValidatorSetHash')
  if (header.flags === FLAG_EPOCH_SUFFIX && !isEmptyPayload(payload)) {
    return malformed('payload of a suffix block')
  }
  return checkPayload(header, payload)
}

/**
 * Rules of validity that need the parent: B2 height, B5 lower bound, B6 execution lag, B7 executedHeight, B9.
 *
 * @see docs/spec/consensus.md §3
 */
export function checkBlockInBranch(
  { header, payload }: Block,
  parent: BlockNode,
  rules: Pick<BlockRules, 'epochEndMs' | 'highTip'>,
): Fault | undefined {
  const begins = parent.header.epoch !== header.epoch
  if (header.height !== parent.header.height + 1n) return invalid('height')
  // Views are compared within one epoch only: the block an epoch grows on counts as of view 0.
  const parentView = begins ? 0n : parent.header.view
  // §12: the QC of a re-proposed parent is of the view it was re-proposed in.
  const isOfParent =
    rules.highTip && !begins ? header.qc.view >= parentView : header.qc.view === parentView
  if (!isOfParent) return invalid('the QC is of another view')
  if (header.timestampMs <= parent.header.timestampMs) return invalid('timestampMs')
  if (header.executedHeight !== parent.committedHeight) return invalid('executedHeight')
  if (header.flags !== flagsOf(header, parent.header, rules)) return invalid('flags')
  if (mustBeEmpty(header) && !isEmptyPayload(payload)) return invalid('payload beyond the lag')
  return undefined
}

/** B6: so much is unexecuted that the block may bring nothing new. */
export function mustBeEmpty(header: Pick<BlockHeader, 'height' | 'executedHeight'>): boolean {
  return header.height - header.executedHeight > LAG_MAX
}

export function isEmptyPayload({ actions, evm, evidence }: Payload): boolean {
  return actions.length === 0 && evm.length === 0 && evidence.length === 0
}

/** B9: the flags of a child of `parent` at that time. Headers alone decide, nobody's discretion. */
export function flagsOf(
  { epoch, timestampMs }: Pick<BlockHeader, 'epoch' | 'timestampMs'>,
  parent: BlockHeader,
  { epochEndMs }: Pick<BlockRules, 'epochEndMs'>,
): number {
  if (endsEpoch(parent, epoch)) return FLAG_EPOCH_SUFFIX
  return timestampMs >= epochEndMs ? FLAG_EPOCH_CLOSING : 0
}

/** Whether a block and all that grows on it in this epoch are the end of the epoch. */
export function endsEpoch(header: BlockHeader, epoch: Epoch): boolean {
  return header.epoch === epoch && header.flags !== 0
}

function checkPayload(header: BlockHeader, payload: Payload): Fault | undefined {
  const { actions, evm, evidence } = payload
  const evidenceFault = evidence.length === 0 ? undefined : checkEvidenceAlone(evidence)
  if (evidenceFault !== undefined) return evidenceFault
  if (actions.length + evm.length > BLOCK_TRANSACTIONS_MAX) return malformed('transaction count')
  if (encodedBytes(header, payload) > BLOCK_BYTES_MAX) return malformed('block size')
  return equalBytes(payloadRoot(payload), header.payloadRoot) ? undefined : malformed('payloadRoot')
}

/** Size of the encoded block, without encoding the payload: SSZ puts a 4-byte offset before each part of variable size. */
export function encodedBytes(header: Pick<BlockHeader, 'qc'>, payload: Payload): number {
  const { actions, evm, evidence } = payload
  const parts = 2 + 3 + actions.length + evm.length + evidence.length
  return headerBytes(header) + OFFSET_BYTES * parts + payloadBytes(payload)
}

function headerBytes({ qc }: Pick<BlockHeader, 'qc'>): number {
  return HEADER_BYTES + qc.signers.length + qc.signature.length
}

/** Bytes of transactions and evidence, without the frame around them. */
export function payloadBytes({ actions, evm, evidence }: Payload): number {
  let size = 0
  for (const section of [actions, evm, evidence]) for (const bytes of section) size += bytes.length
  return size
}

function malformed(what: string): Fault {
  return reject('OL_CONSENSUS_MALFORMED', what)
}

function invalid(what: string): Fault {
  return reject('OL_CONSENSUS_INVALID_BLOCK', what)
}
