import {
  type Block,
  blockHash,
  type CommitProof,
  type PeerId,
  type SnapshotManifest,
  type SnapshotOffer,
  sha256,
} from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { encodeReputation } from './reputationCodec.ts'
import { StateSync, type StateSyncOptions } from './stateSync.ts'
import type { StateSyncEffect } from './stateSyncEffect.ts'
import type { StateSyncInput, StateSyncRequest } from './stateSyncInput.ts'
import { Fixture } from './testing/index.ts'

const fixture = new Fixture([1n, 1n, 1n, 1n])
const NOW_MS = 1_000

const rootAt = (height: bigint): Uint8Array => sha256(Uint8Array.of(Number(height)))
const chain: Block[] = [fixture.genesis]
for (let height = 1n; height <= 20n; height += 1n) {
  const executedHeight = height > 3n ? height - 3n : 0n
  const stateRoot =
    executedHeight === 0n ? fixture.genesis.header.stateRoot : rootAt(executedHeight)
  chain.push(fixture.child(chain.at(-1)!, height, { executedHeight, stateRoot }))
}
const at = (height: bigint): Block => chain[Number(height)]!
const headerOf = (height: bigint): Block['header'] => at(height).header

function commitOf(height: bigint): CommitProof {
  const child = headerOf(height + 1n)
  const qc = fixture.qc(child.view, blockHash(child), [0, 1, 2])
  return { path: [headerOf(height), child], qc }
}

const chunks = [1, 2, 3, 4, 5, 6, 7].map((i) => Uint8Array.of(i, i, i))

function offerOf(height: bigint, change: Partial<SnapshotManifest> = {}): SnapshotOffer {
  const windows = [{ boundaryHeight: 0n, startView: 1n, multipliers: [1_000, 1_000, 1_000, 1_000] }]
  const manifest = {
    height,
    stateRoot: rootAt(height),
    parts: Uint8Array.of(1),
    reputation: encodeReputation({ epoch: 1n, height, windows, records: [] }),
    chunks: chunks.map((bytes) => sha256(bytes)),
    ...change,
  }
  const headers = [height - 2n, height - 1n, height, height + 1n, height + 2n].map(headerOf)
  return { manifest, headers, certified: commitOf(height + 3n) }
}

type Answer = (request: StateSyncRequest) => Omit<StateSyncInput, 'nowMs' | 'requestId'> | undefined

/** A peer that serves the state of a height as it should. */
function honest(height = 10n): Answer {
  return (request) => {
    switch (request.kind) {
      case 'offers':
        return { kind: 'offers', offers: [offerOf(height)] } as never
      case 'epochChange':
        return { kind: 'epochChange', proofs: [] } as never
      case 'blocks':
        return {
          kind: 'blocks',
          blocks: chain.slice(Number(height) - 2, Number(height) + 1),
        } as never
      default:
        return { kind: 'chunk', bytes: chunks[request.index]! } as never
    }
  }
}

interface Run {
  readonly restored: Map<number, Uint8Array>
  readonly begun: bigint[]
  readonly reported: PeerId[]
  readonly asked: { readonly peer: PeerId; readonly request: StateSyncRequest }[]
  finished: bigint | undefined
  mostInFlight: number
}

/** Peers of the validators 0 … in turn; silence is a failed request. */
function run(
  servers: readonly Answer[],
  options: Partial<StateSyncOptions> & {
    readonly restoredBefore?: readonly number[]
    readonly refuse?: (begun: number, index: number) => boolean
  } = {},
): Run {
  const { restoredBefore = [], refuse = () => false, ...rest } = options
  const sync = new StateSync({ ...fixture.roots, aboveHeight: 0n, ...rest })
  const result: Run = {
    restored: new Map(),
    begun: [],
    reported: [],
    asked: [],
    finished: undefined,
    mostInFlight: 0,
  }
  const nameOf = (i: number): PeerId => `p${i}`
  let nowMs = NOW_MS
  const queue: StateSyncInput[] = []
  let inFlight = 0
  const take = (effects: readonly StateSyncEffect[]): void => {
    for (const effect of effects) {
      switch (effect.kind) {
        case 'request': {
          const { peer, request, requestId } = effect
          result.asked.push({ peer, request })
          if (request.kind === 'chunk') inFlight += 1
          const answer = servers[Number(peer.slice(1))]?.(request)
          queue.push({ nowMs, requestId, ...(answer ?? { kind: 'failed' }) } as StateSyncInput)
          break
        }
        case 'begin':
          result.begun.push(effect.target.manifest.height)
          result.restored.clear()
          queue.push({ kind: 'begun', nowMs, restored: restoredBefore })
          break
        case 'restore':
          if (refuse(result.begun.length, effect.index)) {
            queue.push({ kind: 'refused', nowMs, reason: 'not of the state' })
            break
          }
          result.restored.set(effect.index, effect.bytes)
          queue.push({ kind: 'restored', nowMs, index: effect.index })
          break
        case 'finish':
          result.finished = effect.target.manifest.height
          break
        case 'report':
          result.reported.push(effect.peer)
          break
        default:
          nowMs = Math.max(nowMs, effect.atMs)
          queue.push({ kind: 'timerFired', nowMs })
      }
    }
  }
  const peers = servers.map((_, i) => ({
    peer: nameOf(i),
    nodeKey: fixture.set.validators[i]?.nodeKey ?? new Uint8Array(32),
  }))
  take(sync.step({ kind: 'peers', nowMs, peers }))
  for (let steps = 0; steps < 600 && result.finished === undefined; steps++) {
    const next = queue.shift()
    if (next === undefined) break
    result.mostInFlight = Math.max(result.mostInFlight, inFlight)
    if (next.kind === 'chunk' || next.kind === 'failed') inFlight -= next.kind === 'chunk' ? 1 : 0
    take(sync.step(next))
  }
  return result
}

describe('state sync', () => {
  it('takes the newest state that a quorum certified and a third of the stake offers, from several peers', () => {
    const result = run([honest(), honest(12n), honest(12n), honest()])
    expect(result).toMatchObject({ finished: 12n, begun: [12n], reported: [] })
    expect([...result.restored.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5, 6])
    const servers = result.asked.filter(({ request }) => request.kind === 'chunk')
    expect(new Set(servers.map(({ peer }) => peer))).toEqual(new Set(['p1', 'p2']))
    expect(result.mostInFlight).toBeLessThanOrEqual(4)
  })

  it('takes no state that less than a third of the stake vouches for', () => {
    const other = offerOf(12n, { reputation: offerOf(12n).manifest.reputation.slice() })
    expect(other.manifest).toEqual(offerOf(12n).manifest)
    const lone: Answer = (request) =>
      request.kind === 'offers'
        ? ({ kind: 'offers', offers: [offerOf(14n)] } as never)
        : honest(14n)(request)
    expect(run([lone, honest(), honest(), honest()]).finished).toBe(10n)
    expect(run([lone]).finished).toBeUndefined()
  })

  it('goes on where an earlier life ended', () => {
    const result = run([honest(), honest()], { restoredBefore: [0, 1, 2, 5] })
    expect([...result.restored.keys()].sort()).toEqual([3, 4, 6])
    expect(result.finished).toBe(10n)
  })

  it('takes none at or below what is there already', () => {
    expect(run([honest(), honest()], { aboveHeight: 10n }).finished).toBeUndefined()
    expect(run([honest(), honest()], { aboveHeight: 9n }).finished).toBe(10n)
  })

  it.each<[string, (offer: SnapshotOffer) => SnapshotOffer]>([
    [
      'another root',
      (offer) => ({ ...offer, manifest: { ...offer.manifest, stateRoot: rootAt(9n) } }),
    ],
    ['another height', (offer) => ({ ...offer, manifest: { ...offer.manifest, height: 11n } })],
    ['a header left out', (offer) => ({ ...offer, headers: offer.headers.slice(0, -1) })],
    ['too few headers', (offer) => ({ ...offer, headers: offer.headers.slice(1) })],
    [
      'no quorum',
      (offer) => ({
        ...offer,
        certified: { ...offer.certified, qc: fixture.qc(14n, blockHash(headerOf(14n)), [0, 1]) },
      }),
    ],
    ['a proof of another block', (offer) => ({ ...offer, certified: commitOf(12n) })],
    [
      'no leader schedule',
      (offer) => ({
        ...offer,
        manifest: { ...offer.manifest, reputation: Uint8Array.of(9) },
      }),
    ],
  ])('sends a peer away whose offer has %s', (_, spoil) => {
    const liar: Answer = (request) =>
      request.kind === 'offers'
        ? ({ kind: 'offers', offers: [spoil(offerOf(10n))] } as never)
        : honest()(request)
    const result = run([liar, honest(), honest(), honest()])
    expect(result).toMatchObject({ finished: 10n, reported: ['p0'] })
  })

  it('fetches a wrong chunk from another, and sends its sender away', () => {
    const liar: Answer = (request) =>
      request.kind === 'chunk'
        ? ({ kind: 'chunk', bytes: Uint8Array.of(66) } as never)
        : honest()(request)
    const result = run([honest(), liar, honest()])
    expect(result).toMatchObject({ finished: 10n, reported: ['p1'] })
    for (const [index, bytes] of result.restored) expect(bytes).toEqual(chunks[index])
  })

  it('fetches a chunk that does not come from another', () => {
    const silent: Answer = (request) => (request.kind === 'chunk' ? undefined : honest()(request))
    expect(run([honest(), silent, honest()])).toMatchObject({ finished: 10n, reported: [] })
  })

  it('asks all again when those who offered a state serve it no more', () => {
    let asked = 0
    const moved: Answer = (request) => {
      const height = asked > 12 ? 12n : 10n
      if (request.kind !== 'chunk') return honest(height)(request)
      asked += 1
      return request.height === 12n ? honest(12n)(request) : undefined
    }
    expect(run([moved, moved])).toMatchObject({ finished: 12n, begun: [10n, 12n] })
  })

  it('drops a manifest whose chunks are of another state, with all who vouched for it', () => {
    const liars = offerOf(14n, { parts: Uint8Array.of(66) })
    const liar: Answer = (request) =>
      request.kind === 'offers'
        ? ({ kind: 'offers', offers: [liars] } as never)
        : honest(14n)(request)
    const result = run([liar, liar, honest(), honest()], {
      refuse: (begun, index) => begun === 1 && index === 2,
    })
    expect(result).toMatchObject({ finished: 10n, begun: [14n, 10n], reported: ['p0', 'p1'] })
  })

  it('refuses blocks other than those asked for', () => {
    const liar: Answer = (request) =>
      request.kind === 'blocks'
        ? ({ kind: 'blocks', blocks: chain.slice(9, 10) } as never)
        : honest()(request)
    const result = run([liar, honest(), honest()])
    expect(result.finished).toBe(10n)
    expect(result.reported.filter((peer) => peer !== 'p0')).toEqual([])
  })
})

it('asks anew in time, however often it is told who is there', () => {
  const sync = new StateSync({ ...fixture.roots, aboveHeight: 0n })
  const peers = [{ peer: 'p0', nodeKey: fixture.set.validators[0]!.nodeKey }]
  const asks = (effects: readonly StateSyncEffect[]): (number | undefined)[] =>
    effects.map((effect) => (effect.kind === 'request' ? effect.requestId : undefined))
  const [requestId] = asks(sync.step({ kind: 'peers', nowMs: 0, peers }))
  const retry = sync.step({ kind: 'offers', nowMs: 100, requestId: requestId!, offers: [] })
  expect(retry).toEqual([{ kind: 'setTimer', atMs: 2_100 }])
  for (const nowMs of [600, 1_100, 1_600, 2_000]) {
    expect(sync.step({ kind: 'peers', nowMs, peers })).toEqual(retry)
  }
  expect(sync.step({ kind: 'timerFired', nowMs: 2_000 })).toEqual(retry)
  expect(asks(sync.step({ kind: 'timerFired', nowMs: 2_100 }))).toEqual([expect.any(Number)])
})
