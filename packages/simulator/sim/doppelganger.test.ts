import { ConsensusCore, type ConsensusOptions, recoverState } from '@openliquid/consensus'
import { describe, expect, it } from 'vitest'
import { Cluster, type CoreModule, steadyLinks } from '../src/index.ts'

/** The keys of validator 2 may be in use elsewhere, for all that its first node knows. */
function waiting(): CoreModule {
  let made = 0
  return {
    ConsensusCore: class extends ConsensusCore {
      constructor(options: ConsensusOptions) {
        const isSecond = options.self?.index === 2
        if (isSecond) made += 1
        super(isSecond && made === 1 ? { ...options, doppelgangerWait: true } : options)
      }
    },
    recoverState,
  }
}

describe('a validator that cannot be sure of its keys', () => {
  it('signs nothing for two leader rotations, then goes on as all others (seed 81)', () => {
    const signedAtView: bigint[] = []
    let view = 0n
    const cluster = new Cluster({
      seed: 81,
      stakes: [1n, 1n, 1n, 1n],
      links: steadyLinks(10),
      coreModule: waiting(),
      observe: (node, effect) => {
        if (node !== 2) return
        if (effect.kind === 'enterView') view = effect.view
        const isSigned =
          (effect.kind === 'send' && effect.message.kind === 'vote') ||
          (effect.kind === 'broadcast' && ['timeout', 'proposal'].includes(effect.message.kind))
        if (isSigned) signedAtView.push(view)
      },
    })
    cluster.start()
    expect(cluster.runUntil(() => signedAtView.length > 8, 30_000)).toBe(true)
    expect(signedAtView[0]).toBeGreaterThan(8n)
    expect(cluster.node(2).halt).toBeUndefined()
  })

  it('signs after the time of two rotations where no views pass (seed 82)', () => {
    const cluster = new Cluster({
      seed: 82,
      stakes: [1n, 1n, 1n],
      links: steadyLinks(10),
      coreModule: waiting(),
    })
    cluster.start()
    cluster.runFor(2_900)
    expect(cluster.commits.height).toBe(0)
    expect(cluster.runUntil(() => cluster.commits.height > 5, 20_000)).toBe(true)
  })

  it('halts when it hears itself (seed 83)', () => {
    const cluster = new Cluster({
      seed: 83,
      stakes: [1n, 1n, 1n, 1n],
      twins: [2],
      links: steadyLinks(10),
      coreModule: waiting(),
    })
    cluster.start()
    cluster.runUntil(() => cluster.node(2).halt !== undefined, 10_000)
    expect(cluster.node(2).halt?.code).toBe('OL_CONSENSUS_DOPPELGANGER')
    expect(cluster.node(4).halt).toBeUndefined()
  })
})
