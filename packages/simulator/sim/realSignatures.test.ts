import { blsScheme, ed25519Scheme } from '@openliquid/crypto'
import { describe, expect, it } from 'vitest'
import { Cluster, steadyLinks } from '../src/index.ts'

describe('with real signatures', () => {
  it('four validators commit, lose one, and commit on: BLS12-381 votes, ed25519 proposals (seed 3)', () => {
    const cluster = new Cluster({
      seed: 3,
      stakes: [1n, 1n, 1n, 1n],
      links: steadyLinks(10),
      schemes: { scheme: blsScheme, nodeScheme: ed25519Scheme },
    })
    cluster.start()
    expect(cluster.runUntil(() => cluster.executedByAll >= 8n, 5_000)).toBe(true)
    cluster.crash(1)
    expect(cluster.runUntil(() => cluster.executedByAll >= 14n, 20_000)).toBe(true)
    cluster.restart(1)
    expect(cluster.runUntil(() => cluster.executedByAll >= 16n, 20_000)).toBe(true)
  })

  it('seven validators with ed25519 certificates (seed 4)', () => {
    const cluster = new Cluster({
      seed: 4,
      stakes: Array.from({ length: 7 }, () => 1n),
      links: steadyLinks(10),
      schemes: { scheme: ed25519Scheme, nodeScheme: ed25519Scheme },
    })
    cluster.start()
    expect(cluster.runUntil(() => cluster.executedByAll >= 5n, 5_000)).toBe(true)
  })
})
