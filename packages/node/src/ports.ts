import { createServer } from 'node:net'
import { codeOf, explain, NodeError } from './errors.ts'

/** An address to listen on and the setting it came from. */
export interface ListenAddress {
  readonly host: string
  readonly port: number
  readonly key: string
}

/** A taken port gets its three lines; anything else stays as it is. */
export function listenError(error: unknown, { host, port, key }: ListenAddress): unknown {
  if (codeOf(error) !== 'EADDRINUSE') return error
  return new NodeError(
    explain(
      `port ${port} on ${host} is in use`,
      'another program listens there, perhaps another node',
      `stop it, or choose another port with --${key}`,
    ),
    { code: 'OL_NODE_PORT_IN_USE', host, port },
    { cause: error },
  )
}

/**
 * Listens for a moment.
 *
 * @throws {NodeError} OL_NODE_PORT_IN_USE
 */
export async function assertPortFree(address: ListenAddress): Promise<void> {
  const { host, port } = address
  if (port === 0) return
  const server = createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, address)))
    server.listen({ host, port, exclusive: true }, resolve)
  })
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
  })
}
