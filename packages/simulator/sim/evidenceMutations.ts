import {
  convictsTwins,
  evidenceOfNobody,
  evidenceTooMadValidator,
  evidenceTooMuch,
  evidenceTwice,
  expires,
  junkEvidence,
  paysOnce,
} from './evidenceScenarios.ts'
import { edit, type Killed } from './mutants.ts'

/** Each rule about evidence that is taken out must be missed by somebody; docs/spec/consensus.md §8, §11.5. */
export const EVIDENCE_MUTATIONS: readonly Killed[] = [
  {
    name: 'evidence counted twice',
    edits: [edit('offences.ts', 'if (views?.has(misbehavior.view) === true) return false', '')],
    killers: [evidenceTwice, paysOnce],
  },
  {
    name: 'evidence of an epoch that is over for good',
    edits: [
      edit(
        'pastEpochs.ts',
        'if (isTooOld || this.#isExpired(closedAtMs, timestampMs)) this.#epochs.delete(epoch)',
        'if (isTooOld && timestampMs < 0) this.#epochs.delete(epoch)',
      ),
      edit(
        'pastEpochs.ts',
        'return this.#isExpired(known.closedAtMs, block.timestampMs) ? undefined : known.committee',
        'return known.committee',
      ),
    ],
    killers: [expires],
  },
  {
    name: 'evidence in a block not verified',
    edits: [
      edit(
        'evidenceRules.ts',
        'if (verifyEvidence(evidence, { ...replica, committee }).length === 0) {',
        'if (verifyEvidence(evidence, { ...replica, committee }).length < 0) {',
      ),
    ],
    killers: [evidenceOfNobody],
  },
  {
    name: 'evidence of others not verified',
    edits: [
      edit(
        'evidenceKeeper.ts',
        'if (verifyEvidence(evidence, { ...this.#replica, committee }).length === 0) {',
        'if (verifyEvidence(evidence, { ...this.#replica, committee }).length < 0) {',
      ),
      edit(
        'evidenceRules.ts',
        'if (replica.evidencePool.has(bytes)) continue',
        'if (replica.evidencePool.size >= 0) continue',
      ),
    ],
    killers: [junkEvidence],
  },
  {
    name: 'one vote twice is a breach',
    edits: [
      edit(
        'evidenceVerifier.ts',
        'return first.epoch === epoch && compareBytes(first.blockHash, second.blockHash) < 0',
        'return first.epoch === epoch && compareBytes(first.blockHash, second.blockHash) <= 0',
      ),
    ],
    killers: [junkEvidence],
  },
  {
    name: 'evidence without limit',
    edits: [edit('evidenceRules.ts', 'section.length > BLOCK_EVIDENCE_MAX', 'section.length < 0')],
    killers: [evidenceTooMuch],
  },
  {
    name: 'penalties without limit',
    edits: [edit('offences.ts', 'return count < OFFENCES_PER_EPOCH_MAX', 'return true')],
    killers: [evidenceTooMadValidator],
  },
  {
    name: 'breaches not watched',
    edits: [edit('misbehaviorDetector.ts', 'this.#found.push(evidence)', '')],
    killers: [convictsTwins],
  },
  {
    name: 'penalties forgotten in a restart',
    edits: [
      edit('recovery.ts', 'misbehaviors: executed.misbehaviors?.() ?? [],', 'misbehaviors: [],'),
    ],
    killers: [paysOnce],
  },
  {
    name: 'past epochs forgotten in a restart',
    edits: [
      edit(
        'recovery.ts',
        'pastEpochs: pastEpochsBelow(epoch, { genesis, executed }),',
        'pastEpochs: [...pastEpochsBelow(epoch, { genesis, executed })].slice(0, 0),',
      ),
    ],
    killers: [expires],
  },
]
