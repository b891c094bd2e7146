import {
  type Block,
  type CommitProof,
  EPOCH_CHANGE_PROOFS_MAX,
  type Epoch,
  type EpochChange,
  type EpochChangeProof,
  epochChangeProofCodec,
  type Height,
  type ValidatorSet,
} from '@openliquid/primitives'
import { EPOCH_CHANGE_BYTES_MAX } from './limits.ts'
import { closingBeneath, type ExecutedChain } from './recovery.ts'

/** Where the changes of past epochs come from: the core for the newest, the executed chain for all others. */
export interface EpochSource {
  readonly height: Height
  readonly base?: NonNullable<ExecutedChain['base']>
  blockAt(height: Height): Block | undefined
  commitProofAt(height: Height): CommitProof | undefined
  validatorSetOf(epoch: Epoch): ValidatorSet | undefined
  /** `ConsensusCore.epochChange`. */
  epochChange(epoch: Epoch): EpochChange | undefined
}

/**
 * The way from an epoch towards the present: one change per epoch, as many as fit one message. Empty when there is
 * nothing to show.
 *
 * @see docs/spec/consensus.md §8
 */
export function answerEpochChange(fromEpoch: Epoch, source: EpochSource): EpochChangeProof {
  const proofs: EpochChange[] = []
  let bytes = 0
  for (let epoch = fromEpoch; proofs.length < EPOCH_CHANGE_PROOFS_MAX; epoch += 1n) {
    const change = source.epochChange(epoch) ?? storedChange(epoch, source)
    if (change === undefined) break
    bytes += epochChangeProofCodec.encode({ proofs: [change] }).length
    if (proofs.length > 0 && bytes > EPOCH_CHANGE_BYTES_MAX) break
    proofs.push(change)
  }
  return { proofs }
}

function storedChange(epoch: Epoch, source: EpochSource): EpochChange | undefined {
  const closing = source.height === 0n ? undefined : closingBeneath(epoch + 1n, source)
  const commit = closing === undefined ? undefined : source.commitProofAt(closing.height)
  const nextSet = source.validatorSetOf(epoch + 1n)
  return commit === undefined || nextSet === undefined ? undefined : { commit, nextSet }
}
