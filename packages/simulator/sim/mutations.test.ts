import { afterAll, describe, expect, it } from 'vitest'
import { loadMutant, type Mutation, removeMutants } from './mutants.ts'
import {
  allCrash,
  allCrashAfterVote,
  chaos,
  deadLeader,
  doubleProposal,
  equivocation,
  lateQC,
  lightMajority,
  otherExecution,
  type Scenario,
  silentSpell,
  staleQC,
  wrongRoot,
} from './scenarios.ts'

/** Each rule of §3–§7 that is taken out must be missed by somebody; docs/spec/consensus.md §11.5. */
const TABLE: readonly (Mutation & { readonly killers: readonly Scenario[] })[] = [
  {
    name: 'quorum of one half',
    edits: [
      {
        file: 'committee.ts',
        find: 'stake * 3n > this.#totalStake * 2n',
        replace: 'stake * 2n >= this.#totalStake',
      },
    ],
    killers: [deadLeader, chaos(51)],
  },
  {
    name: 'count instead of stake',
    edits: [
      { file: 'committee.ts', find: 'stake += one', replace: 'stake += 1n' },
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
    edits: [{ file: 'outbox.ts', find: 'effects.unshift(', replace: 'effects.push(' }],
    killers: [deadLeader],
  },
  {
    name: 'proposal below the QC of the TC',
    edits: [
      {
        file: 'safetyRules.ts',
        find: "return qc.view >= tc.highQC.view ? { kind: 'tc', tc } : undefined",
        replace: "return { kind: 'tc', tc }",
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
]

afterAll(removeMutants)

describe('the scenarios raise no false alarm', () => {
  it.each(
    Object.entries({
      allCrash,
      allCrashAfterVote,
      deadLeader,
      doubleProposal,
      equivocation,
      lateQC,
      lightMajority,
      otherExecution,
      silentSpell,
      staleQC,
      wrongRoot,
    }),
  )('%s', (_, scenario) => {
    expect(() => scenario(undefined)).not.toThrow()
  })

  it.each([51, 52, 53, 54, 55, 60, 61, 62, 63])('chaos (seed %i)', (seed) => {
    expect(() => chaos(seed)(undefined)).not.toThrow()
  })
})

describe('planted faults are found', () => {
  it.each(TABLE)('$name', async (mutation) => {
    const mutant = await loadMutant(mutation)
    let found: unknown
    for (const scenario of mutation.killers) {
      try {
        scenario(mutant)
      } catch (error) {
        found = error
        break
      }
    }
    expect(found, 'no scenario saw the fault').toBeInstanceOf(Error)
  })
})
