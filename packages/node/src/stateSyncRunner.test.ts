import { encodeReputation, Fixture } from '@openliquid/consensus/testing'
import { nullScheme } from '@openliquid/crypto/testing'
import { ExecutionError } from '@openliquid/execution'
import { NetworkError } from '@openliquid/network'
import {
  type Block,
  blockHash,
  blocksAnswerCodec,
  epochChangeProofCodec,
  getBlocksCodec,
  getSnapshotChunkCodec,
  MESSAGE_KIND,
  type PeerId,
  type SnapshotOffer,
  sha256,
  snapshotOffersCodec,
} from '@openliquid/primitives'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { STATE_SYNC_IDLE_MS, STATE_SYNC_STATES_MAX } from './limits.ts'
import { silentLogger } from './logger.ts'
import { type Restore, StateSyncRunner, type StateSyncRunnerOptions } from './stateSyncRunner.ts'

const HEIGHT = 10n
const CHUNKS = 6
const fixture = new Fixture([1n, 1n, 1n, 1n])
const rootAt = (height: bigint): Uint8Array => sha256(Uint8Array.of(Number(height)))
const chain: Block[] = [fixture.genesis]
for (let height = 1n; height <= 20n; height += 1n) {
  const executedHeight = height > 3n ? height - 3n : 0n
  const stateRoot =
    executedHeight === 0n ? fixture.genesis.header.stateRoot : rootAt(executedHeight)
  chain.push(fixture.child(chain.at(-1)!, height, { executedHeight, stateRoot }))
}
const at = (height: bigint): Block => chain[Number(height)]!
const chunkOf = (height: bigint, index: number): Uint8Array =>
  Uint8Array.of(Number(height), index, index)

function offerOf(height: bigint): SnapshotOffer {
  const windows = [{ boundaryHeight: 0n, startView: 1n, multipliers: [1_000, 1_000, 1_000, 1_000] }]
  const naming = at(height + 4n).header
  return {
    manifest: {
      height,
      stateRoot: rootAt(height),
      parts: Uint8Array.of(1),
      reputation: encodeReputation({ epoch: 1n, height, windows, records: [] }),
      chunks: Array.from({ length: CHUNKS }, (_, index) => sha256(chunkOf(height, index))),
    },
    headers: [-2n, -1n, 0n, 1n, 2n].map((by) => at(height + by).header),
    certified: {
      path: [at(height + 3n).header, naming],
      qc: fixture.qc(naming.view, blockHash(naming), [0, 1, 2]),
    },
  }
}

type Server = (kind: number, body: Uint8Array) => Uint8Array

/** Serves the states of these heights as it should. */
function honest(...heights: readonly bigint[]): Server {
  return (kind, body) => {
    switch (kind) {
      case MESSAGE_KIND.getSnapshotOffers:
        return snapshotOffersCodec.encode({ offers: heights.map(offerOf) })
      case MESSAGE_KIND.getEpochChange:
        return epochChangeProofCodec.encode({ proofs: [] })
      case MESSAGE_KIND.getBlocks: {
        const from = Number(getBlocksCodec.decode(body).fromHeight)
        return blocksAnswerCodec.encode({ blocks: chain.slice(from, from + 3) })
      }
      default: {
        const { height, index } = getSnapshotChunkCodec.decode(body)
        return chunkOf(height, index)
      }
    }
  }
}

function tooSlow(): never {
  const failure = { code: 'OL_REQUEST_TIMEOUT', peer: 'p', kind: 0, timeoutMs: 1 } as const
  throw new NetworkError('no answer in time', failure)
}

interface Run {
  readonly runner: StateSyncRunner
  readonly banned: PeerId[]
  readonly begun: bigint[]
  readonly put: Map<number, Uint8Array>
  readonly clock: { nowMs: number }
  finished: number
}

function runWith(
  servers: Readonly<Record<PeerId, Server>>,
  {
    put,
    begin,
  }: { readonly put?: Restore['put']; readonly begin?: StateSyncRunnerOptions['begin'] } = {},
): Run {
  const banned: PeerId[] = []
  const begun: bigint[] = []
  const pieces = new Map<number, Uint8Array>()
  const clock = { nowMs: 1_000 }
  let busy = false
  const run: Omit<Run, 'runner'> = { banned, begun, put: pieces, clock, finished: 0 }
  const runner = new StateSyncRunner({
    clock: () => clock.nowMs,
    logger: silentLogger,
    network: {
      peers: () => Object.keys(servers).filter((peer) => !banned.includes(peer)),
      request: async (peer, kind, body) => (servers[peer] ?? tooSlow)(kind, body),
      ban: (peer) => void banned.push(peer),
    },
    nodeKeyOf: (peer) => fixture.set.validators[Number(peer.slice(1))]?.nodeKey,
    sync: {
      context: fixture.context,
      scheme: nullScheme,
      genesis: fixture.genesis,
      validatorSet: fixture.set,
      aboveHeight: 0n,
    },
    begin:
      begin ??
      (async ({ manifest }) => {
        begun.push(manifest.height)
        pieces.clear()
        return {
          restored: [],
          put: async (index, bytes) => {
            expect(busy, 'one piece at a time').toBe(false)
            busy = true
            try {
              await Promise.resolve()
              await put?.(index, bytes)
              pieces.set(index, bytes)
            } finally {
              busy = false
            }
          },
          finish: async () => {
            run.finished += 1
          },
        }
      }),
  })
  return Object.assign(run, { runner })
}

afterEach(() => {
  vi.useRealTimers()
})

describe('StateSyncRunner', () => {
  it('fetches the newest state that is vouched for, and puts its pieces in one after the other', async () => {
    const run = runWith({ p0: honest(HEIGHT), p1: honest(12n, HEIGHT), p2: honest(12n) })
    const target = await run.runner.run()
    expect(target?.manifest.height).toBe(12n)
    expect(run).toMatchObject({ begun: [12n], banned: [], finished: 1 })
    expect([...run.put.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5])
    for (const [index, bytes] of run.put) expect(bytes).toEqual(chunkOf(12n, index))
  })

  it('takes bytes that are no answer, and silence, for a failure, and asks others', async () => {
    const mute: Server = (kind, body) =>
      kind === MESSAGE_KIND.getSnapshotOffers ? honest(HEIGHT)(kind, body) : tooSlow()
    const babbler: Server = () => Uint8Array.of(1, 2, 3)
    const run = runWith({ p0: honest(HEIGHT), p1: babbler, p2: honest(HEIGHT), p3: mute })
    expect((await run.runner.run())?.manifest.height).toBe(HEIGHT)
    expect(run.banned).toEqual([])
  })

  it('bans who sends a piece that the manifest does not name', async () => {
    const liar: Server = (kind, body) =>
      kind === MESSAGE_KIND.getSnapshotChunk ? Uint8Array.of(9) : honest(HEIGHT)(kind, body)
    const run = runWith({ p0: honest(HEIGHT), p1: liar, p2: honest(HEIGHT) })
    expect((await run.runner.run())?.manifest.height).toBe(HEIGHT)
    expect(run.banned).toEqual(['p1'])
    for (const [index, bytes] of run.put) expect(bytes).toEqual(chunkOf(HEIGHT, index))
  })

  it('bans who vouched for a state that its pieces are not of, and takes another', async () => {
    const run = runWith(
      { p0: honest(12n), p1: honest(12n), p2: honest(HEIGHT), p3: honest(HEIGHT) },
      {
        put: async (index, bytes) => {
          if (bytes[0] !== 12 || index !== 2) return
          const failure = { code: 'OL_EXECUTION_SNAPSHOT', what: 'proof', reason: 'root' } as const
          throw new ExecutionError('not of the state', failure)
        },
      },
    )
    expect((await run.runner.run())?.manifest.height).toBe(HEIGHT)
    expect(run.begun).toEqual([12n, HEIGHT])
    expect(run.banned.sort()).toEqual(['p0', 'p1'])
  })

  it('ends with the error when the disk fails: that is nobody’s lie', async () => {
    const full = new Error('no space left')
    const run = runWith(
      { p0: honest(HEIGHT), p1: honest(HEIGHT) },
      { put: () => Promise.reject(full) },
    )
    await expect(run.runner.run()).rejects.toBe(full)
    expect(run).toMatchObject({ banned: [], finished: 0 })
    await run.runner.stop()
  })

  it('stops after the piece that is being written, with nothing finished', async () => {
    let release = (): void => undefined
    let written = (): void => undefined
    const isWriting = new Promise<void>((resolve) => {
      written = resolve
    })
    const run = runWith(
      { p0: honest(HEIGHT), p1: honest(HEIGHT) },
      {
        put: () => {
          written()
          return new Promise<void>((resolve) => {
            release = resolve
          })
        },
      },
    )
    const done = run.runner.run()
    await isWriting
    let isStopped = false
    const stopped = run.runner.stop().then(() => {
      isStopped = true
    })
    await new Promise(setImmediate)
    expect(isStopped).toBe(false)
    release()
    await stopped
    expect(await done).toBeUndefined()
    expect(run.put.size).toBe(1)
    expect(run.finished).toBe(0)
  })

  it('gives up when nothing has come for STATE_SYNC_IDLE_MS', async () => {
    vi.useFakeTimers()
    const run = runWith({ p0: () => tooSlow(), p1: () => tooSlow() })
    const done = run.runner.run()
    let isDone = false
    void done.then(() => {
      isDone = true
    })
    for (let ms = 0; ms < STATE_SYNC_IDLE_MS; ms += 500) {
      run.clock.nowMs += 500
      await vi.advanceTimersByTimeAsync(500)
      if (ms < STATE_SYNC_IDLE_MS - 500) expect(isDone).toBe(false)
    }
    run.clock.nowMs += 500
    await vi.advanceTimersByTimeAsync(500)
    expect(await done).toBeUndefined()
    expect(run.banned).toEqual([])
    expect(vi.getTimerCount()).toBe(0)
  })

  it('gives up when state after state is gone before it is whole', async () => {
    vi.useFakeTimers()
    const offered: bigint[] = []
    // What is offered is gone as soon as somebody asks for it, and another state is there.
    const fleeting: Server = (kind, body) => {
      if (kind === MESSAGE_KIND.getSnapshotChunk) return tooSlow()
      if (kind === MESSAGE_KIND.getSnapshotOffers) {
        const height = HEIGHT + BigInt(Math.floor(offered.length / 4) % 2)
        offered.push(height)
        return honest(height)(kind, body)
      }
      return honest(HEIGHT)(kind, body)
    }
    const run = runWith({ p0: fleeting, p1: fleeting, p2: fleeting, p3: fleeting })
    const done = run.runner.run()
    let isDone = false
    void done.then(() => {
      isDone = true
    })
    for (let i = 0; i < 2_000 && !isDone; i++) {
      run.clock.nowMs += 500
      await vi.advanceTimersByTimeAsync(500)
    }
    expect(await done).toBeUndefined()
    expect(run.begun).toHaveLength(STATE_SYNC_STATES_MAX)
    expect(vi.getTimerCount()).toBe(0)
  })
})
