import { rmSync } from 'node:fs'
import { Committee } from '@openliquid/consensus'
import { schemeOf } from '@openliquid/crypto'
import { type Application, type RestoreTarget, StateRestorer } from '@openliquid/execution'
import type { NetworkManager } from '@openliquid/network'
import {
  type BlockHeader,
  blockHash,
  blocksAnswerCodec,
  DecodeError,
  equalBytes,
  getBlocksCodec,
  type Height,
  MESSAGE_KIND,
  OpenLiquidError,
  SYNC_BYTES_MAX,
} from '@openliquid/primitives'
import { type LevelStore, openStore } from '@openliquid/storage'
import type { Clock } from './clock.ts'
import type { DataDirectory } from './dataDirectory.ts'
import { explain, NodeError } from './errors.ts'
import { BLOCK_MS_MIN, HEADS_WAIT_MS, STATE_SYNC_TIMEOUT_MS } from './limits.ts'
import type { Logger } from './logger.ts'
import { nodeKeyOfPeer } from './peerIdText.ts'
import { StateSyncRunner } from './stateSyncRunner.ts'
import type { TrustedCheckpoint } from './trustedCheckpoint.ts'

const POLL_MS = 50

export interface StateJoinOptions {
  readonly clock: Clock
  readonly logger: Logger
  readonly network: NetworkManager
  readonly application: Application
  readonly directory: DataDirectory
  /** Blocks behind above which a state is fetched. */
  readonly threshold: number
  readonly hasPeers: boolean
  readonly checkpoint: TrustedCheckpoint | undefined
  /** True from when the node is to stop. */
  isStopping(): boolean
}

/**
 * Fetches a state instead of blocks when this node is far behind, into a database of its own beside the old one.
 *
 * @see docs/spec/consensus.md §8 state sync
 */
export class StateJoin {
  readonly #options: StateJoinOptions
  #runner: StateSyncRunner | undefined
  #store: LevelStore | undefined

  constructor(options: StateJoinOptions) {
    this.#options = options
  }

  /** @returns whether a whole database is at `dbSync`, closed, to be swapped in */
  async run(): Promise<boolean> {
    const { application, checkpoint, clock, directory, logger, network } = this.#options
    if (!(await this.#isFarBehind())) return false
    const { genesis, genesisHash } = application
    const trusted = checkpoint === undefined ? undefined : await this.#headerOf(checkpoint)
    if (this.#options.isStopping()) return false
    const runner = new StateSyncRunner({
      clock,
      logger,
      network,
      nodeKeyOf: nodeKeyOfPeer,
      sync: {
        context: { chainId: genesis.chainId, genesisHash },
        scheme: schemeOf(genesis.consensus.scheme),
        genesis: application.genesisBlock,
        validatorSet: application.validatorSetOf(1n) ?? application.validatorSet,
        aboveHeight: application.executedHeight,
        ...(trusted === undefined ? {} : { checkpoint: trusted }),
      },
      begin: (target) => this.#begin(target),
    })
    this.#runner = runner
    try {
      const target = await runner.run()
      if (target !== undefined) return true
      logger.warn({}, 'no state could be fetched: going on block by block')
      return false
    } finally {
      this.#runner = undefined
      await this.#store?.close()
      this.#store = undefined
      if (!this.#options.isStopping()) logger.debug({ path: directory.dbSync }, 'state sync ends')
    }
  }

  async stop(): Promise<void> {
    await this.#runner?.stop()
  }

  /** Goes on with what an earlier life restored of the same state; anything else is thrown away. */
  async #begin(target: RestoreTarget): Promise<StateRestorer> {
    const { application, directory, logger } = this.#options
    for (const attempt of ['resume', 'anew'] as const) {
      await this.#store?.close()
      this.#store = undefined
      if (attempt === 'anew') rmSync(directory.dbSync, { recursive: true, force: true })
      this.#store = await openStore(directory.dbSync)
      try {
        const restorer = await StateRestorer.open(this.#store, application.genesis, target)
        if (restorer.restored.length > 0)
          logger.info({ chunks: restorer.restored.length }, 'resumed')
        return restorer
      } catch (error) {
        const isOther =
          error instanceof OpenLiquidError && (error.data as { what?: string }).what === 'store'
        if (!isOther || attempt === 'anew') throw error
      }
    }
    throw new TypeError('the second attempt returns or throws')
  }

  /** Whether validators of a third of the stake are further ahead than the threshold. */
  async #isFarBehind(): Promise<boolean> {
    const { application, clock, hasPeers, threshold } = this.#options
    const ageMs = clock() - application.head.timestampMs
    if (!hasPeers || ageMs < threshold * BLOCK_MS_MIN) return false
    for (let waitedMs = 0; waitedMs < HEADS_WAIT_MS; waitedMs += POLL_MS) {
      if (this.#options.isStopping()) return false
      const height = this.#vouchedHeight()
      if (height !== undefined) return height > application.executedHeight + BigInt(threshold)
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
    return false
  }

  /** Greatest height that validators of at least a third of the stake have committed; undefined while too few are heard. */
  #vouchedHeight(): Height | undefined {
    const { application, network } = this.#options
    const committee = new Committee(application.validatorSet)
    const heads = network
      .peers()
      .map((peer) => ({
        index: network.validatorOf(peer),
        height: network.headOf(peer)?.committedHeight,
      }))
      .filter(
        (head): head is { readonly index: number; readonly height: Height } =>
          head.index !== undefined && head.height !== undefined,
      )
      .sort((a, b) => (a.height > b.height ? -1 : 1))
    const heard: number[] = []
    for (const { height, index } of heads) {
      heard.push(index)
      if (committee.isBlockingSet(committee.stakeOf(heard))) return height
    }
    return undefined
  }

  /** @throws {NodeError} OL_NODE_CHECKPOINT: no peer has the block */
  async #headerOf({
    blockHash: hash,
    height,
  }: TrustedCheckpoint): Promise<BlockHeader | undefined> {
    const { network } = this.#options
    const body = getBlocksCodec.encode({
      fromHeight: height,
      toHash: hash,
      bytesMax: SYNC_BYTES_MAX,
    })
    for (const peer of network.peers()) {
      if (this.#options.isStopping()) return undefined
      try {
        const bytes = await network.request(peer, MESSAGE_KIND.getBlocks, body, {
          timeoutMs: STATE_SYNC_TIMEOUT_MS,
          answerBytesMax: SYNC_BYTES_MAX,
        })
        const header = blocksAnswerCodec.decode(bytes).blocks[0]?.header
        if (header !== undefined && equalBytes(blockHash(header), hash)) return header
      } catch (error) {
        if (!(error instanceof OpenLiquidError) && !(error instanceof DecodeError)) throw error
      }
    }
    throw new NodeError(
      explain(
        `no peer has the trusted checkpoint at height ${height}`,
        'it is of another chain, wrong, or older than what the peers keep',
        'compare it with its source, or add peers with --network.peers',
      ),
      { code: 'OL_NODE_CHECKPOINT', height },
    )
  }
}
