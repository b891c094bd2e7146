import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { listenError } from './ports.ts'

/** What the monitoring endpoint reads. */
export interface MonitorSource {
  /** Prometheus text and its content type. */
  metrics(): Promise<{ readonly text: string; readonly contentType: string }>
  /** Names of failing checks; none means alive. */
  unhealthy(): readonly string[]
  /** Names of failing checks; none means ready to serve. */
  unready(): readonly string[]
  /** Facts for people and scripts; bigints as decimal strings. */
  status(): object
}

/** A small HTTP server for operators: /metrics, /healthz, /readyz, /status. */
export interface MonitorServer {
  readonly url: string
  stop(): Promise<void>
}

const LOOPBACK_NAMES = new Set(['127.0.0.1', 'localhost', '[::1]'])

/**
 * Listens before it returns. Only names of this machine are accepted as `Host` while it listens on loopback, so that no
 * web page can read it through a DNS answer of its own making.
 *
 * @throws {NodeError} OL_NODE_PORT_IN_USE
 */
export async function startMonitorServer(options: {
  readonly host: string
  readonly port: number
  readonly source: MonitorSource
}): Promise<MonitorServer> {
  const { host, port, source } = options
  const server = createServer({ requestTimeout: 5_000 }, (request, response) => {
    const name = (request.headers.host ?? '').replace(/:\d+$/, '')
    if (LOOPBACK_NAMES.has(host) && !LOOPBACK_NAMES.has(name)) {
      answer(response, 403, { error: 'this host name is not allowed' })
      return
    }
    if (request.method !== 'GET') {
      answer(response, 405, { error: 'only GET' })
      return
    }
    void route(request.url ?? '/', source, response)
  })
  server.maxConnections = 64
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, { host, port, key: 'metrics.port' })))
    server.listen(port, host, resolve)
  })
  const { port: bound } = server.address() as AddressInfo
  return {
    url: `http://${host}:${bound}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function route(url: string, source: MonitorSource, response: ServerResponse): Promise<void> {
  switch (url.split('?')[0]) {
    case '/metrics': {
      const { text, contentType } = await source.metrics()
      response.writeHead(200, { 'content-type': contentType }).end(text)
      return
    }
    case '/healthz':
      answerChecks(response, source.unhealthy())
      return
    case '/readyz':
      answerChecks(response, source.unready())
      return
    case '/status':
      answer(response, 200, source.status())
      return
    default:
      answer(response, 404, { error: 'no such page; /metrics, /healthz, /readyz, /status' })
  }
}

function answerChecks(response: ServerResponse, failing: readonly string[]): void {
  answer(response, failing.length === 0 ? 200 : 503, { ok: failing.length === 0, failing })
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}
