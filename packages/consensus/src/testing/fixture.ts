import { bitmapFromSigners } from '@openliquid/crypto'
import { nullScheme } from '@openliquid/crypto/testing'
import {
  type Block,
  type BlockHeader,
  blockHash,
  epochGenesisQC,
  type Hash,
  type Payload,
  payloadRoot,
  type QuorumCertificate,
  type SigningContext,
  sha256,
  type TimeoutCertificate,
  type TimeoutVote,
  timeoutDigest,
  uintToBytes,
  type ValidatorSet,
  type View,
  type Vote,
  voteDigest,
} from '@openliquid/primitives'
import { CertificateVerifier } from '../certificateVerifier.ts'
import { Committee } from '../committee.ts'
import type { EpochRoots } from '../provenEpochs.ts'

export const EMPTY_PAYLOAD: Payload = { actions: [], evm: [], evidence: [] }

/** Validators with keyed-hash signatures, and ways to make what they would sign. */
export class Fixture {
  readonly context: SigningContext = { chainId: 1_998, genesisHash: sha256(Uint8Array.of(1)) }
  readonly set: ValidatorSet
  readonly committee: Committee
  readonly verifier: CertificateVerifier
  readonly genesis: Block
  readonly genesisQC: QuorumCertificate

  constructor(stakes: readonly bigint[]) {
    this.set = {
      epoch: 1n,
      validators: stakes.map((stake, index) => ({
        index,
        address: uintToBytes(index + 1, 20),
        stake,
        voteKey: nullScheme.publicKeyOf(this.secretOf(index)),
        nodeKey: nullScheme.publicKeyOf(this.secretOf(index)),
      })),
      totalStake: stakes.reduce((sum, stake) => sum + stake, 0n),
    }
    this.committee = new Committee(this.set)
    this.genesis = {
      header: {
        version: 1,
        chainId: 1_998n,
        epoch: 1n,
        view: 0n,
        height: 0n,
        parentHash: this.context.genesisHash,
        qc: epochGenesisQC(1n, this.context.genesisHash, stakes.length),
        proposer: 0,
        timestampMs: 1_000,
        payloadRoot: payloadRoot(EMPTY_PAYLOAD),
        executedHeight: 0n,
        stateRoot: sha256(Uint8Array.of(2)),
        validatorSetHash: this.committee.hash,
        nextValidatorSetHash: this.committee.hash,
        flags: 0,
      },
      payload: EMPTY_PAYLOAD,
    }
    this.genesisQC = epochGenesisQC(1n, blockHash(this.genesis.header), stakes.length)
    this.verifier = new CertificateVerifier({
      committee: this.committee,
      context: this.context,
      scheme: nullScheme,
      epochGenesisQC: this.genesisQC,
    })
  }

  /** What everything is proven from. */
  get roots(): EpochRoots {
    const { context, genesis, set } = this
    return { context, scheme: nullScheme, genesis, validatorSet: set }
  }

  /** One key for votes and proposals. */
  secretOf(index: number): Uint8Array {
    return uintToBytes(index + 1, 32)
  }

  vote(signer: number, view: View, hash: Hash): Vote {
    const digest = voteDigest(this.context, 1n, view, hash)
    const signature = nullScheme.sign(this.secretOf(signer), digest)
    return { epoch: 1n, view, blockHash: hash, signer, signature }
  }

  timeout(
    signer: number,
    view: View,
    highQC: QuorumCertificate,
    extra: Pick<Partial<TimeoutVote>, 'lastTC' | 'vote'> = {},
  ): TimeoutVote {
    const digest = timeoutDigest(this.context, 1n, view, highQC.view)
    const signature = nullScheme.sign(this.secretOf(signer), digest)
    return { epoch: 1n, view, highQC, ...extra, signer, signature }
  }

  qc(view: View, hash: Hash, signers: readonly number[]): QuorumCertificate {
    const digest = voteDigest(this.context, 1n, view, hash)
    return { epoch: 1n, view, blockHash: hash, ...this.aggregate(signers, digest) }
  }

  /** Groups by highQCView, each with its signers; the highest one's QC is the TC's. */
  tc(
    view: View,
    highQC: QuorumCertificate,
    groups: readonly (readonly [highQCView: View, signers: readonly number[]])[],
  ): TimeoutCertificate {
    return {
      epoch: 1n,
      view,
      highQC,
      groups: groups.map(([highQCView, signers]) => ({
        highQCView,
        ...this.aggregate(signers, timeoutDigest(this.context, 1n, view, highQCView)),
      })),
    }
  }

  /** A valid child of `parent`, unless `change` says otherwise. */
  child(
    parent: Block,
    view: View,
    change: Partial<BlockHeader> = {},
    payload: Payload = EMPTY_PAYLOAD,
  ): Block {
    const parentHash = blockHash(parent.header)
    const qc =
      parent.header.height === 0n
        ? this.genesisQC
        : this.qc(parent.header.view, parentHash, this.allBut())
    return {
      header: {
        ...this.genesis.header,
        view,
        height: parent.header.height + 1n,
        parentHash,
        qc,
        timestampMs: parent.header.timestampMs + 10,
        payloadRoot: payloadRoot(payload),
        ...change,
      },
      payload,
    }
  }

  allBut(...absent: readonly number[]): number[] {
    return this.set.validators.map(({ index }) => index).filter((index) => !absent.includes(index))
  }

  /** What a certificate of these signers over a digest holds. */
  aggregate(
    signers: readonly number[],
    digest: Hash,
  ): { readonly signers: Uint8Array; readonly signature: Uint8Array } {
    const { signature } = nullScheme.aggregate(
      signers.map((signer) => ({
        signer,
        publicKey: this.committee.voteKeyOf(signer),
        signature: nullScheme.sign(this.secretOf(signer), digest),
      })),
      digest,
    )
    return { signers: bitmapFromSigners(signers, this.committee.size), signature }
  }
}
