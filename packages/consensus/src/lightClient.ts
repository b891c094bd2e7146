import type { SignatureScheme } from '@openliquid/crypto'
import {
  blockHash,
  type CommitProof,
  type Epoch,
  type EpochChangeProof,
  type Fault,
  type Hash,
  type Height,
  type SigningContext,
  type ValidatorSet,
} from '@openliquid/primitives'
import { CertificateVerifier } from './certificateVerifier.ts'
import { Committee } from './committee.ts'
import { ignore, reject } from './errors.ts'
import { verifyCommitProof, verifyEpochChange } from './lightVerifier.ts'
import { LIGHT_EPOCHS_KEPT_MAX } from './limits.ts'

/** What a light client starts from. */
export interface LightClientOptions {
  readonly context: SigningContext
  /** As the genesis file names it. */
  readonly scheme: SignatureScheme
  /** From the genesis file, or from somebody who is trusted. */
  readonly trustedSet: ValidatorSet
  /** Block time at which that set was known to be in force. */
  readonly trustedAtMs: number
  /** 2/3 of the unbonding time: whoever signed longer ago may have nothing to lose any more. */
  readonly trustPeriodMs: number
}

/** A block that is committed, and the state its header vouches for. */
export interface ProvenBlock {
  readonly height: Height
  readonly blockHash: Hash
  readonly epoch: Epoch
  readonly timestampMs: number
  /** `stateRoot` is that of the state after this height, which a quorum compared with its own before it voted. */
  readonly executedHeight: Height
  readonly stateRoot: Hash
}

/**
 * Follows a chain by its proofs alone: from a trusted validator set through one change per epoch to the present, and
 * to any committed block and the state root in it, at one certificate verification per proof.
 *
 * Has neither clock nor network, and runs in a browser.
 * @see docs/spec/consensus.md §8 light client
 */
export class LightClient {
  readonly #options: LightClientOptions
  /** Ascending by epoch. */
  readonly #verifiers = new Map<Epoch, CertificateVerifier>()
  #newest: ValidatorSet
  #provenAtMs: number

  constructor(options: LightClientOptions) {
    this.#options = options
    this.#newest = options.trustedSet
    this.#provenAtMs = options.trustedAtMs
    this.#enter(options.trustedSet)
  }

  /** The newest epoch whose members are known. */
  get epoch(): Epoch {
    return this.#newest.epoch
  }

  /** Its members. */
  get validatorSet(): ValidatorSet {
    return this.#newest
  }

  /** Whether what is known is too old to trust proofs that begin there: a checkpoint from a trusted place is needed. */
  isTrustOver(nowMs: number): boolean {
    return nowMs > this.#provenAtMs + this.#options.trustPeriodMs
  }

  /** Goes on by a chain of epoch changes, as far as they are good; returns what is wrong with the first that is not. */
  follow({ proofs }: EpochChangeProof): Fault | undefined {
    for (const change of proofs) {
      const closing = change.commit.path[0]
      if (closing === undefined) return reject('OL_CONSENSUS_MALFORMED', 'a proof without headers')
      if (closing.epoch < this.epoch) continue
      const verifier = this.#verifiers.get(closing.epoch)
      if (verifier === undefined) {
        return ignore('OL_CONSENSUS_EPOCH', 'the chain of epoch changes has a gap')
      }
      if (!verifyEpochChange(change, verifier)) {
        return reject('OL_CONSENSUS_CERTIFICATE', 'an epoch change is not proven')
      }
      this.#enter(change.nextSet)
      this.#newest = change.nextSet
      this.#provenAtMs = Math.max(this.#provenAtMs, closing.timestampMs)
    }
    return undefined
  }

  /** The block that a proof shows to be committed; otherwise what is wrong with the proof. */
  verify(
    proof: CommitProof,
  ):
    | { readonly ok: true; readonly block: ProvenBlock }
    | { readonly ok: false; readonly fault: Fault } {
    const verifier = this.#verifiers.get(proof.qc.epoch)
    if (verifier === undefined) {
      const fault = ignore('OL_CONSENSUS_EPOCH', 'the members of the epoch are not known')
      return { ok: false, fault }
    }
    const header = proof.path[0]
    if (header === undefined || !verifyCommitProof(proof, verifier)) {
      return { ok: false, fault: reject('OL_CONSENSUS_CERTIFICATE', 'the commit is not proven') }
    }
    const { epoch, executedHeight, height, stateRoot, timestampMs } = header
    const hash = blockHash(header)
    const block = { height, blockHash: hash, epoch, timestampMs, executedHeight, stateRoot }
    return { ok: true, block }
  }

  #enter(set: ValidatorSet): void {
    const { context, scheme } = this.#options
    const committee = new Committee(set)
    this.#verifiers.set(set.epoch, new CertificateVerifier({ committee, context, scheme }))
    const [oldest] = this.#verifiers.keys()
    if (this.#verifiers.size > LIGHT_EPOCHS_KEPT_MAX && oldest !== undefined) {
      this.#verifiers.delete(oldest)
    }
  }
}
