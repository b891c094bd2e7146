import {
  StateSync,
  type StateSyncEffect,
  type StateSyncInput,
  type StateSyncOptions,
  type StateSyncTarget,
} from '@openliquid/consensus'
import type { RestoreTarget } from '@openliquid/execution'
import type { NetworkManager } from '@openliquid/network'
import {
  blocksAnswerCodec,
  DecodeError,
  epochChangeProofCodec,
  getBlocksCodec,
  getSnapshotChunkCodec,
  MESSAGE_KIND,
  OpenLiquidError,
  type PeerId,
  SNAPSHOT_CHUNK_BYTES_MAX,
  SNAPSHOT_OFFERS_BYTES_MAX,
  SYNC_BYTES_MAX,
  snapshotOffersCodec,
  uintToBytes,
  unreachable,
} from '@openliquid/primitives'
import type { Clock } from './clock.ts'
import {
  STATE_SYNC_IDLE_MS,
  STATE_SYNC_POLL_MS,
  STATE_SYNC_STATES_MAX,
  STATE_SYNC_TIMEOUT_MS,
  STRANGER_BAN_MS,
} from './limits.ts'
import type { Logger } from './logger.ts'
import { Timers } from './timers.ts'

type UntimedInput = StateSyncInput extends infer I
  ? I extends { readonly nowMs: number }
    ? Omit<I, 'nowMs'>
    : never
  : never

/** Where pieces go: `StateRestorer`, or what stands in for it. */
export interface Restore {
  readonly restored: readonly number[]
  put(index: number, bytes: Uint8Array): Promise<void>
  finish(): Promise<void>
}

export interface StateSyncRunnerOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly network: Pick<NetworkManager, 'peers' | 'request' | 'ban'>
  readonly sync: StateSyncOptions
  /** Node key of a peer; undefined for who cannot be a validator. */
  nodeKeyOf(peer: PeerId): Uint8Array | undefined
  /** Begins in an empty store, or goes on with the same manifest where an earlier life ended. */
  begin(target: RestoreTarget): Promise<Restore>
}

/** Carries out what `StateSync` wants done; decides nothing of it. */
export class StateSyncRunner {
  readonly #options: StateSyncRunnerOptions
  readonly #sync: StateSync
  readonly #timers: Timers<'retry' | 'peers'>
  readonly #done: Promise<StateSyncTarget | undefined>
  #settle: (target: StateSyncTarget | undefined) => void = () => undefined
  #fail: (error: unknown) => void = () => undefined
  #restore: Restore | undefined
  /** Pieces are put in one after the other. */
  #queue: Promise<void> = Promise.resolve()
  #isStopped = false
  #progressMs: number
  #begun = 0

  constructor(options: StateSyncRunnerOptions) {
    this.#options = options
    this.#sync = new StateSync(options.sync)
    this.#progressMs = options.clock()
    this.#timers = new Timers(options.clock, (timer) => {
      if (timer === 'peers') this.#tellPeers()
      else this.#step({ kind: 'timerFired' })
    })
    this.#done = new Promise((resolve, reject) => {
      this.#settle = resolve
      this.#fail = reject
    })
  }

  /** Resolves when the state is whole and on disk; with undefined when it was stopped, or given up. */
  run(): Promise<StateSyncTarget | undefined> {
    this.#tellPeers()
    return this.#done
  }

  /** The piece that is being written ends first. */
  async stop(): Promise<void> {
    this.#isStopped = true
    this.#timers.cancelAll()
    await this.#queue
    this.#settle(undefined)
  }

  #tellPeers(): void {
    const { clock, network, nodeKeyOf } = this.#options
    const peers = network.peers().flatMap((peer) => {
      const nodeKey = nodeKeyOf(peer)
      return nodeKey === undefined ? [] : [{ peer, nodeKey }]
    })
    if (clock() - this.#progressMs > STATE_SYNC_IDLE_MS) {
      this.#giveUp()
      return
    }
    this.#timers.set('peers', clock() + STATE_SYNC_POLL_MS)
    this.#step({ kind: 'peers', peers })
  }

  #giveUp(): void {
    this.#isStopped = true
    this.#timers.cancelAll()
    this.#settle(undefined)
  }

  #step(input: UntimedInput): void {
    if (this.#isStopped) return
    if (input.kind === 'begun' || input.kind === 'restored')
      this.#progressMs = this.#options.clock()
    const timed = { ...input, nowMs: this.#options.clock() } as StateSyncInput
    for (const effect of this.#sync.step(timed)) this.#carryOut(effect)
  }

  #carryOut(effect: StateSyncEffect): void {
    const { logger, network } = this.#options
    switch (effect.kind) {
      case 'request':
        this.#ask(effect).catch((error: unknown) => this.#fail(error))
        break
      case 'begin':
        this.#begun += 1
        if (this.#begun > STATE_SYNC_STATES_MAX) {
          this.#giveUp()
          return
        }
        this.#enqueue(async () => {
          this.#restore = await this.#options.begin(this.#targetOf(effect.target))
          const { height, chunks } = effect.target.manifest
          logger.info({ height: String(height), chunks: chunks.length }, 'state sync')
          this.#step({ kind: 'begun', restored: this.#restore.restored })
        })
        break
      case 'restore':
        this.#enqueue(async () => {
          await this.#restore?.put(effect.index, effect.bytes)
          this.#step({ kind: 'restored', index: effect.index })
        })
        break
      case 'finish':
        this.#enqueue(async () => {
          await this.#restore?.finish()
          this.#timers.cancelAll()
          this.#isStopped = true
          this.#settle(effect.target)
        })
        break
      case 'report':
        logger.warn({ peer: effect.peer, ...effect.fault }, 'a peer serves a wrong state')
        network.ban(effect.peer, { durationMs: STRANGER_BAN_MS, reason: effect.fault.code })
        break
      case 'setTimer':
        this.#timers.set('retry', effect.atMs)
        break
      default:
        unreachable(effect)
    }
  }

  /** A refusal is the sender's fault and an answer to the logic; all else is ours, or the disk's, and ends the sync. */
  #enqueue(work: () => Promise<void>): void {
    this.#queue = this.#queue.then(async () => {
      if (this.#isStopped) return
      try {
        await work()
      } catch (error) {
        const isRefusal = error instanceof OpenLiquidError && error.code === 'OL_EXECUTION_SNAPSHOT'
        if (isRefusal) this.#step({ kind: 'refused', reason: error.message })
        else this.#fail(error)
      }
    })
  }

  async #ask({
    peer,
    request,
    requestId,
  }: Extract<StateSyncEffect, { kind: 'request' }>): Promise<void> {
    const options = { timeoutMs: STATE_SYNC_TIMEOUT_MS, answerBytesMax: SYNC_BYTES_MAX }
    const { network } = this.#options
    const ask = async (
      kind: number,
      body: Uint8Array,
      answerBytesMax: number,
    ): Promise<Uint8Array> => network.request(peer, kind, body, { ...options, answerBytesMax })
    let input: UntimedInput
    try {
      switch (request.kind) {
        case 'offers': {
          const bytes = await ask(
            MESSAGE_KIND.getSnapshotOffers,
            new Uint8Array(0),
            SNAPSHOT_OFFERS_BYTES_MAX,
          )
          input = { kind: 'offers', requestId, ...snapshotOffersCodec.decode(bytes) }
          break
        }
        case 'epochChange': {
          const body = uintToBytes(request.fromEpoch, 8)
          const bytes = await ask(MESSAGE_KIND.getEpochChange, body, SYNC_BYTES_MAX)
          input = { kind: 'epochChange', requestId, ...epochChangeProofCodec.decode(bytes) }
          break
        }
        case 'blocks': {
          const body = getBlocksCodec.encode(request.request)
          const bytes = await ask(MESSAGE_KIND.getBlocks, body, SYNC_BYTES_MAX)
          input = { kind: 'blocks', requestId, blocks: blocksAnswerCodec.decode(bytes).blocks }
          break
        }
        case 'chunk': {
          const { height, index } = request
          const body = getSnapshotChunkCodec.encode({ height, index })
          const bytes = await ask(MESSAGE_KIND.getSnapshotChunk, body, SNAPSHOT_CHUNK_BYTES_MAX)
          input = { kind: 'chunk', requestId, bytes }
          break
        }
        default:
          return unreachable(request)
      }
    } catch (error) {
      // Refused, too slow, gone, or bytes that are no answer: others are asked.
      if (!(error instanceof OpenLiquidError) && !(error instanceof DecodeError)) throw error
      input = { kind: 'failed', requestId }
    }
    this.#step(input)
  }

  #targetOf(target: StateSyncTarget): RestoreTarget {
    return { ...target, genesisStateRoot: this.#options.sync.genesis.header.stateRoot }
  }
}
