import { closedWithGaps, qcOfEpochBefore, suffixWithPayload } from './epochScenarios.ts'
import { edit, type Killed } from './mutants.ts'

/** Each rule about epochs that is taken out must be missed by somebody; docs/spec/consensus.md §8, §11.5. */
export const EPOCH_MUTATIONS: readonly Killed[] = [
  {
    name: 'suffix block committed',
    edits: [
      edit(
        'certificateProcessor.ts',
        'while (lowest !== undefined && lowest.header.flags === FLAG_EPOCH_SUFFIX) {',
        'while (lowest !== undefined && lowest.header.flags > FLAG_EPOCH_SUFFIX) {',
      ),
    ],
    killers: [closedWithGaps],
  },
  {
    name: 'suffix block with payload',
    edits: [
      edit(
        'blockRules.ts',
        'if (header.flags === FLAG_EPOCH_SUFFIX && !isEmptyPayload(payload)) {',
        'if (header.flags > FLAG_EPOCH_SUFFIX && !isEmptyPayload(payload)) {',
      ),
    ],
    killers: [suffixWithPayload],
  },
  {
    name: 'QC of another epoch accepted',
    edits: [
      edit(
        'certificateVerifier.ts',
        'if (qc.epoch !== this.#committee.epoch) return undefined',
        '',
      ),
    ],
    killers: [qcOfEpochBefore],
  },
]
