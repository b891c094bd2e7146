// The door against hostile and careless clients: a real server on a free port, bare HTTP requests.
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { memoryChain } from '../test/memoryChainView.ts'
import { call, send, startServer } from '../test/testServer.ts'
import { createRpcServer, type RpcServer } from './index.ts'

const CHAIN_ID_CALL = '{"jsonrpc":"2.0","id":1,"method":"eth_chainId"}'

async function expectServing(server: RpcServer): Promise<void> {
  expect(await call(server, 'eth_chainId')).toEqual({ jsonrpc: '2.0', id: 1, result: '0x7ce' })
}

describe('routes', () => {
  it.each(['/', '/evm', '/evm/', '/?key=1'])('serve JSON-RPC at %s', async (path) => {
    const { server } = await startServer()
    const answer = await send(server, path, CHAIN_ID_CALL)
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toBe('application/json')
    expect(answer.json().result).toBe('0x7ce')
  })

  it('answers 404 elsewhere, and where a door is switched off', async () => {
    const { server } = await startServer({ serveInfo: false })
    for (const path of ['/nowhere', '/info', '/exchange', '/evm/x', '/..']) {
      const answer = await send(server, path, '{}')
      expect(answer.status).toBe(404)
      expect(answer.json().code).toBe('OL_RPC_PATH')
    }
  })

  it.each(['GET', 'PUT', 'DELETE', 'PATCH'])('answers 405 to %s', async (method) => {
    const { server } = await startServer()
    const answer = await send(server, '/', '', { method })
    expect(answer.status).toBe(405)
    expect(answer.headers['allow']).toBe('POST')
  })

  it('answers 204 to a notification', async () => {
    const { server } = await startServer()
    const answer = await send(server, '/', '{"jsonrpc":"2.0","method":"eth_chainId"}')
    expect(answer).toMatchObject({ status: 204, text: '' })
  })
})

describe('who may ask', () => {
  it.each(['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '10.0.0.1'])(
    'refuses the host name %s',
    async (host) => {
      const { server } = await startServer()
      const answer = await send(server, '/', CHAIN_ID_CALL, { headers: { host } })
      expect(answer.status).toBe(403)
      expect(answer.json().error.data.code).toBe('OL_RPC_HOST')
    },
  )

  it.each(['localhost', 'LOCALHOST:8545', '127.0.0.1:1', '[::1]:8545'])(
    'serves the host name %s',
    async (host) => {
      const { server } = await startServer()
      expect((await send(server, '/', CHAIN_ID_CALL, { headers: { host } })).status).toBe(200)
    },
  )

  it('serves host names that are configured', async () => {
    const { server } = await startServer({ allowedHosts: ['node.example'] })
    const headers = { host: 'node.example:443' }
    expect((await send(server, '/', CHAIN_ID_CALL, { headers })).status).toBe(200)
  })

  it('sends no CORS headers unless an origin is configured', async () => {
    const { server } = await startServer()
    const headers = { origin: 'https://app.example' }
    for (const method of ['POST', 'OPTIONS']) {
      const answer = await send(server, '/', CHAIN_ID_CALL, { method, headers })
      expect(answer.headers['access-control-allow-origin']).toBeUndefined()
    }
  })

  it('sends CORS headers to a configured origin only', async () => {
    const { server } = await startServer({ corsOrigins: ['https://app.example'] })
    const preflight = await send(server, '/', '', {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example' },
    })
    expect(preflight.status).toBe(204)
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': 'https://app.example',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'content-type',
    })
    const other = await send(server, '/', CHAIN_ID_CALL, {
      headers: { origin: 'https://other.example' },
    })
    expect(other.headers['access-control-allow-origin']).toBeUndefined()
  })

  it('refuses to listen for other machines unless told to', () => {
    const { view } = memoryChain()
    const options = { view, host: '0.0.0.0', port: 0, serveEth: true, serveInfo: true }
    expect(() => createRpcServer(options)).toThrow(
      expect.objectContaining({ code: 'OL_RPC_REMOTE_BIND' }),
    )
    expect(() => createRpcServer({ ...options, allowRemote: true })).not.toThrow()
  })

  it('answers 429 when the weight of a client is used up', async () => {
    const { server } = await startServer({ limits: { weightPerMinute: 2 } })
    const batch = `[${CHAIN_ID_CALL},${CHAIN_ID_CALL}]`
    expect((await send(server, '/', batch)).status).toBe(200)
    const refused = await send(server, '/', CHAIN_ID_CALL)
    expect(refused.status).toBe(429)
    expect(refused.headers['retry-after']).toBe('1')
    expect(refused.json().error).toMatchObject({
      code: -32005,
      data: { code: 'OL_RPC_RATE_LIMIT' },
    })
    expect((await send(server, '/info', '{"type":"spotMeta"}')).status).toBe(429)
  })
})

describe('bodies', () => {
  it.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=utf-16',
    '',
  ])('refuses the content type "%s"', async (type) => {
    const { server } = await startServer()
    const answer = await send(server, '/', CHAIN_ID_CALL, { headers: { 'content-type': type } })
    expect(answer.status).toBe(415)
    expect(answer.json().error.data.code).toBe('OL_RPC_CONTENT_TYPE')
  })

  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'Application/JSON;charset="UTF-8"',
  ])('takes the content type %s', async (type) => {
    const { server } = await startServer()
    const answer = await send(server, '/', CHAIN_ID_CALL, { headers: { 'content-type': type } })
    expect(answer.status).toBe(200)
  })

  it('refuses compressed bodies', async () => {
    const { server } = await startServer()
    const headers = { 'content-encoding': 'gzip' }
    expect((await send(server, '/', CHAIN_ID_CALL, { headers })).status).toBe(415)
  })

  it.each([
    ['/', 100, 200],
    ['/', 101, 413],
    ['/', 100_000, 413],
    ['/info', 50, 200],
    ['/info', 51, 413],
    ['/exchange', 51, 413],
  ])('at %s with %i bytes get status %i', async (path, size, status) => {
    const { server } = await startServer({
      limits: { jsonRpcBodyBytesMax: 100, infoBodyBytesMax: 50 },
    })
    const body = (path === '/' ? CHAIN_ID_CALL : '{"type":"spotMeta"}').padEnd(size)
    expect((await send(server, path, body)).status).toBe(status)
    // Chunked: no length is declared in advance.
    const headers = { 'transfer-encoding': 'chunked' }
    expect((await send(server, path, body, { headers })).status).toBe(status)
    await expectServing(server)
  })

  it('answers nesting of 10,000 levels with an error, at every door', async () => {
    const { server } = await startServer()
    const deep = '['.repeat(10_000) + ']'.repeat(10_000)
    const rpc = await send(server, '/', deep)
    expect(rpc.status).toBe(200)
    expect(rpc.json().error).toMatchObject({ code: -32600, data: { code: 'OL_RPC_DEPTH' } })
    for (const path of ['/info', '/exchange']) {
      const answer = await send(server, path, `{"type":"meta","action":${deep}}`)
      expect(answer.status).toBe(422)
      expect(answer.json()).toMatchObject({ status: 'err', code: 'OL_RPC_DEPTH' })
    }
    await expectServing(server)
  })

  it('answers a batch of 1,001 calls with an error and of 1,000 in order', async () => {
    const { server } = await startServer()
    const batch = (size: number): string =>
      JSON.stringify(
        Array.from({ length: size }, (_, id) => ({ jsonrpc: '2.0', id, method: 'eth_chainId' })),
      )
    const refused = (await send(server, '/', batch(1_001))).json()
    expect(refused.error).toMatchObject({ code: -32600, data: { code: 'OL_RPC_BATCH_SIZE' } })
    const answers: { id: number }[] = (await send(server, '/', batch(1_000))).json()
    expect(answers.map(({ id }) => id)).toEqual(Array.from({ length: 1_000 }, (_, id) => id))
  })

  it('survives random bytes at every door', async () => {
    const { server } = await startServer()
    let state = 7
    for (let round = 0; round < 60; round++) {
      const body = Uint8Array.from({ length: 1 + ((round * 37) % 300) }, () => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
        return state >>> 24
      })
      const path = ['/', '/info', '/exchange'][round % 3] as string
      const answer = await send(server, path, body)
      expect(answer.status).toBe(path === '/' ? 200 : 422)
      expect(answer.json()).toHaveProperty(path === '/' ? 'error' : 'code')
    }
    await expectServing(server)
  })

  it('survives bytes that are no HTTP', async () => {
    const { server } = await startServer()
    const answer = await rawExchange(server.port, 'MAKE / MONEY\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1.1 400 /)
    const huge = `POST / HTTP/1.1\r\nhost: localhost\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`
    expect(await rawExchange(server.port, huge)).toMatch(/^HTTP\/1.1 431 /)
    await expectServing(server)
  })

  it.each(['h2c', 'h2c, websocket', 'TLS/1.3'])(
    'refuses an upgrade to %s, and serves on',
    async (upgrade) => {
      const { server } = await startServer()
      for (const path of ['/', '/info', '/ws']) {
        const answer = await send(server, path, '{}', {
          headers: { connection: 'Upgrade, HTTP2-Settings', upgrade, 'http2-settings': 'AAMAAABk' },
        })
        expect(answer.status).toBe(422)
        expect(answer.json().code).toBe('OL_RPC_REQUEST')
      }
      expect((await call(server, 'eth_chainId')).result).toBe('0x7ce')
    },
  )

  it('cuts off a client that does not finish its headers or its body', async () => {
    const { server } = await startServer({
      limits: { headersTimeoutMs: 100, requestTimeoutMs: 200 },
    })
    const slow = [
      rawExchange(server.port, 'POST / HTTP/1.1\r\nhost: localhost\r\n'),
      rawExchange(
        server.port,
        'POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{',
      ),
    ]
    for (const answer of await Promise.all(slow)) expect(answer).toMatch(/^HTTP\/1.1 408 |^$/)
    await expectServing(server)
  })
})

describe('start and stop', () => {
  it('keeps an idle connection longer than clients do, and not for ever', async () => {
    const request = `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${CHAIN_ID_CALL.length}\r\n\r\n${CHAIN_ID_CALL}`
    const { server } = await startServer({ limits: { keepAliveTimeoutMs: 100 } })
    expect(await rawExchange(server.port, request)).toContain('0x7ce')
    const patient = (await startServer()).server
    const answer = rawExchange(patient.port, request)
    await expectServing(patient)
    await patient.stop()
    expect(await answer).toMatch(/keep-alive: timeout=65/i)
  })

  it('says which port is in use', async () => {
    const { server, chain } = await startServer()
    const second = createRpcServer({
      view: chain.view,
      host: '127.0.0.1',
      port: server.port,
      serveEth: true,
      serveInfo: false,
    })
    await expect(second.start()).rejects.toMatchObject({
      code: 'OL_RPC_PORT_IN_USE',
      data: { port: server.port },
    })
    await second.stop()
  })

  it.each([
    ['batchCallsMax', 0],
    ['responseBytesMax', 1.5],
    ['weightPerMinute', -1],
  ])('refuses the limit %s of %d', (option, value) => {
    const { view } = memoryChain()
    const limits = { [option]: value }
    expect(() =>
      createRpcServer({ view, host: '::1', port: 0, serveEth: true, serveInfo: true, limits }),
    ).toThrow(expect.objectContaining({ code: 'OL_RPC_CONFIG' }))
  })

  it('ends idle keep-alive connections when it stops, and stops twice', async () => {
    const { server } = await startServer()
    const closed = new Promise<void>((resolve) => {
      const socket = connect(server.port, '127.0.0.1')
      socket.on('close', () => resolve())
      socket.write(
        `POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${CHAIN_ID_CALL.length}\r\n\r\n${CHAIN_ID_CALL}`,
      )
      socket.once('data', () => void server.stop())
    })
    await closed
    await server.stop()
    await expect(send(server, '/', CHAIN_ID_CALL)).rejects.toThrow()
  })

  it('lets a request under way finish when it stops', async () => {
    const { server, chain } = await startServer()
    let finish: () => void = () => undefined
    const entered = new Promise<void>((resolve) => {
      const executed = new Promise<void>((done) => {
        finish = done
      })
      const original = chain.view.call
      chain.view.call = async (read) => {
        resolve()
        await executed
        return original(read)
      }
    })
    const answer = send(server, '/', '{"jsonrpc":"2.0","id":1,"method":"eth_blockNumber"}')
    await entered
    const stopped = server.stop()
    finish()
    expect((await answer).json().result).toBe('0x0')
    await stopped
  })

  it('keeps two servers in one process apart', async () => {
    const first = await startServer()
    const second = await startServer()
    expect(first.server.port).not.toBe(second.server.port)
    await first.server.stop()
    await expectServing(second.server)
  })
})

/** Writes the bytes and returns all that comes back until the server closes the connection. */
function rawExchange(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.on('data', (chunk) => {
      text += chunk.toString()
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(text))
  })
}
