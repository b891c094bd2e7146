import { bitmapFromSigners, blsScheme, ed25519Scheme } from '@openliquid/crypto'
import {
  type Block,
  type BlockHeader,
  blockHash,
  type ConsensusMessage,
  equalBytes,
  type Hash,
  type NoEndorsementCertificate,
  noEndorseDigest,
  type Proposal,
  sha256,
  type TimeoutCertificate,
  type Tip,
  timeoutDigest,
  type View,
  type Vote,
  voteDigest,
} from '@openliquid/primitives'
import type { Arsenal, Cluster } from '../src/index.ts'
import { arsenalOf, clusterOf, demand, goOn, type Scenario, ScenarioFailure } from './scenarios.ts'

// Scenarios of docs/spec/consensus.md §12. Equal stakes: validator (v − 1) mod 4 leads view v.

/** A view whose block reaches one node beside its leader; the next one is opened by a TC that names it. */
const TIP_VIEW = 6n
const AUTHOR = 1
const NEXT_LEADER = 2
const VICTIM = 0
const BYSTANDER = 3

interface TipWorld {
  readonly cluster: Cluster
  /** All that was said so far. */
  readonly messages: { readonly node: number; readonly message: ConsensusMessage }[]
  /** The block of the view. */
  block(): Block
}

/**
 * Runs until the block of TIP_VIEW is a tip.
 *
 * @param carrier - the node that is shown it, and votes
 * @param mutes - messages that are lost from then on
 */
function untilTip(
  coreModule: Parameters<Scenario>[0],
  {
    carrier,
    mutes = () => false,
    schemes,
  }: {
    readonly carrier: number | undefined
    mutes?(message: ConsensusMessage): boolean
    readonly schemes?: Cluster['schemes'] | undefined
  },
): TipWorld {
  const messages: TipWorld['messages'] = []
  const cluster = clusterOf(coreModule, {
    seed: 71,
    params: { highTip: true },
    ...(schemes === undefined ? {} : { schemes }),
    observe: (node, effect) => {
      if (effect.kind === 'send' || effect.kind === 'broadcast') {
        messages.push({ node, message: effect.message })
      }
    },
  })
  cluster.network.addFilter((_from, to, message) => {
    if (message === undefined) return 0
    if (message.kind === 'proposal' && message.proposal.view === TIP_VIEW) {
      return to === carrier ? 0 : -1
    }
    return mutes(message) ? -1 : 0
  })
  cluster.start()
  return {
    cluster,
    messages,
    block() {
      for (const { message } of messages) {
        if (message.kind !== 'proposal') continue
        const { block, view } = message.proposal
        if (view === TIP_VIEW && block.header.view === TIP_VIEW) return block
      }
      throw new ScenarioFailure('the view has no block')
    },
  }
}

/** The block that one more than its author voted for goes on, though the next leader never saw it. */
const keepsTail =
  (schemes?: Cluster['schemes']): Scenario =>
  (coreModule) => {
    const { block, cluster, messages } = untilTip(coreModule, { carrier: VICTIM, schemes })
    goOn(cluster, 12, 10_000)
    const hash = blockHash(block().header)
    const again = messages.filter(
      ({ message }) =>
        message.kind === 'proposal' && message.proposal.view > message.proposal.block.header.view,
    )
    demand(again.length === 1, `${again.length} re-proposals`)
    const [first] = again
    const view = first?.message.kind === 'proposal' ? first.message.proposal.view : 0n
    demand(first?.node === NEXT_LEADER && view === TIP_VIEW + 1n, 'another leader re-proposes')
    const chain = cluster.node(BYSTANDER).application
    const { height } = block().header
    const kept = chain.blockAt(height)
    demand(kept !== undefined && equalBytes(blockHash(kept.header), hash), 'the tail is dropped')
  }

/** What its author shows nobody costs a round trip in the next view, and no view more. */
const goesOnWithoutTail =
  (schemes?: Cluster['schemes']): Scenario =>
  (coreModule) => {
    const { block, cluster, messages } = untilTip(coreModule, {
      schemes,
      carrier: undefined,
      mutes: ({ kind }) => kind === 'tipBlock',
    })
    goOn(cluster, 12, 10_000)
    const instead = messages.some(
      ({ message }) => message.kind === 'proposal' && message.proposal.nec?.view === TIP_VIEW + 1n,
    )
    demand(instead, 'no block is built instead')
    const given = messages.some(
      ({ message }) => message.kind === 'timeout' && message.timeout.view > TIP_VIEW,
    )
    demand(!given, 'the view after is given up')
    demand(block().header.view === TIP_VIEW, 'the view has a block')
  }

export const tailKept: Scenario = keepsTail()
export const tailWithheld: Scenario = goesOnWithoutTail()
/** Both with signatures that cannot be forged. */
export const tailKeptWithBls: Scenario = keepsTail({
  scheme: blsScheme,
  nodeScheme: ed25519Scheme,
})
export const tailWithheldWithBls: Scenario = goesOnWithoutTail({
  scheme: blsScheme,
  nodeScheme: ed25519Scheme,
})
export const tailWithheldWithEd25519: Scenario = goesOnWithoutTail({
  scheme: ed25519Scheme,
  nodeScheme: ed25519Scheme,
})

/** A moment in the view after the tip, its leader silenced: what comes next comes from the scenario. */
interface Moment extends TipWorld {
  readonly tc: TimeoutCertificate
  readonly view: View
  /** With the keys of the view's leader. */
  readonly leader: Arsenal
  /** Hands the victim a message; returns its votes in the view, and its refusals. */
  show(message: ConsensusMessage): { readonly votes: Vote[]; readonly refusals: number }
}

function inNextView(
  coreModule: Parameters<Scenario>[0],
  carrier: number,
  run: (moment: Moment) => void,
): void {
  const world = untilTip(coreModule, {
    carrier,
    mutes: (message) =>
      message.kind === 'roundRecovery' ||
      (message.kind === 'proposal' && message.proposal.view > TIP_VIEW),
  })
  const { cluster, messages } = world
  const victim = cluster.node(VICTIM)
  const view = TIP_VIEW + 1n
  cluster.runUntil(() => victim.core.status.view === view, 5_000)
  const tc = messages
    .map(({ message }) => (message.kind === 'advanceView' ? message.advanceView.tc : undefined))
    .findLast((one) => one?.view === TIP_VIEW)
  if (tc?.highTip === undefined) throw new ScenarioFailure('no TC names the tip')
  const leader = arsenalOf(cluster, NEXT_LEADER)
  for (const { message } of messages) leader.see(message)
  const show = (message: ConsensusMessage): ReturnType<Moment['show']> => {
    const { length } = messages
    victim.receive(NEXT_LEADER, message)
    cluster.runFor(1)
    const own = messages.slice(length).filter(({ node }) => node === VICTIM)
    return {
      votes: own.flatMap(({ message: one }) =>
        one.kind === 'vote' && one.vote.view === view ? [one.vote] : [],
      ),
      refusals: own.filter(({ message: one }) => one.kind === 'noEndorse').length,
    }
  }
  run({ ...world, tc, view, leader, show })
}

function proposed(isGood: boolean, forge: (moment: Moment) => Proposal | undefined): Scenario {
  return (coreModule) => {
    inNextView(coreModule, BYSTANDER, (moment) => {
      const proposal = forge(moment)
      if (proposal === undefined) throw new ScenarioFailure('nothing to propose')
      const { votes } = moment.show({ kind: 'proposal', proposal })
      const text = isGood ? 'does not vote for a good block' : 'votes for a bad block'
      demand(votes.length > 0 === isGood, text)
    })
  }
}

const bad = (forge: (moment: Moment) => Proposal | undefined): Scenario => proposed(false, forge)
const good = (forge: (moment: Moment) => Proposal | undefined): Scenario => proposed(true, forge)

export const tipAgain: Scenario = good(({ block, leader, tc, view }) =>
  leader.envelope(block(), view, tc),
)
export const newBlockWithNec: Scenario = good((moment) => instead(moment, necBy(moment, {})))
export const newBlockWithoutNec: Scenario = bad((moment) => instead(moment, undefined))
export const necOfTwo: Scenario = bad((moment) =>
  instead(moment, necBy(moment, { signers: [1, 2] })),
)
export const necUnsigned: Scenario = bad((moment) => {
  const nec = necBy(moment, {})
  return instead(moment, { ...nec, signature: new Uint8Array(nec.signature.length) })
})
export const necOfAnotherView: Scenario = bad((moment) =>
  instead(moment, necBy(moment, { view: moment.view - 1n })),
)
export const necOfAnotherQC: Scenario = bad((moment) =>
  instead(moment, necBy(moment, { tipQCView: TIP_VIEW - 2n })),
)
/** The block below the tip once more: it has a QC already, and the TC names another. */
export const olderBlockAgain: Scenario = bad(({ block, leader, tc, view }) => {
  const parent = leader.blockOf(block().header.parentHash)
  return parent === undefined ? undefined : leader.envelope(parent, view, tc)
})
/** The same groups, their tip left out: what they signed says that there is one. */
export const tcWithoutItsTip: Scenario = bad(({ leader, tc, view }) => {
  const { highTip: _tip, ...rest } = tc
  return leader.proposal(view, tc.highQC, { tc: rest })
})
export const unsignedTip: Scenario = bad((moment) => {
  const { block, tc } = moment
  const tip: Tip = { ...tipOf(tc), signature: new Uint8Array(64) }
  return moment.leader.envelope(block(), moment.view, { ...tc, highTip: tip })
})
/** A block that another than the leader of its view signed. */
export const foreignTip: Scenario = bad((moment) => {
  const { cluster, leader, tc, view } = moment
  const other = arsenalOf(cluster, BYSTANDER)
  for (const { message } of moment.messages) other.see(message)
  const forged = other.proposal(TIP_VIEW, tc.highQC)
  if (forged === undefined) return undefined
  leader.see({ kind: 'proposal', proposal: forged })
  return leader.envelope(forged.block, view, { ...tc, highTip: other.tipOf(forged) })
})
/** A block beside the chain, with nothing to show why its author might build it. */
export const unprovenTip: Scenario = bad((moment) => {
  const { cluster, leader, view } = moment
  const author = arsenalOf(cluster, AUTHOR)
  for (const { message } of moment.messages) author.see(message)
  const qc = author.qcs.find((one) => one.view === TIP_VIEW - 2n)
  const forged = qc === undefined ? undefined : author.proposal(TIP_VIEW, qc)
  if (qc === undefined || forged === undefined) return undefined
  leader.see({ kind: 'proposal', proposal: forged })
  const tc = tcBy(cluster, author.tipOf(forged))
  return leader.envelope(forged.block, view, tc)
})

/** After a refusal the victim is shown a TC that knows of no tip, and a block on it: it would do without the refusal. */
export const voteAfterRefusal: Scenario = (coreModule) => {
  inNextView(coreModule, BYSTANDER, (moment) => {
    const { cluster, leader, show, tc, view } = moment
    const asked = show({ kind: 'roundRecovery', roundRecovery: leader.roundRecovery(tc) })
    demand(asked.refusals === 1, 'the tip is not refused')
    const proposal = leader.proposal(view, tc.highQC, { tc: tcBy(cluster, tc.highQC) })
    if (proposal === undefined) throw new ScenarioFailure('nothing to propose')
    demand(show({ kind: 'proposal', proposal }).votes.length === 0, 'votes beside the tip')
  })
}

/** The victim has voted in the view; its leader then asks for the tip. */
export const refusalAfterVote: Scenario = (coreModule) => {
  inNextView(coreModule, BYSTANDER, (moment) => {
    const { leader, show, tc } = moment
    const proposal = instead(moment, necBy(moment, {}))
    if (proposal === undefined) throw new ScenarioFailure('nothing to propose')
    demand(show({ kind: 'proposal', proposal }).votes.length > 0, 'does not vote')
    const asked = show({ kind: 'roundRecovery', roundRecovery: leader.roundRecovery(tc) })
    demand(asked.refusals === 0, 'refuses after a vote')
  })
}

/** Whoever voted for the tip never refuses it, however often it is asked, and after a restart. */
export const refusalByVoter: Scenario = (coreModule) => {
  inNextView(coreModule, VICTIM, (moment) => {
    const { cluster, leader, show, tc } = moment
    const request = { kind: 'roundRecovery', roundRecovery: leader.roundRecovery(tc) } as const
    demand(show(request).refusals === 0, 'refuses what it voted for')
    cluster.crash(VICTIM)
    cluster.restart(VICTIM)
    demand(show(request).refusals === 0, 'refuses after a restart what it voted for')
  })
}

/** A request that the leader did not sign binds nobody. */
export const requestByStranger: Scenario = (coreModule) => {
  inNextView(coreModule, BYSTANDER, (moment) => {
    const { cluster, show, tc } = moment
    const roundRecovery = arsenalOf(cluster, BYSTANDER).roundRecovery(tc)
    demand(show({ kind: 'roundRecovery', roundRecovery }).refusals === 0, 'refuses for a stranger')
  })
}

/** A voter dies with its tip; when it is back, what it gives up must still name it. */
export const tipAfterCrash: Scenario = (coreModule) => {
  const { cluster } = untilTip(coreModule, {
    carrier: VICTIM,
    mutes: ({ kind }) => kind === 'timeout' || kind === 'advanceView',
  })
  const victim = cluster.node(VICTIM)
  cluster.runUntil(() => victim.core.status.view === TIP_VIEW, 5_000)
  cluster.runFor(60)
  cluster.crash(VICTIM)
  cluster.runFor(20)
  cluster.restart(VICTIM)
  cluster.runFor(3_000)
}

/** A block is certified once more before its first QC is shown: that one commits its parent all the same. */
export const firstQCLast: Scenario = (coreModule) => {
  inNextView(coreModule, VICTIM, ({ block, cluster, show, view }) => {
    const hash = blockHash(block().header)
    const victim = cluster.node(VICTIM)
    const { height } = block().header
    show({ kind: 'advanceView', advanceView: { highQC: qcBy(cluster, view, hash) } })
    demand(victim.core.status.committedHeight < height - 1n, 'the later QC commits')
    show({ kind: 'advanceView', advanceView: { highQC: qcBy(cluster, TIP_VIEW, hash) } })
    demand(victim.core.status.committedHeight === height - 1n, 'the first QC commits nothing')
  })
}

function qcBy(cluster: Cluster, view: View, hash: Hash): BlockHeader['qc'] {
  const digest = voteDigest(cluster.chain.context, 1n, view, hash)
  return { epoch: 1n, view, blockHash: hash, ...aggregate(cluster, [0, 1, 2], digest) }
}

function instead(
  { leader, tc, view }: Moment,
  nec: NoEndorsementCertificate | undefined,
): Proposal | undefined {
  return leader.proposal(view, tc.highQC, { tc, ...(nec === undefined ? {} : { nec }) })
}

function tipOf({ highTip }: TimeoutCertificate): Tip {
  if (highTip === undefined) throw new ScenarioFailure('the TC names no tip')
  return highTip
}

function necBy(
  { cluster, tc, view: current }: Moment,
  {
    view = current,
    tipQCView = tipOf(tc).header.qc.view,
    signers = [0, 2, 3],
  }: { readonly view?: View; readonly tipQCView?: View; readonly signers?: readonly number[] },
): NoEndorsementCertificate {
  const digest = noEndorseDigest(cluster.chain.context, 1n, view, tipQCView)
  return { epoch: 1n, view, tipQCView, ...aggregate(cluster, signers, digest) }
}

/** A TC of TIP_VIEW whose signers all stand by the same. */
function tcBy(cluster: Cluster, extended: Tip | BlockHeader['qc']): TimeoutCertificate {
  const isTip = 'header' in extended
  const highQC = isTip ? extended.header.qc : extended
  const views = { highQCView: highQC.view, highTipView: isTip ? extended.header.view : 0n }
  const digest = timeoutDigest(
    cluster.chain.context,
    1n,
    TIP_VIEW,
    views.highQCView,
    views.highTipView,
  )
  return {
    epoch: 1n,
    view: TIP_VIEW,
    groups: [{ ...views, ...aggregate(cluster, [1, 2, 3], digest) }],
    highQC,
    ...(isTip ? { highTip: extended } : {}),
  }
}

function aggregate(
  { chain, schemes: { scheme } }: Cluster,
  signers: readonly number[],
  digest: Hash,
): { readonly signers: Uint8Array; readonly signature: Uint8Array } {
  const { signature } = scheme.aggregate(
    signers.map((signer) => {
      const secret = chain.keys[signer]?.voteSecretKey ?? sha256(Uint8Array.of(1))
      return {
        signer,
        publicKey: scheme.publicKeyOf(secret),
        signature: scheme.sign(secret, digest),
      }
    }),
    digest,
  )
  return { signers: bitmapFromSigners(signers, chain.keys.length), signature }
}
