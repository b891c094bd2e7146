import {
  changingMembers,
  forgedPayloads,
  forgedSets,
  leaversServe,
  shortState,
  spoiltChunks,
} from './membershipScenarios.ts'
import { edit, type Killed } from './mutants.ts'

/** Each rule about members that come and go, and about states they fetch, docs/spec/consensus.md §8. */
export const MEMBERSHIP_MUTATIONS: readonly Killed[] = [
  {
    name: 'leavers show nobody the way',
    edits: [
      edit(
        'epochManager.ts',
        'else this.tellPeer(epoch, from, nowMs)',
        'else if (this.#replica.selfIndex !== undefined) this.tellPeer(epoch, from, nowMs)',
      ),
    ],
    killers: [leaversServe],
  },
  {
    name: 'next members by the newest state',
    edits: [
      edit(
        'epochManager.ts',
        'stateRoots.membersAt(header.executedHeight)',
        'stateRoots.membersAt(stateRoots.executedHeight)',
      ),
    ],
    killers: [changingMembers],
  },
  {
    name: 'members never change',
    edits: [
      edit(
        'nextSet.ts',
        'stateRoots.membersAt(height)',
        'height < 0n ? stateRoots.membersAt(height) : undefined',
      ),
      edit(
        'epochManager.ts',
        'stateRoots.membersAt(header.executedHeight)',
        'header.height < 0n ? stateRoots.membersAt(header.executedHeight) : undefined',
      ),
    ],
    killers: [changingMembers],
  },
  {
    name: 'position of the epoch before',
    edits: [
      edit(
        'replica.ts',
        'tree.dropUncommitted()\n  const selfIndex = ownKeys === undefined ? undefined : committee.indexOfKeys(ownKeys)',
        'tree.dropUncommitted()\n  const selfIndex = replica.selfIndex',
      ),
    ],
    killers: [changingMembers],
  },
  {
    name: 'stakes of the epoch before',
    edits: [
      edit(
        'replica.ts',
        'const committee = new Committee(nextSet)',
        'const committee = new Committee({ ...replica.committee.set, epoch: nextSet.epoch })',
      ),
    ],
    killers: [changingMembers],
  },
  {
    name: 'leavers go on signing',
    edits: [
      edit(
        'replica.ts',
        'return selfIndex !== undefined && signer?.data.epoch === epoch',
        'return (selfIndex ?? 0) >= 0 && signer?.data.epoch === epoch',
      ),
    ],
    killers: [changingMembers],
  },
  {
    name: 'state of a single voice',
    edits: [
      edit('stateSync.ts', 'if (!this.#epochs.isVouched(candidate.offer, nodeKeys)) continue', ''),
    ],
    killers: [shortState],
  },
  {
    name: 'chunks not compared with the manifest',
    edits: [
      edit(
        'stateSync.ts',
        'if (hash === undefined || !equalBytes(sha256(bytes), hash)) {',
        'if (hash === undefined || bytes.length === 0) {',
      ),
    ],
    killers: [spoiltChunks],
  },
  {
    name: 'payloads below a state not compared',
    edits: [
      edit(
        'stateSync.ts',
        '(block !== undefined && equalBytes(payloadRoot(block.payload), header.payloadRoot))',
        'block !== undefined',
      ),
    ],
    killers: [forgedPayloads],
  },
  {
    name: 'validator sets below a state not proven',
    edits: [
      edit(
        'provenEpochs.ts',
        '!verifyEpochChange(change, known.verifier)',
        'change.nextSet === undefined',
      ),
    ],
    killers: [forgedSets],
  },
]
