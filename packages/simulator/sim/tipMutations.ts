import { edit, type Killed } from './mutants.ts'
import {
  firstQCLast,
  foreignTip,
  necOfAnotherQC,
  necOfAnotherView,
  necOfTwo,
  necUnsigned,
  newBlockWithNec,
  newBlockWithoutNec,
  olderBlockAgain,
  refusalAfterVote,
  refusalByVoter,
  requestByStranger,
  tailKept,
  tailWithheld,
  tcWithoutItsTip,
  tipAfterCrash,
  tipAgain,
  unprovenTip,
  unsignedTip,
  voteAfterRefusal,
} from './tips.ts'

/** Each rule of docs/spec/consensus.md §12 that is taken out must be missed by somebody, on a chain that has it. */
export const TIP_MUTATIONS: readonly Killed[] = [
  {
    name: 'timeouts without the tip',
    edits: [
      edit(
        'safetyRules.ts',
        'highTip.header.view > highQC.view ? highTip : undefined',
        'highTip.header.view < 0n ? highTip : undefined',
      ),
    ],
    killers: [tailKept],
  },
  {
    name: 'tip not on disk',
    edits: [
      edit(
        'safetyCodec.ts',
        'encodeOptional(tipCodec, data.highTip)',
        'encodeOptional(tipCodec, undefined)',
      ),
    ],
    killers: [tipAfterCrash],
  },
  {
    name: 'refusal not on disk',
    edits: [
      edit(
        'safetyCodec.ts',
        'encodeOptional(refusalCodec, data.lastNoEndorse)',
        'encodeOptional(refusalCodec, undefined)',
      ),
    ],
    killers: [tailWithheld],
  },
  {
    name: 'refusal leaves before its sync',
    edits: [
      edit(
        'tipRecovery.ts',
        'outbox.persist(signed.records, { sync: true }) // R6',
        'outbox.persist(signed.records, { sync: false })',
      ),
    ],
    killers: [tailWithheld],
  },
  {
    name: 'new block beside the tip without a certificate',
    edits: [
      edit(
        'safetyRules.ts',
        'if ((nec === undefined) !== (tip === undefined)) return undefined',
        '',
      ),
    ],
    killers: [newBlockWithoutNec],
  },
  {
    name: 'leader builds beside the tip',
    edits: [
      edit(
        'proposer.ts',
        'if (highTip === undefined) return this.#draftOn({ qc, tc }, nowMs)',
        'if (highTip !== undefined || tc.view > 0n) return this.#draftOn({ qc, tc }, nowMs)\n    if (highTip === undefined) return false',
      ),
    ],
    killers: [tailKept],
  },
  {
    name: 'any block again',
    edits: [
      edit(
        'safetyRules.ts',
        'nec === undefined && namesTip(tc, blockHash(header))',
        'nec === undefined && header.height > 0n',
      ),
    ],
    killers: [olderBlockAgain],
  },
  {
    name: 'no block again',
    edits: [
      edit(
        'proposalRules.ts',
        'if (proposalEntryOf(proposal, header, rules) === undefined)',
        'if (header.view !== proposal.view || proposalEntryOf(proposal, header, rules) === undefined)',
      ),
    ],
    killers: [tipAgain],
  },
  {
    name: 'certificate of a third',
    edits: [
      edit(
        'certificateVerifier.ts',
        'this.#committee.isQuorum(this.#committee.stakeOf(refusers))',
        'this.#committee.isBlockingSet(this.#committee.stakeOf(refusers))',
      ),
    ],
    killers: [necOfTwo],
  },
  {
    name: 'signatures of refusals not checked',
    edits: [
      edit(
        'certificateVerifier.ts',
        'if (!this.#scheme.verifyAggregate(keysOfRefusers, digest, nec.signature)) return undefined',
        '',
      ),
    ],
    killers: [necUnsigned],
  },
  {
    name: 'certificate of any view',
    edits: [edit('safetyRules.ts', 'nec.view !== view || ', '')],
    killers: [necOfAnotherView],
  },
  {
    name: 'certificate about any QC',
    edits: [edit('safetyRules.ts', ' || nec.tipQCView !== header.qc.view', '')],
    killers: [necOfAnotherQC],
  },
  {
    name: 'TC without its tip',
    edits: [edit('certificateVerifier.ts', 'if (!this.#isTipOf(top, tc)) return undefined', '')],
    killers: [tcWithoutItsTip],
  },
  {
    name: 'signature of a tip not checked',
    edits: [
      edit(
        'certificateVerifier.ts',
        'if (!scheme.verify(this.#committee.nodeKeyOf(proposer), digest, signature)) return undefined',
        '',
      ),
    ],
    killers: [unsignedTip],
  },
  {
    name: 'tip of a foreign leader',
    edits: [
      edit(
        'highTip.ts',
        'if (election.leader(epoch, view) === proposer) return undefined',
        'if (election.leader(epoch, view) >= 0 || proposer >= 0) return undefined',
      ),
    ],
    killers: [foreignTip],
  },
  {
    name: 'tip without the right to be built',
    edits: [
      edit(
        'certificateVerifier.ts',
        ' || !this.#isFresh(tip)) return undefined',
        ') return undefined',
      ),
    ],
    killers: [unprovenTip],
  },
  {
    name: 'lower ranks first',
    edits: [
      edit(
        'highTip.ts',
        'compareRanks(group, top) > 0 ? group : top',
        'compareRanks(group, top) < 0 ? group : top',
      ),
    ],
    killers: [tailKept],
  },
  {
    name: 'a block that is proposed again commits its parent',
    edits: [
      edit(
        'certificateProcessor.ts',
        'header.qc.view + 1n !== qc.view',
        'header.qc.view + 1n !== header.view',
      ),
    ],
    killers: [tailKept],
  },
  {
    name: 'vote beside a refused tip',
    edits: [
      edit(
        'safetyRules.ts',
        'if (lastNoEndorse?.noEndorse.view === view && !namesTip(tc, lastNoEndorse.tip)) return undefined',
        '',
      ),
    ],
    killers: [voteAfterRefusal],
  },
  {
    name: 'refusal after a vote',
    edits: [edit('safetyRules.ts', '    if (currentView <= lastVotedView) return undefined\n', '')],
    killers: [refusalAfterVote],
  },
  {
    name: 'voters refuse',
    edits: [
      edit(
        'safetyRules.ts',
        'if (highTip !== undefined && namesTip(tc, blockHash(highTip.header))) return undefined',
        '',
      ),
      edit(
        'tipRecovery.ts',
        "if (standing === 'endorsable' && block !== undefined) {",
        "if (standing === 'endorsable' && block === undefined) {",
      ),
    ],
    killers: [refusalByVoter],
  },
  {
    name: 'refusal for anybody',
    edits: [
      edit(
        'tipRecovery.ts',
        'if (!nodeScheme.verify(committee.nodeKeyOf(leader), digest, signature)) {',
        'if (!nodeScheme.verify(committee.nodeKeyOf(leader), digest, signature) && leader < 0) {',
      ),
    ],
    killers: [requestByStranger],
  },
  {
    name: 'leader never asks for the tip',
    edits: [edit('proposer.ts', '    this.#recovery.request(tc)\n', '')],
    killers: [tailWithheld],
  },
  {
    name: 'certificate not used',
    edits: [
      edit(
        'tipRecovery.ts',
        'return own?.view === this.#replica.pacemaker.view ? own.refusals.certificate() : undefined',
        'return own?.view === 0n ? own.refusals.certificate() : undefined',
      ),
    ],
    killers: [tailWithheld],
  },
  {
    name: 'certificate refused by voters',
    edits: [edit('voter.ts', 'nec: candidate.nec,', '')],
    killers: [newBlockWithNec],
  },
  {
    name: 'QC of another view than the block refused',
    edits: [
      edit(
        'certificateProcessor.ts',
        'params.highTip ? header.view > qc.view : header.view !== qc.view',
        'header.view !== qc.view',
      ),
    ],
    killers: [tailKept],
  },
  {
    name: 'only the first QC of a block',
    edits: [
      edit(
        'certificateProcessor.ts',
        'known?.view === qc.view || (known !== undefined && !params.highTip)',
        'known !== undefined',
      ),
    ],
    killers: [firstQCLast],
  },
]
