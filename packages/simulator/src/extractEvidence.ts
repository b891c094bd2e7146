import { type EvidenceJudge, verifyEvidence } from '@openliquid/consensus'
import {
  type BlockHeader,
  blockHash,
  bytesToHex,
  type ConsensusMessage,
  type Epoch,
  type Evidence,
  type Hex,
  type Misbehavior,
  type Proposal,
  type ProposalStatement,
  type QuorumCertificate,
  sha256,
  type TimeoutCertificate,
  type TimeoutStatement,
  type TimeoutVote,
  timeoutCertificateCodec,
  unreachable,
  type View,
  type Vote,
} from '@openliquid/primitives'

/** A piece of evidence, and whom it convicts. */
export interface Conviction {
  readonly evidence: Evidence
  readonly convicted: readonly Misbehavior[]
}

/**
 * Whom a log of messages convicts, of the epoch that the judge sits for; docs/spec/consensus.md §11.1, accountability.
 *
 * A court with all the time in the world: it compares everything with everything, and shares with the replicas'
 * detector only the rules of what evidence is. What others call evidence it does not look at.
 *
 * @param highTip - whether timeouts sign the view of a tip; docs/spec/consensus.md §12
 */
export function extractEvidence(
  messages: Iterable<ConsensusMessage>,
  judge: EvidenceJudge,
  { highTip }: { readonly highTip: boolean },
): readonly Conviction[] {
  const log = new Statements(highTip)
  for (const message of messages) log.add(message)

  const convictions: Conviction[] = []
  const accuse = (evidence: Evidence): void => {
    const convicted = verifyEvidence(evidence, judge)
    if (convicted.length > 0) convictions.push({ evidence, convicted })
  }
  // A pair has one order that is evidence: both are tried.
  for (const [first, second] of pairsOf(log.votes)) {
    accuse({ kind: 'duplicateVote', first, second })
  }
  for (const [first, second] of pairsOf(log.timeouts)) {
    accuse({ kind: 'conflictingTimeouts', first, second })
  }
  for (const [first, second] of pairsOf(log.qcs)) {
    accuse({ kind: 'conflictingQCs', first, second })
  }
  for (const [one, other] of pairsOf(log.proposals)) {
    // A proposal does not name who signed it: it is whoever's key fits.
    for (const { index: signer } of judge.committee.set.validators) {
      accuse({
        kind: 'duplicateProposal',
        first: { ...one, signer },
        second: { ...other, signer },
      })
    }
  }
  for (const vote of log.votes.values()) {
    const header = log.headers.get(bytesToHex(vote.blockHash))
    if (header === undefined) continue
    for (const timeout of log.timeouts.values()) {
      // Spares the hash of the header where nothing is wrong.
      if (timeout.signer !== vote.signer || timeout.highQCView >= header.qc.view) continue
      accuse({ kind: 'lockRegression', vote, header, timeout })
    }
  }
  return convictions
}

/** All that was signed, each statement once. */
class Statements {
  readonly votes = new Map<string, Vote>()
  readonly timeouts = new Map<string, TimeoutStatement>()
  readonly proposals = new Map<string, Omit<ProposalStatement, 'signer'>>()
  readonly qcs = new Map<string, QuorumCertificate>()
  readonly headers = new Map<Hex, BlockHeader>()
  readonly #highTip: boolean

  constructor(highTip: boolean) {
    this.#highTip = highTip
  }

  add(message: ConsensusMessage): void {
    switch (message.kind) {
      case 'proposal':
        this.#addProposal(message.proposal)
        break
      case 'vote':
        this.#addVote(message.vote)
        break
      case 'timeout':
        this.#addTimeout(message.timeout)
        break
      case 'advanceView': {
        const { highQC, highestCommit, tc } = message.advanceView
        this.#addQC(highQC)
        this.#addTC(tc)
        for (const header of highestCommit?.path ?? []) this.#addHeader(header)
        this.#addQC(highestCommit?.qc)
        break
      }
      case 'roundRecovery':
        this.#addTC(message.roundRecovery.tc)
        break
      case 'tipBlock':
        this.#addHeader(message.block.header)
        break
      case 'epochChange':
      case 'evidence':
      case 'noEndorse':
        break
      default:
        unreachable(message)
    }
  }

  #addProposal({ epoch, view, block, tc, signature }: Proposal): void {
    this.#addHeader(block.header)
    this.#addTC(tc)
    const tcHash = tc === undefined ? {} : { tcHash: sha256(timeoutCertificateCodec.encode(tc)) }
    const statement = { epoch, view, blockHash: blockHash(block.header), ...tcHash, signature }
    this.proposals.set(keyOf([epoch, view, statement.blockHash, signature]), statement)
  }

  #addVote(vote: Vote): void {
    const { epoch, view, blockHash: hash, signer, signature } = vote
    this.votes.set(keyOf([epoch, view, hash, signer, signature]), vote)
  }

  #addTimeout({ epoch, view, highQC, highTip, lastTC, vote, ...signed }: TimeoutVote): void {
    this.#addQC(highQC)
    this.#addTC(lastTC)
    if (vote !== undefined) this.#addVote(vote)
    if (highTip !== undefined) this.#addHeader(highTip.header)
    const highQCView = highTip?.header.qc.view ?? highQC.view
    const highTipView = this.#highTip ? { highTipView: highTip?.header.view ?? 0n } : {}
    const statement = { epoch, view, highQCView, ...highTipView, ...signed }
    this.timeouts.set(keyOf([epoch, view, signed.signer, signed.signature]), statement)
  }

  #addTC(tc: TimeoutCertificate | undefined): void {
    this.#addQC(tc?.highQC)
    if (tc?.highTip !== undefined) this.#addHeader(tc.highTip.header)
  }

  #addHeader(header: BlockHeader): void {
    const hash = bytesToHex(blockHash(header))
    if (this.headers.has(hash)) return
    this.headers.set(hash, header)
    this.#addQC(header.qc)
  }

  #addQC(qc: QuorumCertificate | undefined): void {
    if (qc === undefined) return
    this.qcs.set(keyOf([qc.epoch, qc.view, qc.blockHash, qc.signers, qc.signature]), qc)
  }
}

/** Every two of one view, in both orders. */
function* pairsOf<T extends { readonly epoch: Epoch; readonly view: View }>(
  statements: ReadonlyMap<string, T>,
): Generator<readonly [T, T]> {
  const views = new Map<string, T[]>()
  for (const statement of statements.values()) {
    const key = keyOf([statement.epoch, statement.view])
    views.set(key, [...(views.get(key) ?? []), statement])
  }
  for (const ofView of views.values()) {
    for (const first of ofView) {
      for (const second of ofView) if (first !== second) yield [first, second]
    }
  }
}

function keyOf(parts: readonly (bigint | number | Uint8Array)[]): string {
  return parts.map((part) => (part instanceof Uint8Array ? bytesToHex(part) : part)).join('/')
}
