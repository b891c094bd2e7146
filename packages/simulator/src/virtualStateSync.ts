import type {
  StateSync,
  StateSyncEffect,
  StateSyncInput,
  StateSyncTarget,
} from '@openliquid/consensus'
import {
  type BlocksAnswer,
  type EpochChange,
  equalBytes,
  payloadRoot,
  type SnapshotOffer,
  unreachable,
} from '@openliquid/primitives'
import type { Cluster } from './cluster.ts'
import { PropertyViolation } from './monitors.ts'
import { indexOfPeer, peerIdOf } from './peers.ts'
import type { VirtualApplication } from './virtualApplication.ts'
import { decodeEntries, type SnapshotEntry } from './virtualSnapshot.ts'

/** What a node that joins asks another for. */
export type StateRequest = Extract<StateSyncEffect, { kind: 'request' }>['request']

/** What it is answered; undefined is silence, or nothing to give. */
export type StateAnswer =
  | { readonly kind: 'offers'; readonly offers: readonly SnapshotOffer[] }
  | { readonly kind: 'epochChange'; readonly proofs: readonly EpochChange[] }
  | { readonly kind: 'blocks'; readonly blocks: BlocksAnswer['blocks'] }
  | { readonly kind: 'chunk'; readonly bytes: Uint8Array }

type UntimedInput = StateSyncInput extends infer I
  ? I extends { readonly nowMs: number }
    ? Omit<I, 'nowMs'>
    : never
  : never

/** Silence of a peer after which another is asked. */
const TIMEOUT_MS = 600
/** Peers may have come and gone. */
const PEERS_MS = 2_000
/** Without progress for so long it goes on block by block. */
const IDLE_MS = 12_000
/** So it does when so many states were gone before they were whole. */
const STATES_MAX = 8
/** To write a chunk, or make room for them. */
const WRITE_MS = 3

interface VirtualStateSyncOptions {
  readonly cluster: Cluster
  /** Of the node that joins. */
  readonly index: number
  readonly application: VirtualApplication
  readonly sync: StateSync
  readonly onDone: () => void
}

/** Carries out what `StateSync` wants done, over virtual links; decides nothing of it. */
export class VirtualStateSync {
  readonly #options: VirtualStateSyncOptions
  readonly #chunks = new Map<number, readonly SnapshotEntry[]>()
  #isStopped = false
  #progressMs: number
  #begun = 0

  constructor(options: VirtualStateSyncOptions) {
    this.#options = options
    this.#progressMs = options.cluster.scheduler.nowMs
  }

  start(): void {
    if (this.#isStopped) return
    const { chain, nodes, scheduler } = this.#options.cluster
    if (scheduler.nowMs - this.#progressMs > IDLE_MS) {
      this.#giveUp()
      return
    }
    const peers = nodes
      .filter(({ index, isUp }) => index !== this.#options.index && isUp)
      .flatMap(({ index, validator }) => {
        const nodeKey = chain.candidates[validator]?.nodeKey
        return nodeKey === undefined ? [] : [{ peer: peerIdOf(index), nodeKey }]
      })
    this.#step({ kind: 'peers', peers })
    this.#options.cluster.scheduler.after(PEERS_MS, () => this.start())
  }

  stop(): void {
    this.#isStopped = true
  }

  #giveUp(): void {
    this.stop()
    this.#options.onDone()
  }

  #step(input: UntimedInput): void {
    if (this.#isStopped) return
    const { cluster, sync } = this.#options
    if (input.kind === 'begun' || input.kind === 'restored') {
      this.#progressMs = cluster.scheduler.nowMs
    }
    const timed = { ...input, nowMs: cluster.scheduler.nowMs } as StateSyncInput
    for (const effect of sync.step(timed)) this.#carryOut(effect)
  }

  #carryOut(effect: StateSyncEffect): void {
    switch (effect.kind) {
      case 'request':
        this.#ask(effect)
        break
      case 'begin':
        this.#begun += 1
        if (this.#begun > STATES_MAX) {
          this.#giveUp()
          return
        }
        this.#chunks.clear()
        this.#later(WRITE_MS, () => this.#step({ kind: 'begun', restored: [] }))
        break
      case 'restore': {
        const { bytes, index } = effect
        this.#later(WRITE_MS, () => {
          const entries = decodeEntries(bytes)
          if (entries === undefined) {
            this.#step({ kind: 'refused', reason: 'a chunk holds no entries' })
            return
          }
          this.#chunks.set(index, entries)
          this.#step({ kind: 'restored', index })
        })
        break
      }
      case 'finish':
        this.#finish(effect.target)
        break
      case 'setTimer':
        this.#later(effect.atMs - this.#options.cluster.scheduler.nowMs, () =>
          this.#step({ kind: 'timerFired' }),
        )
        break
      case 'report':
        this.#options.cluster.onStateReport(
          this.#options.index,
          indexOfPeer(effect.peer),
          effect.fault,
        )
        break
      default:
        unreachable(effect)
    }
  }

  #ask({ peer, request, requestId }: Extract<StateSyncEffect, { kind: 'request' }>): void {
    const { cluster, index } = this.#options
    let isAnswered = false
    cluster.scheduler.after(TIMEOUT_MS, () => {
      if (isAnswered) return
      isAnswered = true
      this.#step({ kind: 'failed', requestId })
    })
    cluster.requestState(index, indexOfPeer(peer), request, (answer) => {
      if (isAnswered || answer.kind !== request.kind) return
      isAnswered = true
      this.#step({ requestId, ...answer })
    })
  }

  #finish(target: StateSyncTarget): void {
    const { application, cluster, index, onDone } = this.#options
    const { chunks, height, reputation } = target.manifest
    const entries = [...chunks.keys()].flatMap((at) => this.#chunks.get(at) ?? [])
    this.stop()
    cluster.watch(() => demandWhole(index, target))
    // M6: what it was talked into is what everybody else executed.
    cluster.onExecuted(index, height, application.rootOf(entries))
    const { blocks, changes } = target
    application.restore({ height, entries, reputation, blocks, changes })
    onDone()
  }

  #later(delayMs: number, act: () => void): void {
    this.#options.cluster.scheduler.after(Math.max(0, delayMs), () => {
      if (!this.#isStopped) act()
    })
  }
}

/** M5: payloads are what the certified headers say. */
function demandWhole(index: number, { blocks }: StateSyncTarget): void {
  for (const { header, payload } of blocks) {
    if (equalBytes(payloadRoot(payload), header.payloadRoot)) continue
    throw new PropertyViolation(
      `M5: node ${index} takes another payload of height ${header.height}`,
    )
  }
}
