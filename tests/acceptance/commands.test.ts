import { chmodSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { flipBits } from './damage.ts'
import { publicClientOf } from './evmClient.ts'
import { freeBasePort } from './freePorts.ts'
import { NodeProcess, runNode } from './nodeProcess.ts'

const ANY_PORTS = ['--network.port', '0', '--metrics.port', '0', '--rpc.port', '0']
const WAIT = { timeout: 20_000, interval: 50 }

let root: string
let pristine: string
const running: NodeProcess[] = []

function start(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const node = new NodeProcess(args, environment)
  running.push(node)
  return node
}

/** A copy of a folder that `init` made. */
function copyOf(name: string): string {
  const datadir = join(root, name)
  cpSync(pristine, datadir, { recursive: true })
  return datadir
}

/** Runs a node that must refuse to start; gives what it printed. */
async function refusal(code: number, args: readonly string[]): Promise<string> {
  const ended = await runNode(['start', ...args])
  expect(ended.code, ended.output).toBe(code)
  for (const line of ['why:', 'do:', 'OL_']) expect(ended.output).toContain(line)
  expect(ended.output).not.toMatch(/\n {4}at /)
  return ended.output
}

function rpcUrlOf(node: NodeProcess): string {
  const url = /"rpc":"(http:[^"]+)"/.exec(node.output)?.[1]
  expect(url, node.output).toBeDefined()
  return url!
}

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'openliquid-commands-'))
  pristine = join(root, 'pristine')
  const made = await runNode(['init', '--datadir', pristine])
  expect(made.code, made.output).toBe(0)
})

afterEach(async () => {
  await Promise.all(running.splice(0).map((node) => node.stop('SIGKILL')))
})

afterAll(() => {
  rmSync(root, { recursive: true, force: true })
})

test('start --dev needs nothing, says what one needs, and continues its chain', async () => {
  const home = { HOME: join(root, 'home') }
  const first = start(['start', '--dev', ...ANY_PORTS], home)
  await vi.waitFor(() => expect(first.output).toContain('OpenLiquid is running.'), WAIT)
  for (const shown of [/chain id +1998/, /PURR\/USDC/, /BTC/, /0xac0974bec39a17e3/, /data +\//]) {
    expect(first.output).toMatch(shown)
  }
  const height = await l1Height(rpcUrlOf(first), 2)
  expect(await first.stop('SIGINT')).toEqual({ code: 0, signal: null })

  const second = start(['start', '--dev', ...ANY_PORTS], home)
  await vi.waitFor(() => expect(second.output).toContain('OpenLiquid is running.'), WAIT)
  expect(await l1Height(rpcUrlOf(second), height + 1)).toBeGreaterThan(height)
})

/** Height that the precompile tells, once it is at least that high. */
async function l1Height(url: string, heightMin: number): Promise<number> {
  return vi.waitFor(async () => {
    const { data } = await publicClientOf(url).call({
      to: '0x0000000000000000000000000000000000000809',
      data: '0x',
    })
    const height = Number(data)
    expect(height).toBeGreaterThanOrEqual(heightMin)
    return height
  }, WAIT)
}

test('a local network starts, prints what one needs, stops on Ctrl-C and goes on when started again', async () => {
  const output = join(root, 'net')
  const basePort = await freeBasePort(4)
  const args = ['testnet', '--validators', '4', '--output', output, '--start']
  const first = start([...args, '--base-port', `${basePort}`])
  await vi.waitFor(() => expect(first.output).toContain('OpenLiquid is running.'), WAIT)
  const url = `http://127.0.0.1:${basePort - 1_055}`
  expect(first.output).toContain(url)
  expect(first.output).toContain('validator-3 | ')
  const height = await l1Height(url, 2)
  expect(await first.stop('SIGINT')).toEqual({ code: 0, signal: null })

  const second = start(args)
  await vi.waitFor(() => expect(second.output).toContain('OpenLiquid is running.'), WAIT)
  expect(await l1Height(url, height)).toBeGreaterThanOrEqual(height)
  expect(await second.stop('SIGTERM')).toEqual({ code: 0, signal: null })
})

test('status and stop work from another terminal', async () => {
  const datadir = copyOf('admin')
  const metricsPort = `${(await freeBasePort(1)) + 1}`
  const environment = { OPENLIQUID_METRICS__PORT: metricsPort }
  const node = start([
    'start',
    '--datadir',
    datadir,
    ...ANY_PORTS.slice(0, 2),
    ...ANY_PORTS.slice(4),
    '--metrics.port',
    metricsPort,
  ])
  await vi.waitFor(async () => {
    const { code, output } = await runNode(['status', '--datadir', datadir, '--json'], environment)
    expect(code, output).toBe(0)
    expect(JSON.parse(output)).toMatchObject({ chainId: 1_998, isValidator: true })
  }, WAIT)
  const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text()
  expect(metrics).toMatch(/^openliquid_consensus_height \d+$/m)
  expect((await fetch(`http://127.0.0.1:${metricsPort}/healthz`)).status).toBe(200)
  const stopped = await runNode(['stop', '--datadir', datadir])
  expect(stopped.code, stopped.output).toBe(0)
  expect((await node.ended).code).toBe(0)
  expect((await runNode(['stop', '--datadir', datadir])).code).toBe(3)
  expect((await runNode(['status', '--datadir', datadir], environment)).code).toBe(3)
})

test('a second process on a folder exits with 11 and names the first', async () => {
  const datadir = copyOf('locked')
  const first = start(['start', '--datadir', datadir, ...ANY_PORTS])
  await vi.waitFor(() => expect(first.output).toContain('node is up'), WAIT)
  const output = await refusal(11, ['--datadir', datadir, ...ANY_PORTS])
  expect(output).toContain(String(first.pid))
})

test.each(['network.port', 'metrics.port', 'rpc.port'])('a taken %s exits with 17', async (key) => {
  const server = await new Promise<Server>((resolve) => {
    const listening = createServer().listen(0, '127.0.0.1', () => resolve(listening))
  })
  try {
    const { port } = server.address() as { port: number }
    const datadir = copyOf(key)
    const args = ['--datadir', datadir, ...ANY_PORTS, `--${key}`, String(port)]
    expect(await refusal(17, args)).toContain(String(port))
  } finally {
    server.close()
  }
})

test('each wrong folder, file or setting exits with its code and one clear message', async () => {
  const foreign = mkdtempSync(join(root, 'foreign-'))
  writeFileSync(join(foreign, 'holiday.jpg'), '')
  await refusal(12, ['--datadir', foreign])
  await refusal(3, ['--datadir', join(root, 'absent')])

  const other = copyOf('other-genesis')
  const genesis = JSON.parse(readFileSync(join(other, 'genesis.json'), 'utf8'))
  writeFileSync(join(other, 'genesis.json'), JSON.stringify({ ...genesis, genesisTimeMs: 1 }))
  await refusal(14, ['--datadir', other])
  writeFileSync(join(other, 'genesis.json'), '{')
  await refusal(14, ['--datadir', other])

  const misspelt = copyOf('misspelt')
  writeFileSync(join(misspelt, 'config.toml'), '[rpc]\nprot = 1\n')
  expect(await refusal(10, ['--datadir', misspelt])).toContain('rpc.port')
  await refusal(10, ['--datadir', pristine, '--rpc.host', '0.0.0.0'])

  const open = copyOf('open-key')
  chmodSync(join(open, 'node.key'), 0o644)
  expect(await refusal(15, ['--datadir', open])).toContain('chmod 600')

  expect((await runNode(['start', '--no-such-flag'])).code).toBe(2)
  expect((await runNode(['dance'])).code).toBe(2)
})

test.each([
  ['database', 'db', /^(CURRENT|MANIFEST-.*|.*\.ldb|.*\.log)$/],
  ['consensus log', 'wal', /\.log$/],
])('a damaged %s exits with 13', async (name, folder, files) => {
  const datadir = copyOf(name)
  const node = start(['start', '--datadir', datadir, ...ANY_PORTS])
  await vi.waitFor(() => expect(node.output).toContain('node is up'), WAIT)
  await l1Height(rpcUrlOf(node), 2)
  await node.stop('SIGTERM')
  flipBits(join(datadir, folder), files)
  await refusal(13, ['--datadir', datadir, ...ANY_PORTS])
})

test('version tells versions', async () => {
  const { code, output } = await runNode(['version', '--json'])
  expect(code).toBe(0)
  expect(JSON.parse(output)).toMatchObject({ node: process.version, version: expect.any(String) })
})
