// A8 against state sync: two of seven validators serve wrong, late, cut, foreign or no answers, chosen anew for each
// request, while answers of all arrive in any order. 300 seeds.
import {
  type Block,
  blockHash,
  type PeerId,
  type SnapshotOffer,
  sha256,
  uintToBytes,
} from '@openliquid/primitives'
import { SeededRandom } from '@openliquid/primitives/testing'
import { expect, it } from 'vitest'
import { STATE_SYNC_IN_FLIGHT_MAX } from './limits.ts'
import { encodeReputation } from './reputationCodec.ts'
import { StateSync } from './stateSync.ts'
import type { StateSyncEffect } from './stateSyncEffect.ts'
import type { StateSyncInput, StateSyncRequest } from './stateSyncInput.ts'
import { Fixture } from './testing/index.ts'

const COUNT = 7
const FAULTY = 2
const CHUNKS = 12
const TIMEOUT_MS = 5_000
const fixture = new Fixture(Array.from({ length: COUNT }, () => 1n))
const rootAt = (height: bigint): Uint8Array => sha256(uintToBytes(height, 8))
const chain: Block[] = [fixture.genesis]
for (let height = 1n; height <= 40n; height += 1n) {
  const executedHeight = height > 3n ? height - 3n : 0n
  const stateRoot =
    executedHeight === 0n ? fixture.genesis.header.stateRoot : rootAt(executedHeight)
  chain.push(fixture.child(chain.at(-1)!, height, { executedHeight, stateRoot }))
}
const headerOf = (height: bigint): Block['header'] => chain[Number(height)]!.header
const chunkOf = (height: bigint, index: number): Uint8Array =>
  uintToBytes(height * 100n + BigInt(index), 9)

function offerOf(height: bigint): SnapshotOffer {
  const multipliers = Array.from({ length: COUNT }, () => 1_000)
  const windows = [{ boundaryHeight: 0n, startView: 1n, multipliers }]
  const naming = headerOf(height + 4n)
  return {
    manifest: {
      height,
      stateRoot: rootAt(height),
      parts: Uint8Array.of(1),
      reputation: encodeReputation({ epoch: 1n, height, windows, records: [] }),
      chunks: Array.from({ length: CHUNKS }, (_, index) => sha256(chunkOf(height, index))),
    },
    headers: [-2n, -1n, 0n, 1n, 2n].map((by) => headerOf(height + by)),
    certified: {
      path: [headerOf(height + 3n), naming],
      qc: fixture.qc(naming.view, blockHash(naming), [0, 1, 2, 3, 4]),
    },
  }
}

type Answer = Record<string, unknown> | undefined

function honest(request: StateSyncRequest, heights: readonly bigint[]): Answer {
  switch (request.kind) {
    case 'offers':
      return { kind: 'offers', offers: heights.map(offerOf) }
    case 'epochChange':
      return { kind: 'epochChange', proofs: [] }
    case 'blocks': {
      const from = Number(request.request.fromHeight)
      return { kind: 'blocks', blocks: chain.slice(from, from + 3) }
    }
    default:
      return { kind: 'chunk', bytes: chunkOf(request.height, request.index) }
  }
}

function hostile(request: StateSyncRequest, random: SeededRandom): Answer {
  const good = honest(request, [20n, 30n])
  switch (random.integer(0, 3)) {
    case 0:
      return undefined
    case 1:
      return good
    default:
      break
  }
  switch (request.kind) {
    case 'offers': {
      const lie = offerOf(30n)
      const wrong = sha256(random.bytes(4))
      const lies: SnapshotOffer[] = [
        { ...lie, manifest: { ...lie.manifest, stateRoot: wrong } },
        { ...lie, manifest: { ...lie.manifest, chunks: lie.manifest.chunks.map(() => wrong) } },
        { ...lie, manifest: { ...lie.manifest, chunks: [] } },
        { ...lie, manifest: { ...lie.manifest, height: 2n ** 63n } },
        { ...lie, headers: [] },
        { ...lie, certified: { ...lie.certified, qc: { ...lie.certified.qc, epoch: 9n } } },
        { ...lie, certified: { ...lie.certified, path: [] } },
      ]
      return { kind: 'offers', offers: [random.pick(lies), random.pick(lies)] }
    }
    case 'epochChange':
      return {
        kind: 'epochChange',
        proofs: [{ commit: offerOf(20n).certified, nextSet: fixture.set }],
      }
    case 'blocks':
      return { kind: 'blocks', blocks: [...chain].reverse().slice(0, random.integer(0, 5)) }
    default:
      return {
        kind: 'chunk',
        bytes: random.pick([new Uint8Array(0), random.bytes(9), chunkOf(20n, 0)]),
      }
  }
}

interface Coming {
  readonly atMs: number
  readonly input: Record<string, unknown>
}

function join(seed: number): {
  readonly restored: Map<number, Uint8Array>
  readonly reported: Set<PeerId>
  readonly finished: bigint | undefined
  readonly tookMs: number
} {
  const random = new SeededRandom(seed)
  const sync = new StateSync({ ...fixture.roots, aboveHeight: 0n })
  const faulty = new Set([random.integer(0, 2), random.integer(3, COUNT - 1)].slice(0, FAULTY))
  const restored = new Map<number, Uint8Array>()
  const reported = new Set<PeerId>()
  let coming: Coming[] = []
  let nowMs = 1_000
  let finished: bigint | undefined
  let waiting = 0
  const later = (delayMs: number, input: Record<string, unknown>): void => {
    coming.push({ atMs: nowMs + delayMs, input })
  }
  const take = (effects: readonly StateSyncEffect[]): void => {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'request': {
          const index = Number(effect.peer.slice(1))
          const { request, requestId } = effect
          // Half of the honest have the newer state.
          const heights = index % 2 === 0 ? [30n, 20n] : [20n]
          const answer = faulty.has(index) ? hostile(request, random) : honest(request, heights)
          if (answer === undefined) later(TIMEOUT_MS, { kind: 'failed', requestId })
          else later(random.integer(1, 400), { requestId, ...answer })
          break
        }
        case 'begin':
          restored.clear()
          waiting = 0
          later(random.integer(1, 50), { kind: 'begun', restored: [] })
          break
        case 'restore':
          waiting += 1
          expect(waiting).toBeLessThanOrEqual(STATE_SYNC_IN_FLIGHT_MAX)
          restored.set(effect.index, effect.bytes)
          later(random.integer(1, 30), { kind: 'restored', index: effect.index })
          break
        case 'finish':
          finished = effect.target.manifest.height
          break
        case 'report':
          reported.add(effect.peer)
          break
        default:
          later(Math.max(0, effect.atMs - nowMs), { kind: 'timerFired' })
      }
    }
  }
  const peers = fixture.set.validators.map(({ nodeKey }, i) => ({ peer: `p${i}`, nodeKey }))
  take(sync.step({ kind: 'peers', nowMs, peers }))
  for (let steps = 0; steps < 3_000 && finished === undefined && coming.length > 0; steps++) {
    coming = coming.sort((a, b) => a.atMs - b.atMs)
    const next = coming.shift()
    if (next === undefined) break
    nowMs = Math.max(nowMs, next.atMs)
    if (next.input['kind'] === 'restored') waiting -= 1
    take(sync.step({ nowMs, ...next.input } as StateSyncInput))
  }
  for (const peer of reported) expect(faulty.has(Number(peer.slice(1)))).toBe(true)
  return { restored, reported, finished, tookMs: nowMs - 1_000 }
}

it('ends with the whole honest state, sends no honest peer away, and holds a few chunks at most', () => {
  let caught = 0
  for (let seed = 1; seed <= 300; seed++) {
    const { finished, reported, restored, tookMs } = join(seed)
    expect([20n, 30n], `seed ${seed}`).toContain(finished)
    for (let index = 0; index < CHUNKS; index++) {
      expect(restored.get(index), `seed ${seed}`).toEqual(chunkOf(finished ?? 0n, index))
    }
    expect(tookMs, `seed ${seed}`).toBeLessThan(120_000)
    caught += reported.size
  }
  expect(caught).toBeGreaterThan(100)
})
