import { request } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { type MonitorServer, startMonitorServer } from './monitorServer.ts'

let server: MonitorServer | undefined
afterEach(async () => {
  await server?.stop()
  server = undefined
})

async function start(failing: readonly string[] = []): Promise<MonitorServer> {
  server = await startMonitorServer({
    host: '127.0.0.1',
    port: 0,
    source: {
      metrics: async () => ({ text: 'up 1\n', contentType: 'text/plain' }),
      unhealthy: () => [],
      unready: () => failing,
      status: () => ({ view: '7' }),
    },
  })
  return server
}

function statusFor(url: string, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers: { host } }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
      .on('error', reject)
      .end()
  })
}

test('serves metrics, health and status', async () => {
  const { url } = await start(['quorum not reachable'])
  expect(await (await fetch(`${url}/metrics`)).text()).toBe('up 1\n')
  expect((await fetch(`${url}/healthz`)).status).toBe(200)
  const ready = await fetch(`${url}/readyz`)
  expect([ready.status, await ready.json()]).toEqual([
    503,
    { ok: false, failing: ['quorum not reachable'] },
  ])
  expect(await (await fetch(`${url}/status`)).json()).toEqual({ view: '7' })
})

test('refuses other pages, other methods and host names of others', async () => {
  const { url } = await start()
  expect((await fetch(`${url}/secrets`)).status).toBe(404)
  expect((await fetch(`${url}/status`, { method: 'POST' })).status).toBe(405)
  expect(await statusFor(`${url}/status`, 'evil.example:80')).toBe(403)
  expect(await statusFor(`${url}/status`, 'localhost:9601')).toBe(200)
})

test('a taken port is told as such', async () => {
  const { url } = await start()
  const port = Number(new URL(url).port)
  const source = {
    metrics: expect.unreachable,
    unhealthy: () => [],
    unready: () => [],
    status: () => ({}),
  }
  await expect(startMonitorServer({ host: '127.0.0.1', port, source })).rejects.toMatchObject({
    code: 'OL_NODE_PORT_IN_USE',
  })
})
