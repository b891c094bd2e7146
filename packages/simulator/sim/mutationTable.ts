import { planOf, runPlan } from '../src/index.ts'
import { EPOCH_MUTATIONS } from './epochMutations.ts'
import { EVIDENCE_MUTATIONS } from './evidenceMutations.ts'
import { resetLocks } from './evidenceScenarios.ts'
import {
  earlyTimeout,
  farFuture,
  flood,
  foreignLeader,
  goodProposal,
  nearFuture,
  olderRoot,
  otherChain,
  otherPayload,
  otherSet,
  poisonedPayload,
  qcOfTwo,
  qcOfViewZero,
  qcWithoutSignature,
  skippedHeight,
  tcOfOverlap,
  tcOfTwo,
  tcWithLowerQC,
  tcWithoutSignature,
  timeGoesBack,
  unprovenTimeout,
  unsignedProposal,
  withoutEntryProof,
} from './injections.ts'
import { MEMBERSHIP_MUTATIONS } from './membershipMutations.ts'
import { edit, type Killed } from './mutants.ts'
import {
  gapAtTheTop,
  restartInSilence,
  restartsBehind,
  restartWithoutTimeouts,
} from './recoveryScenarios.ts'
import {
  allCrash,
  chaos,
  deadLeader,
  doubleProposal,
  everythingTwice,
  isUnderHighTip,
  lateQC,
  lightMajority,
  otherExecution,
  type Scenario,
  silentSpell,
  staleQC,
  wrongRoot,
} from './scenarios.ts'

/** A block that enters the tree brings a certificate for its parent, which is not looked at. */
const LEARN_FROM_BLOCKS = edit(
  'certificateProcessor.ts',
  'this.learnQC(verifier.trustQC(header.qc), nowMs)\n    const node',
  'const node',
)

const CORE_MUTATIONS: readonly Killed[] = [
  {
    name: 'quorum of one half',
    edits: [
      {
        file: 'committee.ts',
        find: 'stake > this.#twoThirds',
        replace: 'stake * 2n >= this.#totalStake',
      },
    ],
    killers: [deadLeader, chaos(51)],
  },
  {
    name: 'count instead of stake',
    edits: [
      {
        file: 'committee.ts',
        find: 'const stake = this.stakes[index]',
        replace: 'const stake = this.stakes[index] && 1n',
      },
      {
        file: 'committee.ts',
        find: 'this.stakes.reduce((sum, stake) => sum + stake, 0n)',
        replace: 'BigInt(this.size)',
      },
    ],
    killers: [lightMajority],
  },
  {
    name: 'vote after timeout',
    edits: [
      {
        file: 'safetyRules.ts',
        find: 'view !== currentView || view <= lastVotedView',
        replace: 'view !== currentView || lastVote?.view === view',
      },
      {
        file: 'voter.ts',
        find: 'safety.data.lastVotedView >= view',
        replace: 'safety.data.lastVote?.view === view',
      },
    ],
    killers: [chaos(52), chaos(53), chaos(54), chaos(55), chaos(56), chaos(57)],
  },
  {
    name: 'second vote in a view',
    edits: [
      { file: 'safetyRules.ts', find: ' || view <= lastVotedView', replace: '' },
      { file: 'voter.ts', find: ' || safety.data.lastVotedView >= view', replace: '' },
      {
        file: 'safetyRules.ts',
        find: "assert(data.lastVotedView >= this.#data.lastVotedView, 'lastVotedView never falls')",
        replace: '',
      },
    ],
    killers: [doubleProposal],
  },
  {
    name: 'safety data of votes not persisted',
    edits: [
      {
        file: 'voter.ts',
        find: 'node.isLogged ? records : [blockRecord, ...records]',
        replace: 'records.length > 99 ? records : [blockRecord]',
      },
    ],
    killers: [deadLeader],
  },
  {
    name: 'block voted for not persisted',
    edits: [
      {
        file: 'voter.ts',
        find: 'node.isLogged ? records : [blockRecord, ...records]',
        replace: 'blockRecord.body.length === 0 ? [] : records',
      },
    ],
    killers: [deadLeader],
  },
  {
    name: 'send before sync',
    edits: [
      edit('outbox.ts', 'this.#effects[0] = {', 'this.#effects[this.#effectCount++] = {'),
      edit('outbox.ts', 'return this.#takeFrom(0)', 'return this.#takeFrom(1)'),
    ],
    killers: [deadLeader],
  },
  {
    name: 'proposal below the QC of the TC',
    edits: [
      {
        file: 'safetyRules.ts',
        find: "return isHigh ? { kind: 'tc', tc } : undefined",
        replace: "return isHigh || !isHigh ? { kind: 'tc', tc } : undefined",
      },
    ],
    killers: [staleQC],
  },
  {
    name: 'commit over a gap of views',
    edits: [
      {
        file: 'certificateProcessor.ts',
        find: ' || header.qc.view + 1n !== qc.view',
        replace: '',
      },
    ],
    killers: [deadLeader],
  },
  {
    name: 'proposal not persisted',
    edits: [
      {
        file: 'safetyCodec.ts',
        find: 'encodeOptional(proposalCodec, data.lastProposed)',
        replace: 'encodeOptional(proposalCodec, undefined)',
      },
    ],
    killers: [deadLeader],
  },
  {
    name: 'second timeout in a view with a better QC',
    edits: [
      {
        file: 'safetyRules.ts',
        find: 'if (lastTimeout?.view === currentView) return',
        replace:
          'if (lastTimeout?.view === currentView && lastTimeout.highQC.view >= highQC.view) return',
      },
    ],
    killers: [lateQC],
  },
  {
    name: 'no backup QC',
    edits: [
      {
        file: 'voteAggregator.ts',
        find: "timers.set('backup',",
        replace: "timers.isSet('backup') && timers.set('backup',",
      },
    ],
    killers: [deadLeader],
  },
  {
    name: 'halt on the wrong root of a proposal',
    edits: [
      {
        file: 'voter.ts',
        find: 'this.#otherRoots.add(header.proposer)',
        replace: "throw new Error('halted')",
      },
    ],
    killers: [wrongRoot],
  },
  {
    name: 'vote for any state root',
    edits: [
      {
        file: 'voter.ts',
        find: 'const isRootOurs = ours !== undefined && equalBytes(ours, header.stateRoot)',
        replace: 'const isRootOurs = ours !== undefined',
      },
    ],
    killers: [wrongRoot],
  },
  {
    name: 'certified roots not compared',
    edits: [
      {
        file: 'stateRoots.ts',
        find: 'if (ours === undefined || equalBytes(ours, header.stateRoot)) return undefined',
        replace: 'if (header.height >= 0n) return undefined',
      },
    ],
    killers: [otherExecution],
  },
  {
    name: 'timeout not repeated',
    edits: [
      {
        file: 'timeoutAggregator.ts',
        find: "timers.set('view', nowMs + repeatMs)",
        replace: 'if (repeatMs < 0) return true',
      },
    ],
    killers: [silentSpell],
  },
  {
    name: 'TC with the least QC',
    edits: [
      edit(
        'timeoutCollector.ts',
        'const high = highestGroup(groups)',
        'const high = groups[0] ?? highestGroup(groups)',
      ),
    ],
    // Without joiners: what a state sync does decides nothing of it.
    killers: [schedule(222), schedule(246), schedule(305)],
  },
  {
    name: 'signer counted in two groups',
    edits: [
      edit('certificateVerifier.ts', 'if (union.has(signer)) return undefined', ''),
      edit(
        'certificateVerifier.ts',
        'this.#committee.isQuorum(this.#committee.stakeOf([...union]))',
        'this.#committee.isQuorum(BigInt(groups.reduce((sum, { publicKeys }) => sum + publicKeys.length, 0)))',
      ),
    ],
    killers: [tcOfOverlap],
  },
  {
    name: 'QC quorum not checked',
    edits: [
      edit(
        'certificateVerifier.ts',
        'if (!this.#committee.isQuorum(this.#committee.stakeOf(signers))) return undefined',
        '',
      ),
    ],
    killers: [qcOfTwo],
  },
  {
    name: 'QC signature not checked',
    edits: [
      edit(
        'certificateVerifier.ts',
        'if (!this.#scheme.verifyAggregate(this.#keysOf(signers), digest, qc.signature)) return undefined',
        '',
      ),
    ],
    killers: [qcWithoutSignature],
  },
  {
    name: 'any epoch-genesis QC',
    edits: [
      edit(
        'certificateVerifier.ts',
        'return this.#isEpochGenesisQC(qc) ? verified(qc) : undefined',
        'return verified(qc)',
      ),
    ],
    killers: [qcOfViewZero],
  },
  {
    name: 'TC quorum not checked',
    edits: [
      edit(
        'certificateVerifier.ts',
        'if (!this.#committee.isQuorum(this.#committee.stakeOf([...union]))) return undefined',
        '',
      ),
    ],
    killers: [tcOfTwo],
  },
  {
    name: 'TC signatures not checked',
    edits: [
      edit(
        'certificateVerifier.ts',
        'if (!this.#scheme.verifyGroups(groups)) return undefined',
        '',
      ),
    ],
    killers: [tcWithoutSignature],
  },
  {
    name: 'TC high QC not the greatest',
    edits: [edit('certificateVerifier.ts', 'tc.highQC.view !== top.highQCView || ', '')],
    killers: [tcWithLowerQC],
  },
  {
    name: 'timeout without entry proof',
    edits: [
      edit(
        'proposalRules.ts',
        "if (entryOf(view, highQC, lastTC) === undefined) return malformed('entry proof of a timeout')",
        '',
      ),
    ],
    killers: [unprovenTimeout],
  },
  {
    name: 'proposal without entry proof',
    edits: [
      edit(
        'proposalRules.ts',
        "if (proposalEntryOf(proposal, header, rules) === undefined) return malformed('entry proof') // B4",
        '',
      ),
      edit('safetyRules.ts', 'if (entry === undefined) return undefined // R2\n', ''),
    ],
    killers: [withoutEntryProof],
  },
  {
    name: 'lost safety data after a restart',
    edits: [
      edit(
        'recovery.ts',
        'content.safety = decodeSafetyData(body)',
        'content.safety ??= decodeSafetyData(body)',
      ),
    ],
    killers: [allCrash],
  },
  {
    name: 'oldest safety data of a step kept',
    edits: [
      edit(
        'outbox.ts',
        "if (record.kind === 'safety') this.#dropSafety()",
        "if (record.kind === 'safety' && this.#records.slice(0, this.#recordCount).some(({ kind }) => kind === 'safety')) continue",
      ),
    ],
    killers: [goodProposal],
  },
  {
    name: 'vote for a foreign leader',
    edits: [
      edit(
        'voter.ts',
        'if (proposer !== election.leader(epoch, proposal.view)) {',
        'if (proposer < 0) {',
      ),
    ],
    killers: [foreignLeader],
  },
  {
    name: 'proposal signature not checked',
    edits: [
      edit(
        'voter.ts',
        'if (nodeScheme.verify(committee.nodeKeyOf(proposer), digest, proposal.signature))',
        'if (digest.length > 0)',
      ),
    ],
    killers: [unsignedProposal],
  },
  {
    name: 'time may go back',
    edits: [
      edit(
        'blockRules.ts',
        "if (header.timestampMs <= parent.header.timestampMs) return invalid('timestampMs')",
        '',
      ),
    ],
    killers: [timeGoesBack],
  },
  {
    name: 'vote for the far future',
    edits: [
      edit(
        'voter.ts',
        'if (header.timestampMs > nowMs + params.clockDriftMsMax) {',
        'if (header.timestampMs < 0) {',
      ),
      edit('voter.ts', 'nowMs < node.header.timestampMs', 'nowMs < 0'),
    ],
    killers: [farFuture],
  },
  {
    name: 'vote before the time of the block',
    edits: [edit('voter.ts', 'nowMs < node.header.timestampMs', 'nowMs < 0')],
    killers: [nearFuture],
  },
  {
    name: 'height may skip',
    edits: [
      edit(
        'blockRules.ts',
        "if (header.height !== parent.header.height + 1n) return invalid('height')",
        '',
      ),
      edit(
        'committedInBranch.ts',
        "assert(header.height === parent.height + 1n, 'the parent is one below')",
        '',
      ),
    ],
    killers: [skippedHeight],
  },
  {
    name: 'any executed height',
    edits: [
      edit(
        'blockRules.ts',
        "if (header.executedHeight !== parent.committedHeight) return invalid('executedHeight')",
        '',
      ),
    ],
    killers: [olderRoot],
  },
  {
    name: 'payload of another root',
    edits: [
      edit(
        'blockRules.ts',
        "return equalBytes(payloadRoot(payload), header.payloadRoot) ? undefined : malformed('payloadRoot')",
        'return undefined',
      ),
    ],
    killers: [otherPayload],
  },
  {
    name: 'vote for an invalid payload',
    edits: [
      edit(
        'voter.ts',
        "if (ok) candidate.payload = 'good'",
        "if (ok || !ok) candidate.payload = 'good'",
      ),
    ],
    killers: [poisonedPayload],
  },
  {
    name: 'another validator set',
    edits: [
      edit(
        'blockRules.ts',
        "if (!equalBytes(header.validatorSetHash, committee.hash)) return malformed('validatorSetHash')",
        '',
      ),
    ],
    killers: [otherSet],
  },
  {
    name: 'another chain',
    edits: [
      edit(
        'blockRules.ts',
        "if (header.chainId !== rules.chainId) return malformed('chainId')",
        '',
      ),
    ],
    killers: [otherChain],
  },
  {
    name: 'ancestors not committed',
    edits: [
      edit(
        'certificateProcessor.ts',
        'const path = tree.pathFromRoot(node)\n    const blocks',
        'const path = tree.pathFromRoot(node).slice(-1)\n    const blocks',
      ),
    ],
    killers: [deadLeader],
  },
  {
    name: 'commits upside down',
    edits: [
      edit(
        'certificateProcessor.ts',
        'const path = tree.pathFromRoot(node)\n    const blocks',
        'const path = tree.pathFromRoot(node).reverse()\n    const blocks',
      ),
    ],
    killers: [deadLeader],
  },
  {
    name: 'commit proof of the wrong path',
    edits: [
      edit(
        'certificateProcessor.ts',
        'path: [lowest.header, ...path]',
        'path: [lowest.header, lowest.header, ...path]',
      ),
    ],
    killers: [deadLeader],
  },
  {
    name: 'failures never forgotten',
    edits: [edit('pacemaker.ts', 'this.#failures = 0\n    return true', 'return true')],
    killers: [deadLeader],
  },
  {
    name: 'high QC may fall',
    edits: [
      edit(
        'pacemaker.ts',
        'if (qc.view > this.#highQC.view) this.#highQC = qc',
        'this.#highQC = qc',
      ),
    ],
    killers: [allCrash],
  },
  {
    name: 'one timeout is a third',
    edits: [edit('committee.ts', 'return stake * 3n >= this.#totalStake', 'return stake > 0n')],
    killers: [earlyTimeout],
  },
  {
    name: 'vote to the present leader only',
    edits: [edit('voter.ts', 'if (next !== selfIndex)', 'if (false)')],
    killers: [deadLeader],
  },
  {
    name: 'blocks of one view without limit',
    edits: [edit('blockTree.ts', 'return count < UNCERTIFIED_PER_VIEW_MAX', 'return true')],
    killers: [flood],
  },
  {
    name: 'wrong K',
    edits: [edit('committedInBranch.ts', 'header.height - 2n', 'header.height - 3n')],
    killers: [deadLeader],
  },
  {
    name: 'own vote not counted',
    edits: [
      edit(
        'voter.ts',
        'if (next === selfIndex || present === selfIndex) this.#aggregator.add(vote)',
        '',
      ),
    ],
    killers: [deadLeader],
  },
  {
    name: 'a timeout moves the view alone',
    edits: [edit('committee.ts', 'stake > this.#twoThirds', 'stake * 3n > this.#totalStake')],
    killers: [deadLeader],
  },
  {
    name: 'lockedQC not on disk',
    edits: [
      edit(
        'safetyCodec.ts',
        'encodeOptional(quorumCertificateCodec, data.lockedQC),',
        'encodeOptional(quorumCertificateCodec, data.lockedQC && { ...data.lockedQC, view: 0n }),',
      ),
    ],
    killers: [deadLeader],
  },
  {
    name: 'timeout not on disk',
    edits: [
      edit(
        'timeoutAggregator.ts',
        'outbox.persist(records, { sync: true }) // R6',
        'outbox.persist(records, { sync: false })',
      ),
    ],
    killers: [deadLeader],
  },
  {
    name: 'reset without lock',
    edits: [
      edit(
        'safetyRules.ts',
        'if (highQC.view < lockedView) return undefined // R3',
        'if (this.#data.lockedQC !== undefined && highQC.view < lockedView) return undefined',
      ),
    ],
    killers: [resetLocks],
  },
  {
    name: 'lock not kept',
    edits: [
      edit(
        'safetyRules.ts',
        'const locks = qc.view > lockedView',
        'const locks = qc.view > lockedView && view < 0n',
      ),
    ],
    killers: [deadLeader],
  },
  {
    name: 'duplicate signer counted twice',
    edits: [
      edit(
        'voteCollector.ts',
        'if (known !== undefined && equalBytes(known.signature, vote.signature)) return',
        '',
      ),
      edit('voteCollector.ts', 'if (ballot?.verified.includes(signer) === true) return', ''),
      edit(
        'voteCollector.ts',
        '} else kept.votes[place] = vote',
        '} else {\n kept.stake += this.#committee.stakeAt(signer)\n kept.isQuorum = this.#committee.isQuorum(kept.stake)\n }',
      ),
      edit(
        'voteCollector.ts',
        'if (!this.#committee.isQuorum(this.#committee.stakeOf(signers))) {',
        'if (signers.length === 0) {',
      ),
    ],
    killers: [everythingTwice],
  },
  {
    name: 'entry certificate not on disk',
    edits: [
      edit(
        'safetyCodec.ts',
        'data.entry === undefined ? new Uint8Array(0) : encodeEntry(data.entry)',
        'data.epoch >= 0n ? new Uint8Array(0) : encodeEntry(data.entry!)',
      ),
      // A log that has the TC beside it has it too.
      edit('certificateProcessor.ts', 'if (pacemaker.isNewTC(tc)) {', 'if (tc.view < 0n) {'),
    ],
    killers: [restartWithoutTimeouts],
  },
  {
    name: 'certificates of synced blocks not processed',
    edits: [LEARN_FROM_BLOCKS],
    killers: [gapAtTheTop],
  },
  {
    name: 'certificates of recovered blocks not processed',
    edits: [
      LEARN_FROM_BLOCKS,
      edit(
        'resumption.ts',
        'if (qc.epoch === epoch) processor.learnQC(',
        'if (qc.epoch > epoch) processor.learnQC(',
      ),
    ],
    killers: [restartsBehind],
  },
  {
    name: 'old messages repeated after a restart',
    edits: [
      edit('resumption.ts', 'if (lastVote?.view === view) {', 'if (lastVote !== undefined) {'),
      edit(
        'resumption.ts',
        'if (lastTimeout?.view === view) {',
        'if (lastTimeout !== undefined) {',
      ),
    ],
    killers: [restartInSilence],
  },
]

/** Each rule of §3–§8 that is taken out must be missed by somebody; docs/spec/consensus.md §11.5. */
export const MUTATIONS: readonly Killed[] = [
  ...CORE_MUTATIONS,
  ...EPOCH_MUTATIONS,
  ...EVIDENCE_MUTATIONS,
  ...MEMBERSHIP_MUTATIONS,
]

/** The schedule of a seed, as a scenario. */
function schedule(seed: number): Scenario {
  return (coreModule) => {
    const plan = planOf(seed, { highTip: isUnderHighTip() })
    runPlan(plan, coreModule === undefined ? {} : { coreModule })
  }
}
