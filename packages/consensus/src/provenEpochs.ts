import type { SignatureScheme } from '@openliquid/crypto'
import {
  type Block,
  type BlockHeader,
  blockHash,
  type Epoch,
  type EpochChange,
  epochGenesisQC,
  equalBytes,
  FLAG_EPOCH_CLOSING,
  type SigningContext,
  type SnapshotManifest,
  type SnapshotOffer,
  type ValidatorSet,
} from '@openliquid/primitives'
import { CertificateVerifier } from './certificateVerifier.ts'
import { committedInBranch } from './committedInBranch.ts'
import { Committee } from './committee.ts'
import { ConsensusError } from './errors.ts'
import { verifyCommitProof, verifyEpochChange } from './lightVerifier.ts'
import { decodeReputation } from './reputationCodec.ts'

/** What the proof of all epochs begins with. */
export interface EpochRoots {
  readonly context: SigningContext
  readonly scheme: SignatureScheme
  readonly genesis: Block
  /** Of the first epoch. */
  readonly validatorSet: ValidatorSet
  /** A block known from elsewhere: the validators of its epoch must be those that its header names. */
  readonly checkpoint?: BlockHeader
}

interface ProvenEpoch {
  readonly committee: Committee
  readonly verifier: CertificateVerifier
}

/**
 * The epochs whose validators are proven, one by the one before, and what can be judged by that: the offer of a state
 * is only as good as the set that certified it.
 *
 * @see docs/spec/consensus.md §8 state sync, weak subjectivity
 */
export class ProvenEpochs {
  readonly #roots: EpochRoots
  readonly #epochs = new Map<Epoch, ProvenEpoch>()
  readonly #changes: EpochChange[] = []
  #newest: Epoch

  constructor(roots: EpochRoots) {
    this.#roots = roots
    this.#newest = roots.validatorSet.epoch
    this.#addSet(roots.validatorSet, roots.genesis.header)
  }

  get newest(): Epoch {
    return this.#newest
  }

  /** From the first epoch on, without a gap. */
  get changes(): readonly EpochChange[] {
    return this.#changes
  }

  has(epoch: Epoch): boolean {
    return this.#epochs.has(epoch)
  }

  /** Whether a change is the next one that is missing. */
  wants({ commit }: EpochChange): boolean {
    const { epoch } = commit.qc
    return this.has(epoch) && !this.has(epoch + 1n)
  }

  /** Takes the next change in; returns what is wrong with it. */
  add(change: EpochChange): string | undefined {
    const closing = change.commit.path[0]
    const known = this.#epochs.get(change.commit.qc.epoch)
    if (
      closing === undefined ||
      known === undefined ||
      !verifyEpochChange(change, known.verifier)
    ) {
      return 'a change of the validator set is not proven'
    }
    if (!this.#fitsCheckpoint(change.nextSet, closing)) {
      return 'the chain of validator sets does not contain the trusted checkpoint'
    }
    this.#changes.push(change)
    this.#addSet(change.nextSet, closing)
    return undefined
  }

  /** Of the epoch that grows on a block. */
  setAbove({ epoch, flags }: BlockHeader): ValidatorSet | undefined {
    return this.#epochs.get(flags === FLAG_EPOCH_CLOSING ? epoch + 1n : epoch)?.committee.set
  }

  /** What is wrong with an offer of a proven epoch. */
  refusalOf(offer: SnapshotOffer): string | undefined {
    const { certified, manifest } = offer
    const { checkpoint } = this.#roots
    // Those who validated before the checkpoint may have left since, and could go on as if it had never been. Below it
    // this does not matter: the blocks up to the checkpoint come one by one, and one of them must be it.
    const isBeyond = checkpoint !== undefined && manifest.height >= checkpoint.height
    if (isBeyond && certified.qc.epoch < checkpoint.epoch) {
      return 'a state above the trusted checkpoint is of an epoch before it'
    }
    return this.#isCertified(offer) ? undefined : 'the root of an offered state is not certified'
  }

  /** Whether the holders of these keys have at least a third of the stake in the epoch that certified the state. */
  isVouched({ certified }: SnapshotOffer, nodeKeys: readonly Uint8Array[]): boolean {
    const committee = this.#epochs.get(certified.qc.epoch)?.committee
    if (committee === undefined) return false
    const vouching = committee.set.validators.filter(({ nodeKey }) =>
      nodeKeys.some((key) => equalBytes(key, nodeKey)),
    )
    return committee.isBlockingSet(committee.stakeOf(vouching.map(({ index }) => index)))
  }

  /** A quorum certified the root, and the headers lead from the certifying block down to the height and below. */
  #isCertified({ certified, headers, manifest }: SnapshotOffer): boolean {
    const verifier = this.#epochs.get(certified.qc.epoch)?.verifier
    const naming = certified.path[0]
    if (verifier === undefined || naming === undefined) return false
    if (naming.executedHeight !== manifest.height) return false
    if (!equalBytes(naming.stateRoot, manifest.stateRoot)) return false
    let above: BlockHeader = naming
    for (const header of [...headers].reverse()) {
      if (header.height + 1n !== above.height) return false
      if (!equalBytes(blockHash(header), above.parentHash)) return false
      above = header
    }
    const top = headers.find(({ height }) => height === manifest.height)
    const below = headers.find(({ height }) => height === manifest.height - 1n)
    if (top === undefined || below === undefined) return false
    if (headers[0]?.height !== committedInBranch(top, below)) return false
    return isReputationOf(manifest, top.epoch) && verifyCommitProof(certified, verifier)
  }

  #addSet(set: ValidatorSet, base: BlockHeader): void {
    const committee = new Committee(set)
    const { context, scheme } = this.#roots
    const genesisQC = epochGenesisQC(set.epoch, blockHash(base), committee.size)
    const options = { committee, context, scheme, epochGenesisQC: genesisQC }
    this.#epochs.set(set.epoch, { committee, verifier: new CertificateVerifier(options) })
    this.#newest = set.epoch
  }

  /** The checkpoint's header names the validators of its epoch: only a chain with these is the one that is trusted. */
  #fitsCheckpoint(nextSet: ValidatorSet, closing: BlockHeader): boolean {
    const { checkpoint } = this.#roots
    if (checkpoint === undefined || checkpoint.epoch !== nextSet.epoch) return true
    return equalBytes(closing.nextValidatorSetHash, checkpoint.validatorSetHash)
  }
}

function isReputationOf({ height, reputation }: SnapshotManifest, epoch: Epoch): boolean {
  try {
    const state = decodeReputation(reputation)
    return state.height === height && state.epoch === epoch
  } catch (error) {
    if (error instanceof ConsensusError) return false
    throw error
  }
}
