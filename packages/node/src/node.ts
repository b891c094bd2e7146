import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Application, type ChainView, readStateSyncBase } from '@openliquid/execution'
import { type Ban, createNetworkManager, type NetworkManager } from '@openliquid/network'
import {
  blockHash,
  bytesToHex,
  type Genesis,
  type Hash,
  type ValidatorSet,
} from '@openliquid/primitives'
import { createRpcServer, type RpcServer } from '@openliquid/rpc'
import { type LevelStore, openConsensusLog, openStore } from '@openliquid/storage'
import { assertKeysProven } from './assertKeysProven.ts'
import { readBans, writeBans } from './banFile.ts'
import { BlocksFirst } from './blocksFirst.ts'
import { type Clock, createClock } from './clock.ts'
import { loadConfig, type SettingValues } from './config.ts'
import type { NodeConfig } from './configSchema.ts'
import { consensusOptions } from './consensusOptions.ts'
import { finishSwap, swapDatabase } from './databaseSwap.ts'
import {
  checkDataDirectory,
  type DataDirectory,
  dataDirectoryAt,
  removePid,
  requireDataDirectory,
  writePid,
} from './dataDirectory.ts'
import { codeOf, explain, NodeError, reasonOf } from './errors.ts'
import { readGenesisFile } from './genesisFile.ts'
import { reportHalt } from './haltReport.ts'
import { DEV_SETTINGS, initDevDirectory } from './initDirectory.ts'
import { type NodeSecrets, readKeyFiles, readSignerSecret } from './keyFiles.ts'
import { LateHandlers } from './lateHandlers.ts'
import { createLogger, type Logger } from './logger.ts'
import { type MonitorServer, startMonitorServer } from './monitorServer.ts'
import { createNodeMeters, type NodeMeters } from './nodeMetrics.ts'
import { NodeRuntime, type RuntimeStatus } from './nodeRuntime.ts'
import { operatorError } from './operatorError.ts'
import { OracleFeed } from './oracleFeed.ts'
import { assertPortFree } from './ports.ts'
import { filePrices, type PriceSource, seededWalk } from './priceSource.ts'
import { createPrometheusMetrics, type PrometheusMetrics } from './prometheusMetrics.ts'
import { PrunedLog } from './prunedLog.ts'
import { StateJoin } from './stateJoin.ts'
import { TransactionJournal } from './transactionJournal.ts'
import {
  assertOnChain,
  assertTrusted,
  parseCheckpoint,
  type TrustedCheckpoint,
} from './trustedCheckpoint.ts'
import { type ValidatorIdentity, validatorIdentity } from './validatorIdentity.ts'
import { programVersion } from './version.ts'

/** What a node is made from. */
export interface NodeOptions {
  /** Folder made by `init` or `testnet`. Without it: a new development chain in a temporary folder, gone after `stop`. */
  readonly datadir?: string
  /** Default: config.toml of the data folder. */
  readonly configFile?: string
  /** Settings by path (`rpc.port`), stronger than environment and file. */
  readonly settings?: SettingValues
  /** Where `OPENLIQUID_*` variables are read from; none by default. */
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly logger?: Logger
  /** Wall clock in milliseconds; that of the machine by default. */
  readonly clock?: Clock
}

/** What /status of a node answers. */
export interface NodeStatus extends RuntimeStatus {
  readonly moniker: string
  readonly version: string
  readonly pid: number
  readonly chainId: number
  readonly genesisHash: string
  readonly datadir: string
  readonly multiaddrs: readonly string[]
  readonly rpcUrl: string | undefined
  readonly mempool: number
}

/** One node: a validator or a follower. Several live side by side in one process. */
export interface OpenLiquidNode extends AsyncDisposable {
  readonly genesis: Genesis
  readonly datadir: string
  readonly logger: Logger
  /** Reads of the chain and the way in; after `start`. */
  readonly view: ChainView
  /** With the real port, after `start`; undefined when nothing is served. */
  readonly rpcUrl: string | undefined
  readonly metricsUrl: string | undefined
  /** Addresses that peers reach the node at, after `start`. */
  readonly multiaddrs: readonly string[]
  /** Resolves with the reason when the node stopped signing for good. It still has to be stopped. */
  readonly halted: Promise<Error>
  /** Opens the data folder, joins the network, serves. @throws {NodeError} and coded errors of the packages */
  start(): Promise<void>
  /** Finishes the block in execution and lets everything go. Idempotent. */
  stop(): Promise<void>
  status(): NodeStatus
}

/**
 * Makes a node from its data folder; nothing is opened before `start`.
 *
 * @throws {NodeError} OL_NODE_CONFIG, OL_NODE_GENESIS, OL_NODE_NOT_FOUND, OL_NODE_DATADIR_FOREIGN
 */
export async function createNode(options: NodeOptions = {}): Promise<OpenLiquidNode> {
  const clock = options.clock ?? createClock()
  const temporary =
    options.datadir === undefined ? mkdtempSync(join(tmpdir(), 'openliquid-')) : undefined
  const directory = dataDirectoryAt(options.datadir ?? join(temporary ?? '', 'dev'))
  if (temporary !== undefined) await initDevDirectory(directory, { genesisTimeMs: clock() })
  requireDataDirectory(directory)
  const config = loadConfig({
    file: options.configFile ?? directory.config,
    ...(options.settings === undefined ? {} : { flags: options.settings }),
    ...(options.environment === undefined ? {} : { environment: options.environment }),
    // A temporary chain takes whatever ports are free, so that several programs can have one.
    ...(temporary === undefined ? {} : { preset: { ...DEV_SETTINGS, ...ANY_PORTS } }),
  })
  const { genesis, hash } = readGenesisFile(directory.genesis)
  const logger = options.logger ?? createLogger(config.log)
  return new Node({ directory, config, genesis, genesisHash: hash, logger, clock, temporary })
}

const ANY_PORTS: SettingValues = { 'network.port': 0, 'metrics.port': 0, 'rpc.port': 0 }

interface NodeParts {
  readonly directory: DataDirectory
  readonly config: NodeConfig
  readonly genesis: Genesis
  readonly genesisHash: Hash
  readonly logger: Logger
  readonly clock: Clock
  readonly temporary: string | undefined
}

/** What is open while a node runs; undefined parts are not open yet. */
interface OpenParts {
  store?: LevelStore
  log?: PrunedLog
  join?: StateJoin
  application?: Application
  network?: NetworkManager
  runtime?: NodeRuntime
  journal?: TransactionJournal
  rpc?: RpcServer
  monitor?: MonitorServer
  feed?: OracleFeed
}

class Node implements OpenLiquidNode {
  readonly genesis: Genesis
  readonly datadir: string
  readonly logger: Logger
  readonly halted: Promise<Error>
  readonly #parts: NodeParts
  readonly #open: OpenParts = {}
  readonly #metrics: PrometheusMetrics = createPrometheusMetrics()
  readonly #meters: NodeMeters
  #halt: (error: Error) => void = () => undefined
  #haltReason: Error | undefined
  #starting: Promise<void> | undefined
  #stopping: Promise<void> | undefined
  #feeding: Promise<void> | undefined
  readonly #blocksFirst = new BlocksFirst()

  constructor(parts: NodeParts) {
    this.#parts = parts
    this.genesis = parts.genesis
    this.datadir = parts.directory.root
    this.logger = parts.logger
    this.#meters = createNodeMeters(this.#metrics)
    this.#meters.buildInfo.set(1, { version: programVersion(), node: process.version })
    this.halted = new Promise((resolve) => {
      this.#halt = resolve
    })
  }

  get view(): ChainView {
    return this.#application.view
  }

  get rpcUrl(): string | undefined {
    return this.#open.rpc?.url
  }

  get metricsUrl(): string | undefined {
    return this.#open.monitor?.url
  }

  get multiaddrs(): readonly string[] {
    return this.#open.network?.multiaddrs() ?? []
  }

  async start(): Promise<void> {
    this.#starting = this.#start()
    try {
      await this.#starting
    } catch (error) {
      await this.stop()
      throw operatorError(error, this.#parts)
    }
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop()
    return this.#stopping
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  status(): NodeStatus {
    const { config, genesis, genesisHash } = this.#parts
    return {
      moniker: config.node.moniker,
      version: programVersion(),
      pid: process.pid,
      chainId: genesis.chainId,
      genesisHash: bytesToHex(genesisHash),
      datadir: this.datadir,
      ...this.#runtime.status,
      multiaddrs: this.multiaddrs,
      rpcUrl: this.rpcUrl,
      mempool: this.#application.view.mempool().transactions,
    }
  }

  get #application(): Application {
    return opened(this.#open.application)
  }

  get #runtime(): NodeRuntime {
    return opened(this.#open.runtime)
  }

  async #start(): Promise<void> {
    const { directory, config, genesis, genesisHash, logger, clock } = this.#parts
    checkDataDirectory(directory, bytesToHex(genesisHash))
    const secrets = await readKeyFiles(directory)
    // The lock of the database guards the whole folder: it is taken before anything else is touched.
    finishSwap(directory)
    this.#open.store = await openStore(directory.db)
    writePid(directory)
    const consensusLog = openConsensusLog({ path: directory.wal })
    const log = new PrunedLog(consensusLog)
    this.#open.log = log
    let application = await this.#openApplication(this.#open.store)
    assertKeysProven(genesis)
    const checkpoint = parseCheckpoint(config.sync.trustedCheckpoint)
    this.#checkTrust(application, secrets, checkpoint)
    const network = createNetworkManager({
      nodeKey: secrets.nodeSecret,
      chainId: genesis.chainId,
      genesisHash,
      listen: [`/ip4/${config.network.host}/tcp/${config.network.port}`],
      peers: config.network.peers,
      validatorSet: application.validatorSet,
      sameHost: isLoopback(config.network.host),
      announce: config.network.announce,
      discovery: config.network.discovery,
      isPrivate: config.network.private,
      relayFor: config.network.relayFor,
      mdns: config.network.mdns,
      dht: config.network.dht,
      ...(config.network.allow.length === 0 ? {} : { allowList: config.network.allow }),
      bans: readBans(directory.bans),
      onBans: (bans) => this.#keepBans(bans),
      metrics: this.#metrics,
      log: (level, message, fields) => {
        // Peers that go while this node does are no news.
        logger[this.#stopping === undefined ? level : 'debug'](fields, message)
      },
    })
    const { host, port } = config.network
    // libp2p does not tell a taken port from other failures.
    await assertPortFree({ host, port, key: 'network.port' })
    const handlers = new LateHandlers()
    this.#open.network = network
    await network.start(handlers)
    application = await this.#join(application, network, checkpoint)
    const base = readStateSyncBase(opened(this.#open.store))
    const self = this.#identity(secrets, application.validatorSet)
    const consensus = await consensusOptions({
      application,
      genesisHash,
      log: consensusLog,
      base,
      self,
      logger,
      nowMs: clock(),
    })
    const journal = new TransactionJournal(
      directory.transactions,
      application.mempool,
      config.mempool.bytes,
    )
    this.#open.journal = journal
    const runtime = new NodeRuntime({
      clock,
      logger,
      meters: this.#meters,
      log,
      application,
      network,
      journal,
      consensus,
      blocksFirst: this.#blocksFirst,
      snapshots: {
        path: directory.snapshots,
        interval: config.sync.snapshotInterval,
        kept: config.sync.snapshotsKept,
        store: opened(this.#open.store),
      },
      base,
      checkpoint,
      onFatal: (error, details) => this.#onFatal(error, details),
    })
    this.#open.runtime = runtime
    handlers.become(runtime.transportHandlers, network.peers())
    const restored = journal.restore()
    if (restored.kept + restored.gone > 0) {
      logger.info(restored, 'transactions that waited in the last life')
    }
    await this.#listen(network)
    logger.info(
      {
        chainId: genesis.chainId,
        validator: consensus.self?.index ?? 'follower',
        height: String(application.executedHeight),
        multiaddrs: this.multiaddrs,
        rpc: this.rpcUrl,
        metrics: this.metricsUrl,
      },
      'node is up',
    )
    runtime.start()
    this.#feeding = this.#feedOracle()
    this.#feeding.catch((error: unknown) => {
      logger.error({ code: codeOf(error), err: error }, 'this node submits no oracle prices')
    })
  }

  /** Not waited for: reading a key from its file is slow on purpose. */
  async #feedOracle(): Promise<void> {
    const { config, directory, genesis, genesisHash, logger, clock } = this.#parts
    const source = priceSourceOf(config.oracle.source, genesis, genesisHash)
    if (source === undefined || !config.node.validator) return
    const signerSecret = await readSignerSecret(directory)
    if (signerSecret === undefined || this.#stopping !== undefined) return
    const feed = new OracleFeed({ clock, view: this.view, signerSecret, source, logger })
    this.#open.feed = feed
    feed.start()
  }

  /** A ban that cannot be written still holds until the next start. */
  #keepBans(bans: readonly Ban[]): void {
    const { directory, logger } = this.#parts
    try {
      writeBans(directory.bans, bans)
    } catch (error) {
      logger.warn({ path: directory.bans, reason: reasonOf(error) }, 'bans are not kept')
    }
  }

  async #openApplication(store: LevelStore): Promise<Application> {
    const { clock, config, genesis } = this.#parts
    const application = await Application.create({
      store,
      genesis,
      clock,
      callPace: this.#blocksFirst.pace,
      mempool: {
        transactionsMax: config.mempool.transactions,
        bytesMax: config.mempool.bytes,
        senderTransactionsMax: config.mempool.perSender,
      },
      coreRoom: config.core.roomOrders,
      metrics: this.#metrics,
    })
    this.#open.application = application
    return application
  }

  /** Too old a chain is not trusted, nor one without the checkpoint. */
  #checkTrust(
    application: Application,
    secrets: NodeSecrets,
    checkpoint: TrustedCheckpoint | undefined,
  ): void {
    const { clock, genesis } = this.#parts
    const { head, validatorSet } = application
    const selfIndex = this.#identity(secrets, validatorSet)?.index
    const { unbondingMs } = genesis.consensus
    assertTrusted({ nowMs: clock(), unbondingMs, head, validatorSet, selfIndex, checkpoint })
    if (checkpoint === undefined || checkpoint.height > head.height) return
    const header = application.blocks.headerAt(checkpoint.height)
    const lowest = readStateSyncBase(opened(this.#open.store))?.lowestHeight ?? 0n
    if (header === undefined && checkpoint.height < lowest) return
    assertOnChain(checkpoint, header === undefined ? undefined : blockHash(header))
  }

  /** Begins again from a fetched state if this node is far behind. */
  async #join(
    application: Application,
    network: NetworkManager,
    checkpoint: TrustedCheckpoint | undefined,
  ): Promise<Application> {
    const { clock, config, directory, logger } = this.#parts
    const join = new StateJoin({
      clock,
      logger,
      network,
      application,
      directory,
      threshold: config.sync.stateSyncThreshold,
      hasPeers: config.network.peers.length > 0,
      checkpoint,
      isStopping: () => this.#stopping !== undefined,
    })
    this.#open.join = join
    if (!(await join.run())) return application
    application.stop()
    await this.#open.store?.close()
    swapDatabase(directory)
    this.#open.store = await openStore(directory.db)
    const restored = await this.#openApplication(this.#open.store)
    network.setValidatorSet(restored.validatorSet.epoch, restored.validatorSet)
    const { height } = restored.head
    network.setHead({
      headHeight: height,
      committedHeight: height,
      epoch: restored.validatorSet.epoch,
    })
    logger.info({ height: String(height) }, 'restored a fetched state')
    return restored
  }

  async #listen(network: NetworkManager): Promise<void> {
    const { config, logger } = this.#parts
    if (config.metrics.enabled) {
      this.#open.monitor = await startMonitorServer({ ...config.metrics, source: this.#monitor })
    }
    const { rpc } = config
    if (!rpc.serveEth && !rpc.serveInfo) return
    const server = createRpcServer({
      view: this.#application.view,
      host: rpc.host,
      port: rpc.port,
      serveEth: rpc.serveEth,
      serveInfo: rpc.serveInfo,
      allowRemote: rpc.allowRemote,
      limits: {
        receiptTimeoutMs: rpc.answerTimeoutMs,
        requestTimeoutMs: rpc.answerTimeoutMs + REQUEST_MARGIN_MS,
      },
      clientVersion: `OpenLiquid/${programVersion()}`,
      peerCount: () => network.peers().length,
      logger,
      metrics: this.#metrics,
    })
    await server.start()
    this.#open.rpc = server
  }

  readonly #monitor = {
    metrics: async () => ({
      text: await this.#metrics.text(),
      contentType: this.#metrics.contentType,
    }),
    unhealthy: () => (this.#haltReason === undefined ? [] : ['halted']),
    unready: () => {
      const { quorumReachable, executionQueue } = this.#runtime.status
      return [
        ...(this.#haltReason === undefined ? [] : ['halted']),
        ...(quorumReachable ? [] : ['quorum not reachable']),
        ...(executionQueue < EXECUTION_BEHIND ? [] : ['execution is behind']),
      ]
    },
    status: () => this.status(),
  }

  /** Who signs for this node; nobody when it only follows. */
  #identity(secrets: NodeSecrets, validatorSet: ValidatorSet): ValidatorIdentity | undefined {
    const { config, genesis, logger, directory } = this.#parts
    if (!config.node.validator) return undefined
    const self = validatorIdentity(secrets, genesis, validatorSet, directory.nodeKey)
    if (self !== undefined && self.index === undefined) {
      logger.warn({}, 'the vote key is in no validator set yet: following until an epoch has it')
    }
    return self
  }

  /** Nothing more is signed: the runtime has fallen silent. */
  #onFatal(error: unknown, details: Readonly<Record<string, unknown>>): void {
    if (this.#haltReason !== undefined) return
    const { directory, logger, clock } = this.#parts
    this.#haltReason = reportHalt(error, details, { directory, logger, nowMs: clock() })
    this.#halt(this.#haltReason)
  }

  /** Clients first, then signatures, then the block in execution, then peers, then the disk. */
  async #stop(): Promise<void> {
    await this.#open.join?.stop()
    // Whoever called start() hears of its failure; here only that it is over counts.
    await this.#starting?.catch(() => undefined)
    await this.#feeding?.catch(() => undefined)
    const { rpc, runtime, network, application, log, store, monitor, feed, journal } = this.#open
    feed?.stop()
    const { directory, temporary, logger } = this.#parts
    await rpc?.stop()
    await runtime?.stop()
    application?.stop()
    await network?.stop()
    journal?.close()
    log?.close()
    await monitor?.stop()
    if (store !== undefined) {
      removePid(directory)
      await store.close()
      if (runtime !== undefined) logger.info({}, 'stopped')
    }
    if (temporary !== undefined) rmSync(temporary, { recursive: true, force: true })
  }
}

/** The config has checked the form of the name. */
function priceSourceOf(name: string, genesis: Genesis, seed: Hash): PriceSource | undefined {
  if (name === 'none') return undefined
  if (name === 'walk') return seededWalk(genesis, seed)
  return filePrices(genesis, name.slice('file:'.length))
}

/** Time beyond the wait for a block that a request may take. */
const REQUEST_MARGIN_MS = 2_000
/** Unexecuted blocks above which a node is no good source of fresh answers. */
const EXECUTION_BEHIND = 8
function isLoopback(host: string): boolean {
  return host.startsWith('127.') || host === '::1' || host === 'localhost'
}

function opened<T>(part: T | undefined): T {
  if (part !== undefined) return part
  throw new NodeError(
    explain('the node does not run', 'it was not started', 'call start() first'),
    { code: 'OL_NODE_USAGE' },
  )
}
