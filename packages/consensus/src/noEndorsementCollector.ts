import type { SignatureScheme } from '@openliquid/crypto'
import {
  assert,
  equalBytes,
  type NoEndorse,
  type NoEndorsementCertificate,
  noEndorseDigest,
  type SigningContext,
  type Verified,
  type View,
} from '@openliquid/primitives'
import type { CertificateVerifier } from './certificateVerifier.ts'
import type { Committee } from './committee.ts'

/**
 * Refusals to endorse the tip that the leader of one view asked for, unverified until a quorum stands together.
 *
 * @see docs/spec/consensus.md §12
 */
export class NoEndorsementCollector {
  readonly #committee: Committee
  readonly #context: SigningContext
  readonly #scheme: SignatureScheme
  readonly #verifier: CertificateVerifier
  readonly #view: View
  readonly #tipQCView: View
  readonly #refusals = new Map<number, NoEndorse>()

  constructor(options: {
    readonly committee: Committee
    readonly context: SigningContext
    readonly scheme: SignatureScheme
    readonly verifier: CertificateVerifier
    readonly view: View
    readonly tipQCView: View
  }) {
    this.#committee = options.committee
    this.#context = options.context
    this.#scheme = options.scheme
    this.#verifier = options.verifier
    this.#view = options.view
    this.#tipQCView = options.tipQCView
  }

  /** Keeps a refusal by a member: the first of a signer, or one that verifies where another came first. */
  add(refusal: NoEndorse): void {
    const { signature, signer, tipQCView, view } = refusal
    assert(this.#committee.has(signer), 'the signer is a member')
    if (view !== this.#view || tipQCView !== this.#tipQCView) return
    const known = this.#refusals.get(signer)
    if (known !== undefined && equalBytes(known.signature, signature)) return
    // Whoever forges another's refusal first must not be able to shut out the true one.
    if (known !== undefined && !this.#verifies(refusal)) return
    this.#refusals.set(signer, refusal)
  }

  /** Every refusal kept. */
  get all(): readonly NoEndorse[] {
    return [...this.#refusals.values()]
  }

  /** The certificate, if a quorum refuses; bad signatures found on the way are dropped. */
  certificate(): Verified<NoEndorsementCertificate> | undefined {
    while (this.#committee.isQuorum(this.#committee.stakeOf([...this.#refusals.keys()]))) {
      const { badSigners, signature, signers } = this.#scheme.aggregate(
        [...this.#refusals.values()].map((refusal) => ({
          signer: refusal.signer,
          publicKey: this.#committee.voteKeyOf(refusal.signer),
          signature: refusal.signature,
        })),
        this.#digest,
      )
      for (const signer of badSigners) this.#refusals.delete(signer)
      if (!this.#committee.isQuorum(this.#committee.stakeOf(signers))) continue
      return this.#verifier.admitAggregateNec({
        epoch: this.#committee.epoch,
        view: this.#view,
        tipQCView: this.#tipQCView,
        signers: this.#committee.bitmapOf(signers),
        signature,
      })
    }
    return undefined
  }

  get #digest(): Uint8Array {
    return noEndorseDigest(this.#context, this.#committee.epoch, this.#view, this.#tipQCView)
  }

  #verifies({ signer, signature }: NoEndorse): boolean {
    return this.#scheme.verify(this.#committee.voteKeyOf(signer), this.#digest, signature)
  }
}
