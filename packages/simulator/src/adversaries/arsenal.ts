import { bitmapFromSigners } from '@openliquid/crypto'
import {
  type Block,
  type BlockHeader,
  blockHash,
  bytesToHex,
  type ConsensusMessage,
  type Epoch,
  type Hash,
  type Hex,
  type NoEndorse,
  type NoEndorsementCertificate,
  noEndorseDigest,
  type Payload,
  type Proposal,
  payloadRoot,
  proposalDigest,
  type QuorumCertificate,
  type RoundRecovery,
  roundRecoveryDigest,
  sha256,
  type TimeoutCertificate,
  type TimeoutGroup,
  type TimeoutVote,
  type Tip,
  timeoutCertificateCodec,
  timeoutDigest,
  type View,
  type Vote,
  validatorSetHash,
  voteDigest,
} from '@openliquid/primitives'
import type { World } from './adversary.ts'

/** Certificates, blocks and votes remembered, newest last: attacks with older ones are the same again. */
const REMEMBERED_MAX = 24

/** What an adversary has heard, and what it can sign with its own key. */
export class Arsenal {
  readonly qcs: QuorumCertificate[] = []
  readonly tcs: TimeoutCertificate[] = []
  readonly tips: Tip[] = []
  readonly #blocks = new Map<Hex, Block>()
  readonly #votes = new Map<string, Map<number, Vote>>()
  /** By view and signer. */
  readonly #timeouts = new Map<View, Map<number, TimeoutVote>>()
  readonly #refusals = new Map<View, Map<number, NoEndorse>>()
  readonly #world: World
  #epoch: Epoch

  constructor(world: World) {
    this.#world = world
    this.#epoch = world.chain.set.epoch
    const { genesis, genesisQC } = world.chain
    this.#blocks.set(bytesToHex(blockHash(genesis.header)), genesis)
    this.qcs.push(genesisQC)
  }

  /** Learns all that a message tells. */
  see(message: ConsensusMessage): void {
    this.#enterEpoch(epochOf(message))
    switch (message.kind) {
      case 'proposal':
        this.#seeBlock(message.proposal.block)
        this.#seeTC(message.proposal.tc)
        break
      case 'vote':
        this.#seeVote(message.vote)
        break
      case 'timeout':
        this.seeQC(message.timeout.highQC)
        this.#seeTC(message.timeout.lastTC)
        this.#seeTip(message.timeout.highTip)
        if (message.timeout.vote !== undefined) this.#seeVote(message.timeout.vote)
        keep(this.#timeouts, message.timeout)
        break
      case 'noEndorse':
        keep(this.#refusals, message.noEndorse)
        break
      case 'tipBlock':
        this.#seeBlock(message.block)
        break
      case 'advanceView':
        this.seeQC(message.advanceView.highQC)
        this.#seeTC(message.advanceView.tc)
        break
      default:
        break
    }
  }

  seeQC(qc: QuorumCertificate): void {
    if (qc.epoch !== this.#epoch) return
    const isKnown = this.qcs.some(
      (known) => known.view === qc.view && bytesToHex(known.blockHash) === bytesToHex(qc.blockHash),
    )
    if (!isKnown) remember(this.qcs, qc)
  }

  blockOf(hash: Hash): Block | undefined {
    return this.#blocks.get(bytesToHex(hash))
  }

  blockOfHeader(header: BlockHeader): Block | undefined {
    return this.blockOf(blockHash(header))
  }

  /** The QC of a view, if the votes heard and the own one make a quorum. */
  formQC(view: View): QuorumCertificate | undefined {
    const { chain, position, schemes, set } = this.#world
    for (const votes of this.#votes.values()) {
      const [first] = votes.values()
      if (first === undefined || first.view !== view) continue
      const { epoch, blockHash: hash } = first
      votes.set(position, this.vote(view, hash))
      const stake = [...votes.keys()].reduce(
        (sum, signer) => sum + (set.validators[signer]?.stake ?? 0n),
        0n,
      )
      if (stake * 3n <= set.totalStake * 2n) continue
      const { signature, signers } = schemes.scheme.aggregate(
        [...votes.values()].map(({ signer, signature: own }) => ({
          signer,
          publicKey: set.validators[signer]?.voteKey ?? new Uint8Array(0),
          signature: own,
        })),
        voteDigest(chain.context, epoch, view, hash),
      )
      const bitmap = bitmapFromSigners(signers, set.validators.length)
      return { epoch, view, blockHash: hash, signers: bitmap, signature }
    }
    return undefined
  }

  vote(view: View, hash: Hash): Vote {
    const { chain, position, schemes } = this.#world
    const epoch = this.#epoch
    const digest = voteDigest(chain.context, epoch, view, hash)
    const signature = schemes.scheme.sign(this.#keys.voteSecretKey, digest)
    return { epoch, view, blockHash: hash, signer: position, signature }
  }

  /** @param highTip - only where the chain has tips */
  timeout(
    view: View,
    highQC: QuorumCertificate,
    lastTC?: TimeoutCertificate,
    highTip?: Tip,
  ): TimeoutVote {
    const { chain, highTip: isHighTip, position, schemes } = this.#world
    const epoch = this.#epoch
    const highQCView = highTip?.header.qc.view ?? highQC.view
    const highTipView = isHighTip ? (highTip?.header.view ?? 0n) : undefined
    const digest = timeoutDigest(chain.context, epoch, view, highQCView, highTipView)
    return {
      epoch,
      view,
      highQC,
      ...(lastTC === undefined ? {} : { lastTC }),
      ...(highTip === undefined ? {} : { highTip }),
      signer: position,
      signature: schemes.scheme.sign(this.#keys.voteSecretKey, digest),
    }
  }

  /**
   * A block on a QC that was seen, valid in its branch unless `change` spoils it.
   *
   * @returns undefined where the branch is not known well enough
   */
  proposal(
    view: View,
    qc: QuorumCertificate,
    {
      tc,
      nec,
      change = {},
      payload = { actions: [], evm: [], evidence: [] },
    }: {
      readonly tc?: TimeoutCertificate
      readonly nec?: NoEndorsementCertificate
      readonly change?: Partial<BlockHeader>
      readonly payload?: Payload
    } = {},
  ): Proposal | undefined {
    const { chain, nowMs, position, set, stateRootAt } = this.#world
    const parent = this.blockOf(qc.blockHash)?.header
    if (parent === undefined) return undefined
    const executedHeight = this.#committedBy(parent)
    const stateRoot = executedHeight === undefined ? undefined : stateRootAt(executedHeight)
    if (executedHeight === undefined || stateRoot === undefined) return undefined
    const hash = validatorSetHash(set)
    const header: BlockHeader = {
      ...chain.genesis.header,
      epoch: this.#epoch,
      view,
      height: parent.height + 1n,
      parentHash: qc.blockHash,
      qc,
      proposer: position,
      timestampMs: Math.max(parent.timestampMs + 1, nowMs()),
      payloadRoot: payloadRoot(payload),
      executedHeight,
      stateRoot,
      validatorSetHash: hash,
      nextValidatorSetHash: hash,
      ...change,
    }
    return this.envelope({ header, payload }, view, tc, nec)
  }

  /** A TC of the timeouts heard: of a quorum that knows as little as can be. */
  formLowTC(view: View): TimeoutCertificate | undefined {
    const { prng, set } = this.#world
    const timeouts = [...(this.#timeouts.get(view)?.values() ?? [])]
    // Any order among those who know equally much.
    const order = new Map(timeouts.map((timeout) => [timeout, prng.below(1_000)]))
    timeouts.sort(
      (a, b) => Number(knownView(a) - knownView(b)) || (order.get(a) ?? 0) - (order.get(b) ?? 0),
    )
    const chosen: TimeoutVote[] = []
    let stake = 0n
    for (const timeout of timeouts) {
      if (stake * 3n > set.totalStake * 2n) break
      chosen.push(timeout)
      stake += set.validators[timeout.signer]?.stake ?? 0n
    }
    return stake * 3n > set.totalStake * 2n ? this.#tcOf(view, chosen) : undefined
  }

  /** A NEC of the refusals heard and the own one, if they are a quorum. */
  formNec(view: View, tipQCView: View): NoEndorsementCertificate | undefined {
    const { chain, position, schemes, set } = this.#world
    const digest = noEndorseDigest(chain.context, this.#epoch, view, tipQCView)
    const signature = schemes.scheme.sign(this.#keys.voteSecretKey, digest)
    const refusals = [...(this.#refusals.get(view)?.values() ?? [])]
      .filter((refusal) => refusal.tipQCView === tipQCView && refusal.signer !== position)
      .concat({ epoch: this.#epoch, view, tipQCView, signer: position, signature })
    const stake = refusals.reduce(
      (sum, { signer }) => sum + (set.validators[signer]?.stake ?? 0n),
      0n,
    )
    if (stake * 3n <= set.totalStake * 2n) return undefined
    return { epoch: this.#epoch, view, tipQCView, ...this.#aggregate(refusals, digest) }
  }

  /** Asks for a TC's tip, as the leader of the next view may. */
  roundRecovery(tc: TimeoutCertificate): RoundRecovery {
    const { chain, schemes } = this.#world
    const hash = sha256(timeoutCertificateCodec.encode(tc))
    const digest = roundRecoveryDigest(chain.context, this.#epoch, tc.view + 1n, hash)
    return { tc, signature: schemes.nodeScheme.sign(this.#keys.nodeSecretKey, digest) }
  }

  /** The tip that an own proposal makes of its block. */
  tipOf({ block: { header }, nec, signature, tc }: Proposal): Tip {
    if (tc === undefined) return { header, signature }
    return {
      header,
      tcHash: sha256(timeoutCertificateCodec.encode(tc)),
      fresh: nec === undefined ? { kind: 'noTip', groups: tc.groups } : { kind: 'nec', nec },
      signature,
    }
  }

  #tcOf(view: View, timeouts: readonly TimeoutVote[]): TimeoutCertificate | undefined {
    const { chain } = this.#world
    const pairs = new Map<string, TimeoutVote[]>()
    for (const timeout of timeouts) {
      const { highQCView, highTipView } = this.#signedViews(timeout)
      const pair = `${highQCView}/${highTipView}`
      pairs.set(pair, [...(pairs.get(pair) ?? []), timeout])
    }
    const groups = [...pairs.values()].map(
      (members): TimeoutGroup & { readonly of: TimeoutVote } => {
        const of = members[0] as TimeoutVote
        const { highQCView, highTipView } = this.#signedViews(of)
        const digest = timeoutDigest(chain.context, this.#epoch, view, highQCView, highTipView)
        const tip = highTipView === undefined ? {} : { highTipView }
        return { of, highQCView, ...tip, ...this.#aggregate(members, digest) }
      },
    )
    groups.sort(
      (a, b) =>
        Number(a.highQCView - b.highQCView) ||
        Number((a.highTipView ?? 0n) - (b.highTipView ?? 0n)),
    )
    const top = groups.reduce((high, group) => (ranksAbove(group.of, high.of) ? group : high))
    const { highQC, highTip } = top.of
    return {
      epoch: this.#epoch,
      view,
      groups: groups.map(({ of: _of, ...group }) => group),
      highQC: highTip?.header.qc ?? highQC,
      ...(highTip === undefined ? {} : { highTip }),
    }
  }

  #signedViews({ highQC, highTip }: TimeoutVote): {
    readonly highQCView: View
    readonly highTipView: View | undefined
  } {
    return {
      highQCView: highTip?.header.qc.view ?? highQC.view,
      highTipView: this.#world.highTip ? (highTip?.header.view ?? 0n) : undefined,
    }
  }

  #aggregate(
    parts: readonly { readonly signer: number; readonly signature: Uint8Array }[],
    digest: Hash,
  ): { readonly signers: Uint8Array; readonly signature: Uint8Array } {
    const { schemes, set } = this.#world
    const { signature, signers } = schemes.scheme.aggregate(
      parts.map(({ signer, signature: own }) => ({
        signer,
        publicKey: set.validators[signer]?.voteKey ?? new Uint8Array(0),
        signature: own,
      })),
      digest,
    )
    return { signers: bitmapFromSigners(signers, set.validators.length), signature }
  }

  /** Signs a block as a proposal. */
  envelope(
    block: Block,
    view: View,
    tc?: TimeoutCertificate,
    nec?: NoEndorsementCertificate,
  ): Proposal {
    const { chain, schemes } = this.#world
    const epoch = this.#epoch
    const tcHash = tc === undefined ? undefined : sha256(timeoutCertificateCodec.encode(tc))
    const digest = proposalDigest(chain.context, epoch, view, blockHash(block.header), tcHash)
    const signature = schemes.nodeScheme.sign(this.#keys.nodeSecretKey, digest)
    const certificates = {
      ...(tc === undefined ? {} : { tc }),
      ...(nec === undefined ? {} : { nec }),
    }
    return { epoch, view, block, ...certificates, signature }
  }

  get #keys(): { readonly voteSecretKey: Uint8Array; readonly nodeSecretKey: Uint8Array } {
    const keys = this.#world.chain.keys[this.#world.validator]
    if (keys === undefined) throw new Error('an adversary has keys')
    return keys
  }

  /** K of a block, §3.1, written apart from the core. */
  #committedBy(header: BlockHeader): bigint | undefined {
    if (header.height === 0n) return 0n
    const parent = this.blockOf(header.parentHash)?.header
    if (parent === undefined) return undefined
    if (header.qc.view === 0n) return parent.height
    return header.qc.view - parent.qc.view === 1n ? header.height - 2n : header.executedHeight
  }

  /** Views start again in each epoch: nothing of the one before is of use. */
  #enterEpoch(epoch: Epoch | undefined): void {
    if (epoch === undefined || epoch <= this.#epoch) return
    this.#epoch = epoch
    this.qcs.length = 0
    this.tcs.length = 0
    this.tips.length = 0
    this.#votes.clear()
    this.#timeouts.clear()
    this.#refusals.clear()
  }

  #seeBlock(block: Block): void {
    this.#blocks.set(bytesToHex(blockHash(block.header)), block)
    if (this.#blocks.size > 4 * REMEMBERED_MAX) {
      const [oldest] = this.#blocks.keys()
      if (oldest !== undefined) this.#blocks.delete(oldest)
    }
    this.seeQC(block.header.qc)
  }

  #seeTip(tip: Tip | undefined): void {
    if (tip === undefined || tip.header.epoch !== this.#epoch) return
    this.seeQC(tip.header.qc)
    if (!this.tips.some(({ header }) => header.view === tip.header.view)) remember(this.tips, tip)
  }

  #seeTC(tc: TimeoutCertificate | undefined): void {
    if (tc === undefined || tc.epoch !== this.#epoch) return
    this.seeQC(tc.highQC)
    this.#seeTip(tc.highTip)
    if (!this.tcs.some(({ view }) => view === tc.view)) remember(this.tcs, tc)
  }

  #seeVote(vote: Vote): void {
    if (vote.epoch !== this.#epoch) return
    const key = `${vote.view}/${bytesToHex(vote.blockHash)}`
    const votes = this.#votes.get(key) ?? new Map<number, Vote>()
    votes.set(vote.signer, vote)
    this.#votes.set(key, votes)
    if (this.#votes.size > REMEMBERED_MAX) {
      const [oldest] = this.#votes.keys()
      if (oldest !== undefined) this.#votes.delete(oldest)
    }
  }
}

/** Of the newest views only. */
function keep<T extends { readonly view: View; readonly signer: number }>(
  views: Map<View, Map<number, T>>,
  message: T,
): void {
  const known = views.get(message.view) ?? new Map<number, T>()
  known.set(message.signer, message)
  views.set(message.view, known)
  if (views.size <= REMEMBERED_MAX) return
  const [oldest] = views.keys()
  if (oldest !== undefined) views.delete(oldest)
}

/** View of what a timeout stands by. */
function knownView({ highQC, highTip }: TimeoutVote): View {
  return highTip?.header.view ?? highQC.view
}

/** §12's order, written apart from the core. */
function ranksAbove(a: TimeoutVote, b: TimeoutVote): boolean {
  const [viewOfA, viewOfB] = [knownView(a), knownView(b)]
  if (viewOfA !== viewOfB) return viewOfA > viewOfB
  if (a.highTip === undefined || b.highTip === undefined) return b.highTip !== undefined
  return a.highTip.header.qc.view > b.highTip.header.qc.view
}

function remember<T>(list: T[], value: T): void {
  list.push(value)
  if (list.length > REMEMBERED_MAX) list.shift()
}

function epochOf(message: ConsensusMessage): Epoch | undefined {
  switch (message.kind) {
    case 'proposal':
      return message.proposal.epoch
    case 'vote':
      return message.vote.epoch
    case 'timeout':
      return message.timeout.epoch
    case 'advanceView':
      return message.advanceView.highQC.epoch
    case 'noEndorse':
      return message.noEndorse.epoch
    default:
      return undefined
  }
}
