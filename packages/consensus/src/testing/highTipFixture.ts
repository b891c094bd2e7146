import { nullScheme } from '@openliquid/crypto/testing'
import {
  type Block,
  blockHash,
  type NoEndorse,
  type NoEndorsementCertificate,
  noEndorseDigest,
  proposalDigest,
  type QuorumCertificate,
  type TimeoutCertificate,
  type TimeoutVote,
  type Tip,
  timeoutDigest,
  type View,
} from '@openliquid/primitives'
import { CertificateVerifier } from '../certificateVerifier.ts'
import { highestGroup, highViewsOf, tipOf } from '../highTip.ts'
import { tcHashOf } from '../safetyRules.ts'
import type { Fixture } from './fixture.ts'

type Extended = Tip | QuorumCertificate

/** What the validators of a fixture would sign on a chain with tail-fork resistance. */
export class HighTipFixture {
  readonly verifier: CertificateVerifier
  readonly #fixture: Fixture

  constructor(fixture: Fixture) {
    this.#fixture = fixture
    this.verifier = new CertificateVerifier({
      committee: fixture.committee,
      context: fixture.context,
      scheme: nullScheme,
      epochGenesisQC: fixture.genesisQC,
      tipScheme: { ...nullScheme, verify: verifyPadded },
    })
  }

  /** As the author of the block proposed it. */
  tip({ header }: Block, tc?: TimeoutCertificate, nec?: NoEndorsementCertificate): Tip {
    const tcHash = tcHashOf(tc)
    const { epoch, proposer, view } = header
    const digest = proposalDigest(this.#fixture.context, epoch, view, blockHash(header), tcHash)
    const signature = signPadded(this.#fixture.secretOf(proposer), digest)
    return tipOf(header, { tc, tcHash, nec, signature })
  }

  timeout(
    signer: number,
    view: View,
    highQC: QuorumCertificate,
    extra: Pick<Partial<TimeoutVote>, 'lastTC' | 'vote' | 'highTip'> = {},
  ): TimeoutVote {
    const { highQCView, highTipView } = highViewsOf({ highQC, ...extra }, true)
    const digest = timeoutDigest(this.#fixture.context, 1n, view, highQCView, highTipView)
    const signature = nullScheme.sign(this.#fixture.secretOf(signer), digest)
    return { epoch: 1n, view, highQC, ...extra, signer, signature }
  }

  /** Groups by what their signers extend; the highest one's is the TC's. */
  tc(
    view: View,
    claims: readonly (readonly [extended: Extended, signers: readonly number[]])[],
  ): TimeoutCertificate {
    const { context } = this.#fixture
    const groups = claims.map(([extended, signers]) => {
      const { highQCView, highTipView = 0n } = viewsOf(extended)
      const digest = timeoutDigest(context, 1n, view, highQCView, highTipView)
      return { highQCView, highTipView, ...this.#fixture.aggregate(signers, digest) }
    })
    const top = highestGroup(groups)
    const [highest] = claims[groups.indexOf(top as (typeof groups)[number])] ?? []
    if (highest === undefined) throw new Error('a TC has groups')
    return {
      epoch: 1n,
      view,
      groups: [...groups].sort((a, b) =>
        a.highQCView === b.highQCView
          ? Number(a.highTipView - b.highTipView)
          : Number(a.highQCView - b.highQCView),
      ),
      ...('header' in highest
        ? { highQC: highest.header.qc, highTip: highest }
        : { highQC: highest }),
    }
  }

  noEndorse(signer: number, view: View, tipQCView: View): NoEndorse {
    const digest = noEndorseDigest(this.#fixture.context, 1n, view, tipQCView)
    const signature = nullScheme.sign(this.#fixture.secretOf(signer), digest)
    return { epoch: 1n, view, tipQCView, signer, signature }
  }

  nec(view: View, tipQCView: View, signers: readonly number[]): NoEndorsementCertificate {
    const digest = noEndorseDigest(this.#fixture.context, 1n, view, tipQCView)
    return { epoch: 1n, view, tipQCView, ...this.#fixture.aggregate(signers, digest) }
  }
}

function viewsOf(extended: Extended): { readonly highQCView: View; readonly highTipView?: View } {
  return 'header' in extended
    ? { highQCView: extended.header.qc.view, highTipView: extended.header.view }
    : { highQCView: extended.view }
}

/** Proposals carry signatures of exactly 64 bytes. */
export function signPadded(secret: Uint8Array, digest: Uint8Array): Uint8Array {
  const padded = new Uint8Array(64)
  padded.set(nullScheme.sign(secret, digest))
  return padded
}

export function verifyPadded(key: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean {
  return nullScheme.verify(key, digest, signature.slice(0, 32))
}
