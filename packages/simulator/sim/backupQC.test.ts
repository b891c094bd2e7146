// The gain of the backup QC: the same cluster with a dead validator, for the same virtual time, as the protocol is and
// as it would be if votes went to the next leader alone and nowhere else.
import { ConsensusCore, type ConsensusOptions, recoverState } from '@openliquid/consensus'
import type { Height, View } from '@openliquid/primitives'
import { afterAll, expect, it } from 'vitest'
import { Cluster, type CoreModule, steadyLinks } from '../src/index.ts'
import { edit, loadMutant, removeMutants } from './mutants.ts'

const DELTA_MS = 10
const DURATION_MS = 20_000
const DEAD = 1

const SHIPPED: CoreModule = { ConsensusCore, recoverState }
const plain = await loadMutant({
  name: 'votes to the next leader only',
  edits: [
    edit('voter.ts', 'if (present !== selfIndex && present !== next)', 'if (false)'),
    edit(
      'voteAggregator.ts',
      'if (!leadsNext && !this.#isLeader(view)) return false',
      'if (!leadsNext) return false',
    ),
    edit('timeoutAggregator.ts', 'if (vote !== undefined) votes.add(vote)', 'void vote'),
  ],
})

afterAll(removeMutants)

/** Everyone leads in turn, the dead one too: reputation would soon spare it, and the gain is about what it costs. */
function inTurn({ ConsensusCore: Core, recoverState }: CoreModule): CoreModule {
  class InTurn extends Core {
    constructor(options: ConsensusOptions) {
      const count = BigInt(options.validatorSet.validators.length)
      super({ ...options, election: { leader: (_, view: View) => Number(view % count) } })
    }
  }
  return { ConsensusCore: InTurn, recoverState }
}

function committedWithDead(n: number, coreModule: CoreModule): Height {
  const cluster = new Cluster({
    seed: 1,
    stakes: Array.from({ length: n }, () => 1n),
    links: steadyLinks(DELTA_MS),
    coreModule: inTurn(coreModule),
  })
  cluster.start()
  cluster.node(DEAD).crash()
  cluster.runFor(DURATION_MS)
  return cluster.executedByAll
}

it.each([
  { n: 4, gain: 2.2 },
  { n: 7, gain: 1.6 },
  { n: 10, gain: 1.4 },
])(
  'n = $n, one dead: votes to both leaders commit at least $gain times as much in the same time (§5, seed 1)',
  ({ n, gain }) => {
    const withBackup = committedWithDead(n, SHIPPED)
    const without = committedWithDead(n, plain)
    expect(without).toBeGreaterThan(0n)
    expect(Number(withBackup) / Number(without)).toBeGreaterThanOrEqual(gain)
  },
)
