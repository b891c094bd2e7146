import type { ChainView } from '@openliquid/execution'
import { type Metrics, noMetrics } from '@openliquid/primitives'
import { RpcListenError } from './errors.ts'
import { DEBUG_METHODS } from './eth/debugNamespaces.ts'
import { ethMethods } from './eth/ethMethods.ts'
import { JsonRpcHttpDoor, JsonRpcSocketDoor } from './eth/jsonRpcDoors.ts'
import { ExchangeDoor } from './exchange/exchangeDoor.ts'
import { HyperliquidSocketDoor } from './exchange/hyperliquidSocket.ts'
import { InfoDoor } from './info/infoDoor.ts'
import { DEFAULT_RPC_LIMITS, OPTIONAL_LIMITS, type RpcLimits } from './limits.ts'
import { type RpcLogger, silentLogger } from './logger.ts'
import { createRpcMeters } from './metrics.ts'
import type { HttpDoor, SocketDoor } from './transport/doors.ts'
import { HttpListener } from './transport/httpListener.ts'
import { JsonRpcDispatcher } from './transport/jsonRpc.ts'
import { RateLimiter } from './transport/rateLimiter.ts'
import { isLoopback, LOOPBACK_HOSTS, RequestGuard } from './transport/requestGuard.ts'

/** Settings of `createRpcServer`. */
export interface RpcServerOptions {
  readonly view: ChainView
  /** Address to listen on. One that is not loopback also needs `allowRemote`. */
  readonly host: string
  /** 0 takes any free port; read it from `RpcServer.port`. */
  readonly port: number
  /** JSON-RPC by POST and WebSocket on `/` and `/evm`. */
  readonly serveEth: boolean
  /**
   * The namespaces `debug` and `trace`: one request may run a whole block again. Default: only on loopback, where
   * nobody but users of this machine can ask.
   */
  readonly serveDebug?: boolean
  /** `POST /info`, `POST /exchange`, WebSocket `/ws`. */
  readonly serveInfo: boolean
  /** Whoever reaches the port can send transactions and cost CPU: there is no authentication. Default false. */
  readonly allowRemote?: boolean
  /** Host names served beside the loopback names and `host`; `*` serves all. */
  readonly allowedHosts?: readonly string[]
  /** Origins whose web pages may read answers and open WebSockets; none by default, `*` for all. */
  readonly corsOrigins?: readonly string[]
  /** Single limits to change; the others keep `DEFAULT_RPC_LIMITS`. */
  readonly limits?: Partial<RpcLimits>
  /** Answer of web3_clientVersion. */
  readonly clientVersion?: string
  /** Answer of net_peerCount; 0 if absent. */
  readonly peerCount?: () => number
  readonly logger?: RpcLogger
  readonly metrics?: Metrics
}

/** The door for clients: Ethereum JSON-RPC and the exchange API on one port. */
export interface RpcServer {
  /** Listens. @throws {RpcListenError} OL_RPC_PORT_IN_USE, OL_RPC_LISTEN */
  start(): Promise<void>
  /** Lets requests under way finish for 2 s, then ends every connection. Idempotent; a server starts once. */
  stop(): Promise<void>
  /** `http://host:port`, with the real port after `start`. */
  readonly url: string
  readonly port: number
}

/**
 * Makes a server over a chain's read view; it listens after `start`.
 *
 * @throws {RpcListenError} OL_RPC_REMOTE_BIND, OL_RPC_CONFIG
 * @see docs/rpc.md
 */
export function createRpcServer(options: RpcServerOptions): RpcServer {
  checkOptions(options)
  const { view, host } = options
  const limits: RpcLimits = { ...DEFAULT_RPC_LIMITS, ...options.limits }
  const logger = options.logger ?? silentLogger
  const meters = createRpcMeters(options.metrics ?? noMetrics)
  const httpDoors = new Map<string, HttpDoor>()
  const socketDoors = new Map<string, SocketDoor>()

  if (options.serveEth) {
    const serveDebug = options.serveDebug ?? isLoopback(host)
    const methods = ethMethods({
      view,
      limits,
      logger,
      serveDebug,
      clientVersion: options.clientVersion ?? 'OpenLiquid/0.1.0',
      peerCount: options.peerCount ?? (() => 0),
    })
    const dispatcher = new JsonRpcDispatcher({
      methods,
      unsupported: new Set(DEBUG_METHODS),
      limits,
      logger,
      meters,
    })
    const httpDoor = new JsonRpcHttpDoor(dispatcher, limits)
    const socketDoor = new JsonRpcSocketDoor(dispatcher, limits)
    for (const path of ['/', '/evm']) {
      httpDoors.set(path, httpDoor)
      socketDoors.set(path, socketDoor)
    }
  }
  if (options.serveInfo) {
    const info = new InfoDoor({ view, limits, logger, meters })
    const exchange = new ExchangeDoor({ view, limits, logger, meters })
    httpDoors.set('/info', info)
    httpDoors.set('/exchange', exchange)
    socketDoors.set('/ws', new HyperliquidSocketDoor({ view, info, exchange, limits, logger }))
  }

  const urlHost = host.includes(':') ? `[${host}]` : host
  const listener = new HttpListener({
    host,
    port: options.port,
    httpDoors,
    socketDoors,
    guard: new RequestGuard({
      allowedHosts: [...LOOPBACK_HOSTS, urlHost, ...(options.allowedHosts ?? [])],
      allowIpHosts: !isLoopback(host),
      corsOrigins: options.corsOrigins ?? [],
    }),
    rateLimiter: new RateLimiter(limits.weightPerMinute),
    limits,
    logger,
    meters,
  })
  return {
    start: () => listener.start(),
    stop: () => listener.stop(),
    get url() {
      return `http://${urlHost}:${listener.port}`
    },
    get port() {
      return listener.port
    },
  }
}

function checkOptions(options: RpcServerOptions): void {
  const { host, limits } = options
  if (!isLoopback(host) && options.allowRemote !== true) {
    throw new RpcListenError(
      `${host} can be reached from other machines and this server knows no passwords; allow remote access or use 127.0.0.1`,
      { code: 'OL_RPC_REMOTE_BIND', host },
    )
  }
  for (const [option, value] of Object.entries(limits ?? {})) {
    // Only limits by client can be switched off; a limit of 0 elsewhere would refuse everything.
    const min = OPTIONAL_LIMITS.has(option) ? 0 : 1
    if (!Number.isSafeInteger(value) || value < min) {
      throw new RpcListenError(`the RPC limit ${option} must be a whole number from ${min}`, {
        code: 'OL_RPC_CONFIG',
        option,
      })
    }
  }
}
