import { expect, test } from 'vitest'
import { fairReads } from './fairReads.ts'

function fakeConnection() {
  const calls: string[] = []
  const socket = {
    destroyed: false,
    pause: () => calls.push('pause'),
    resume: () => calls.push('resume'),
  }
  const connection = {
    socket,
    readStatus: 'readable',
    onData: (data: Uint8Array) => void calls.push(`${data.length}`),
  }
  fairReads(connection)
  return { calls, socket, connection }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

test('after a full read a socket rests for a turn, after a smaller one it does not', async () => {
  const { calls, connection } = fakeConnection()
  connection.onData(new Uint8Array(100))
  connection.onData(new Uint8Array(65_536))
  expect(calls).toEqual(['100', '65536', 'pause'])
  await turn()
  expect(calls).toEqual(['100', '65536', 'pause', 'resume'])
})

test('a socket that is gone, or that the layer above has paused, is not resumed', async () => {
  const gone = fakeConnection()
  gone.connection.onData(new Uint8Array(65_536))
  gone.socket.destroyed = true
  const paused = fakeConnection()
  paused.connection.onData(new Uint8Array(65_536))
  paused.connection.readStatus = 'paused'
  await turn()
  expect(gone.calls).toEqual(['65536', 'pause'])
  expect(paused.calls).toEqual(['65536', 'pause'])
})

test('a connection without a socket is left alone', () => {
  const connection = {}
  fairReads(connection)
  expect(connection).toEqual({})
})
