// A real server on a free loopback port over the in-memory chain, and bare requests to it.
import { request as httpRequest } from 'node:http'
import { onTestFinished } from 'vitest'
import { createRpcServer, type RpcServer, type RpcServerOptions } from '../src/index.ts'
import { type MemoryChain, memoryChain } from './memoryChainView.ts'

/** What JSON.parse gives: tests look into answers freely. */
export type Json = ReturnType<typeof JSON.parse>

export interface TestServer {
  readonly chain: MemoryChain
  readonly server: RpcServer
}

/** Starts a server that stops when the test ends. */
export async function startServer(
  options: Partial<RpcServerOptions> = {},
  chain: MemoryChain = memoryChain(),
): Promise<TestServer> {
  const server = createRpcServer({
    view: chain.view,
    host: '127.0.0.1',
    port: 0,
    serveEth: true,
    serveInfo: true,
    // An internal error in a test is a failure that must be seen.
    logger: { debug: () => undefined, warn: console.warn, error: console.error },
    ...options,
  })
  await server.start()
  onTestFinished(() => server.stop())
  return { chain, server }
}

export interface BareAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  readonly json: () => Json
}

/** A request with exactly these headers and bytes; `fetch` would tidy some of them up. */
export function send(
  server: RpcServer,
  path: string,
  body: string | Uint8Array,
  options: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<BareAnswer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port: server.port,
        path,
        method: options.method ?? 'POST',
        agent: false,
        headers: { 'content-type': 'application/json', ...options.headers },
      },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text,
            json: () => JSON.parse(text),
          })
        })
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

/** One JSON-RPC call: its whole answer. */
export async function call(server: RpcServer, method: string, params: unknown = []): Promise<Json> {
  const answer = await send(server, '/', JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))
  return answer.json()
}
