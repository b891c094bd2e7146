import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { gateAccepts } from './acceptGate.ts'

async function listening(onSocket: (socket: Socket) => void): Promise<Server> {
  const server = createServer(onSocket)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

test('a socket of an address that may not dial is reset, and nobody above sees it', async () => {
  const seen: (string | undefined)[] = []
  const server = await listening((socket) => {
    seen.push(socket.remoteAddress)
    socket.end()
  })
  const asked: string[] = []
  gateAccepts({ server }, (ip) => {
    asked.push(ip)
    return ip !== '127.0.0.2'
  })
  const { port } = server.address() as AddressInfo
  const dial = (localAddress: string): Socket => connect({ port, host: '127.0.0.1', localAddress })
  const refused = dial('127.0.0.2')
  const [error] = await once(refused, 'error')
  expect(error).toMatchObject({ code: 'ECONNRESET' })
  await once(dial('127.0.0.1').resume(), 'end')
  expect(asked).toEqual(['127.0.0.2', '127.0.0.1'])
  expect(seen).toEqual(['127.0.0.1'])
  server.close()
  await once(server, 'close')
})

test('an IPv4 address that comes as IPv6 is the same address', () => {
  const asked: string[] = []
  const listeners: ((socket: object) => void)[] = [() => undefined]
  const server = {
    listeners: () => [...listeners],
    removeAllListeners: () => listeners.splice(0),
    on: (_: string, listener: (socket: object) => void) => listeners.push(listener),
  }
  gateAccepts({ server }, (ip) => asked.push(ip) > 0)
  for (const remoteAddress of ['::ffff:10.0.0.1', '2001:db8::1']) listeners[0]?.({ remoteAddress })
  expect(asked).toEqual(['10.0.0.1', '2001:db8::1'])
})

test('a listener that is not as we know it is left alone', () => {
  const listener = {}
  expect(gateAccepts(listener, () => false)).toBe(listener)
})
