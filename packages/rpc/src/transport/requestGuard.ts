import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { RpcError } from '../errors.ts'

/** Names under which a loopback server may be addressed. */
export const LOOPBACK_HOSTS: readonly string[] = ['localhost', '127.0.0.1', '[::1]']

/** Who may talk to the server; see `RpcServerOptions`. */
export interface RequestGuardOptions {
  readonly allowedHosts: readonly string[]
  /** Any IP address passes as host: it cannot be rebound, only a name can. For servers that are reached from afar. */
  readonly allowIpHosts: boolean
  readonly corsOrigins: readonly string[]
}

/**
 * Checks of a request that need no body: host name, origin, path's method, content type.
 *
 * A web page the operator happens to visit can send requests to loopback. Three things keep it out: a host name
 * that resolves to loopback but is not on the list is refused (DNS rebinding), `application/json` forces a CORS
 * preflight that is not answered by default, and a WebSocket from a foreign origin is refused.
 */
export class RequestGuard {
  readonly #hosts: ReadonlySet<string>
  readonly #allowIpHosts: boolean
  readonly #origins: ReadonlySet<string>

  constructor(options: RequestGuardOptions) {
    this.#hosts = new Set(options.allowedHosts.map((host) => host.toLowerCase()))
    this.#allowIpHosts = options.allowIpHosts
    this.#origins = new Set(options.corsOrigins.map((origin) => origin.toLowerCase()))
  }

  /** @throws {RpcError} OL_RPC_HOST */
  assertHost(request: IncomingMessage): void {
    if (this.#hosts.has('*')) return
    const host = hostName(request.headers.host ?? '')
    if (this.#hosts.has(host)) return
    if (this.#allowIpHosts && isIP(host.replace(/^\[|\]$/g, '')) !== 0) return
    throw new RpcError('this host name is not served here; add it to the allowed hosts', {
      code: 'OL_RPC_HOST',
      host: host.slice(0, 255),
    })
  }

  /** Of a WebSocket handshake, which browsers send without a preflight. @throws {RpcError} OL_RPC_ORIGIN */
  assertWebSocketOrigin(request: IncomingMessage): void {
    const origin = request.headers.origin
    if (origin === undefined || this.corsOriginOf(request) !== undefined) return
    throw new RpcError('this origin may not open a WebSocket; add it to the CORS origins', {
      code: 'OL_RPC_ORIGIN',
      origin: origin.slice(0, 255),
    })
  }

  /** @throws {RpcError} OL_RPC_CONTENT_TYPE */
  assertJson(request: IncomingMessage): void {
    const header = request.headers['content-type'] ?? ''
    const [type = '', ...parameters] = header.split(';').map((part) => part.trim().toLowerCase())
    const encoding = request.headers['content-encoding'] ?? 'identity'
    const plain = parameters.every((parameter) => /^(charset="?utf-8"?)?$/.test(parameter))
    if (type === 'application/json' && plain && encoding === 'identity') return
    throw new RpcError('requests are application/json in UTF-8, not compressed', {
      code: 'OL_RPC_CONTENT_TYPE',
      contentType: header.slice(0, 255),
    })
  }

  /** The origin to allow in the answer, if the request has one and it is configured. */
  corsOriginOf(request: IncomingMessage): string | undefined {
    const origin = request.headers.origin
    if (origin === undefined) return undefined
    if (this.#origins.has('*')) return '*'
    return this.#origins.has(origin.toLowerCase()) ? origin : undefined
  }
}

/** The host without its port: `[::1]:8545` is `[::1]`. */
function hostName(header: string): string {
  return header.toLowerCase().replace(/:\d{1,5}$/, '')
}

/** Whether binding to this address keeps the server on this machine. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}
