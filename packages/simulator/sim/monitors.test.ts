// Every monitor can fail: each sees a fault that is planted for it. E1, E2, M3, O1, O2, O4–O8 and T see faults of the
// mutation table, M1 sees agreement broken in `accountability.test.ts`, L3 is counted in `happyPath` and `faults`.
import { afterAll, describe, expect, it } from 'vitest'
import {
  BufferMonitor,
  CertificateMonitor,
  Cluster,
  CommitMonitor,
  LivenessMonitor,
  planOf,
  runPlan,
  SignatureOracle,
  silent,
  steadyLinks,
} from '../src/index.ts'
import { loadMutant, removeMutants } from './mutants.ts'
import { forgeQC } from './scenarios.ts'

afterAll(removeMutants)

function runningCluster(): Cluster {
  const cluster = new Cluster({ seed: 5, stakes: [1n, 1n, 1n, 1n], links: steadyLinks(10) })
  cluster.start()
  cluster.runFor(500)
  return cluster
}

/** A cluster whose liveness is watched from now on. */
function watchedCluster(nodes: ConstructorParameters<typeof Cluster>[0]['nodes']): Cluster {
  const monitors: LivenessMonitor[] = []
  const cluster = new Cluster({
    seed: 6,
    stakes: [1n, 1n, 1n, 1n],
    links: steadyLinks(10),
    ...(nodes === undefined ? {} : { nodes }),
    observe: (node, effect) => monitors[0]?.onEffect(node, effect),
  })
  monitors.push(new LivenessMonitor(cluster, 10))
  cluster.start()
  cluster.runFor(500)
  return cluster
}

describe('commits', () => {
  it('M2: a height is left out', () => {
    const { chain, nodes, schemes } = runningCluster()
    const monitor = new CommitMonitor({ ...chain, setOf: () => chain.set, scheme: schemes.scheme })
    const block = nodes[0]!.application.blockAt(2n)!
    const committed = { block, blockHash: block.header.parentHash, context: {} as never }
    const proof = nodes[0]!.application.commitProofAt(2n)!
    expect(() => monitor.onCommit(0, [committed], { proof, above: 0n })).toThrow(/^M2/)
  })

  it('M4: a second block is certified in a view', () => {
    const cluster = runningCluster()
    const { highQC } = cluster.node(0).core
    cluster.certificates.onQC(highQC)
    expect(() => cluster.certificates.onQC(forgeQC(cluster, highQC.view))).toThrow(/^M4/)
  })

  it('M5: nobody proposed what is committed', () => {
    const { chain, schemes } = runningCluster()
    const monitor = new CertificateMonitor({
      ...chain,
      setOf: () => chain.set,
      scheme: schemes.scheme,
      isValidPayload: () => true,
    })
    expect(() => monitor.onCommitted(0, 1n, chain.genesis.header.stateRoot)).toThrow(/^M5/)
  })

  it('M6: two nodes come to different roots', () => {
    const { chain, commits, nodes } = runningCluster()
    const root = nodes[0]!.application.stateRootAt(1n)!
    expect(() => commits.onExecuted(1, 1n, root)).not.toThrow()
    expect(() => commits.onExecuted(1, 1n, chain.genesis.header.stateRoot)).toThrow(/^M6/)
  })
})

describe('signatures', () => {
  it('O3: a timeout names less than the lock', () => {
    const cluster = new Cluster({
      seed: 7,
      stakes: [1n, 1n, 1n, 1n],
      links: steadyLinks(10),
      nodes: new Map([[2, { behavior: silent }]]),
    })
    cluster.start()
    cluster.runUntil(() => cluster.node(0).core.dump().safety?.lastTimeout !== undefined, 20_000)
    const { safety } = cluster.node(0).core.dump()
    const timeout = safety!.lastTimeout!
    const block = cluster.node(0).core.uncommitted(safety!.lastVote!.blockHash)!
    const oracle = new SignatureOracle(0)
    const log = { safety, marks: safety, hasBlock: () => true }
    oracle.onLeaving({ kind: 'vote', vote: safety!.lastVote! }, log, () => block)
    const low = { ...timeout, highQC: { ...timeout.highQC, view: block.header.qc.view - 1n } }
    expect(() => oracle.onLeaving({ kind: 'timeout', timeout: low }, log, () => block)).toThrow(
      /^O3/,
    )
  })
})

describe('liveness', () => {
  it('is as promised with a dead leader', () => {
    expect(() => watchedCluster(new Map([[2, { behavior: silent }]])).runFor(10_000)).not.toThrow()
  })

  it('L1: a view has no end', () => {
    const cluster = watchedCluster(undefined)
    cluster.network.setConditions({ ...steadyLinks(10), lossPermille: 1_000 })
    expect(() => cluster.runFor(5_000)).toThrow(/^L1: node \d stays/)
  })

  it('L1: honest leaders follow one another and nothing is committed', async () => {
    const coreModule = await loadMutant({
      name: 'nothing is committed',
      edits: [
        {
          file: 'certificateProcessor.ts',
          find: 'if (header.qc.view === 0n || header.qc.view + 1n !== qc.view) return',
          replace: 'if (header.qc.view >= 0n) return',
        },
      ],
    })
    const plan = { ...planOf(3), nodes: [], executionMs: 0 }
    expect(() => runPlan(plan, { coreModule })).toThrow(/^L1/)
  })

  it('L2: one is left behind', () => {
    const cluster = watchedCluster(undefined)
    for (const from of [0, 1, 2]) cluster.network.cut(from, 3)
    expect(() => cluster.runFor(5_000)).toThrow(/^L2: node 3/)
  })
})

describe('memory', () => {
  it('L4: a buffer is just at its bound, and then beyond', () => {
    const monitor = new BufferMonitor(0, 4)
    const { core } = runningCluster().node(0)
    const holding = (votes: number) => ({
      status: core.status,
      buffers: { ...core.buffers, votes },
    })
    for (let i = 0; i < 16; i++) monitor.onStep(holding(48))
    const look = (): void => {
      for (let i = 0; i < 16; i++) monitor.onStep(holding(49))
    }
    expect(look).toThrow(/^L4: node 0 holds 49 votes, at most 48/)
  })

  it('L4: votes are never forgotten', async () => {
    const coreModule = await loadMutant({
      name: 'votes are never forgotten',
      edits: [
        {
          file: 'certificateProcessor.ts',
          find: 'this.#replica.votes.forgetBelow(view - 1n)',
          replace: '',
        },
      ],
    })
    const cluster = new Cluster({
      seed: 8,
      stakes: [1n, 1n, 1n, 1n],
      links: steadyLinks(10),
      coreModule,
    })
    cluster.start()
    expect(() => cluster.runFor(5_000)).toThrow(/^L4/)
  })
})
