import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { pulseOf, pulsing } from './pulse.ts'
import { thriftyDecoder } from './thrift.ts'

/** The connection below Noise and the decoder above it, as far as pulses touch them. */
function fakeConnection() {
  const written: Uint8Array[] = []
  const passedOn: Uint8Array[] = []
  const socket = {
    destroyed: false,
    writableNeedDrain: false,
    write: (bytes: Uint8Array) => written.push(bytes) > 0,
  }
  const readBuffer = { byteLength: 0 }
  const connection = { socket, readBuffer, onData: (data: Uint8Array) => void passedOn.push(data) }
  const decoder = {
    buffer: { byteLength: 0 },
    decode: (_: object): Iterable<Uint8Array> => [],
  }
  thriftyDecoder({ decoder }, connection)
  const tokens: number[] = []
  const pulse = pulseOf(connection)!
  pulse.onToken = (token) => tokens.push(token)
  const decode = (bytes: Uint8Array): Uint8Array[] => [
    ...decoder.decode({ byteLength: bytes.length, subarray: () => bytes }),
  ]
  return { connection, socket, written, passedOn, pulse, tokens, decode }
}

const packet = (body: readonly number[]): number[] => [0, body.length, ...body]
const body = Array.from({ length: 20 }, (_, i) => i)

test('a pulse is six bytes that the other side reads as its token', () => {
  const sender = fakeConnection()
  expect(sender.pulse.send(0xfe_dc_ba_98)).toBe(true)
  expect([...sender.written[0]!]).toEqual([0, 4, 0xfe, 0xdc, 0xba, 0x98])
  const receiver = fakeConnection()
  receiver.connection.onData(sender.written[0]!)
  expect(receiver.tokens).toEqual([0xfe_dc_ba_98])
  expect(receiver.passedOn).toEqual([])
})

test('a pulse between packets of one read, or cut in two, is found and the packets stay whole', () => {
  const { decode, tokens } = fakeConnection()
  const pulse = [0, 4, 0, 0, 1, 2]
  const bytes = Uint8Array.of(...packet(body), ...pulse, ...packet(body), ...pulse)
  for (let cut = 0; cut <= bytes.length; cut++) {
    tokens.length = 0
    const out = [...decode(bytes.slice(0, cut)), ...decode(bytes.slice(cut))]
    expect(out.map((one) => [...one])).toEqual([body, body])
    expect(tokens).toEqual([0x102, 0x102])
  }
})

test('what looks like a pulse inside a packet is part of the packet', () => {
  const { connection, decode, tokens, passedOn } = fakeConnection()
  const inner = [0, 4, 9, 9, 9, 9, ...body]
  // The first read ends where the look-alike begins.
  expect(decode(Uint8Array.of(0, inner.length))).toEqual([])
  const alike = Uint8Array.of(...inner.slice(0, 6))
  connection.onData(alike)
  expect(passedOn).toEqual([alike])
  expect(decode(alike)).toEqual([])
  expect(decode(Uint8Array.of(...inner.slice(6))).map((one) => [...one])).toEqual([inner])
  expect(tokens).toEqual([])
})

test('no pulse is written to a socket that is full or gone', () => {
  const { socket, pulse, written } = fakeConnection()
  socket.writableNeedDrain = true
  expect(pulse.send(1)).toBe(false)
  socket.writableNeedDrain = false
  socket.destroyed = true
  expect(pulse.send(1)).toBe(false)
  expect(written).toEqual([])
})

/** A real socket that carries pulses, what it read besides, and its other end. */
async function realConnection() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const other = connect((server.address() as AddressInfo).port, '127.0.0.1').setNoDelay(true)
  const [socket] = (await once(server, 'connection')) as [Socket]
  const passedOn: Buffer[] = []
  const state = { isBetweenPackets: true }
  const connection = {
    socket,
    readBuffer: { byteLength: 0 },
    onData: (data: Buffer) => {
      passedOn.push(data)
      // None of the tests sends a whole packet.
      state.isBetweenPackets = false
    },
  }
  socket.on('data', (data) => connection.onData(data))
  pulsing(connection, () => state.isBetweenPackets)
  const tokens: number[] = []
  pulseOf(connection)!.onToken = (token) => tokens.push(token)
  const pulse = async (token: number): Promise<void> => {
    other.write(Uint8Array.of(0, 4, 0, 0, 0, token))
    const count = tokens.length + passedOn.length
    while (tokens.length + passedOn.length === count) await new Promise(setImmediate)
  }
  return {
    socket,
    state,
    passedOn,
    tokens,
    pulse,
    end: async () => {
      other.destroy()
      server.close()
      await once(socket, 'close')
    },
  }
}

test('a pulse on a real socket is no event of its stream', async () => {
  const { socket, passedOn, tokens, pulse, end } = await realConnection()
  const reads = socket.listeners('data').length
  let events = 0
  socket.on('data', () => events++)
  await pulse(1)
  await pulse(2)
  expect([tokens, events, reads]).toEqual([[1, 2], 0, 1])
  expect(passedOn).toEqual([])
  await end()
})

test('in the middle of a packet, or behind bytes that the stream holds, six bytes are just bytes', async () => {
  const { socket, state, passedOn, tokens, pulse, end } = await realConnection()
  state.isBetweenPackets = false
  await pulse(1)
  expect([tokens, passedOn.length]).toEqual([[], 1])
  state.isBetweenPackets = true
  socket.pause()
  socket.unshift(Buffer.of(9))
  const held = pulse(2)
  while (socket.readableLength < 7) await new Promise(setImmediate)
  expect(tokens).toEqual([])
  socket.resume()
  await held
  while (passedOn.length < 3) await new Promise(setImmediate)
  expect(Buffer.concat(passedOn.slice(1))).toEqual(Buffer.of(9, 0, 4, 0, 0, 0, 2))
  await end()
})

test('a connection without a socket carries none', () => {
  const memory = {}
  expect(pulsing(memory, () => true)).toBeUndefined()
  expect(pulseOf(memory)).toBeUndefined()
})
