import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { freeBasePort } from '../../../tests/acceptance/freePorts.ts'
import { MNEMONIC } from './transferLoad.ts'

const ROOT = fileURLToPath(new URL('../../..', import.meta.url))
/** Beside the installed packages, so that it stays between runs and is no part of the repository. */
const PEERS = join(ROOT, 'node_modules/.cache/openliquid-bench')
const GANACHE = '7.9.2'
const CLI = join(ROOT, 'packages/node/dist/cli.js')
const VALIDATORS = 4
/** Between the ports of a local network. */
const P2P_TO_RPC = 9_600 - 8_545

/** A server that is measured. */
export interface BenchServer {
  readonly urls: readonly string[]
  stop(): Promise<void>
}

/** One validator on a new development chain, a process of its own. */
export async function startValidator(): Promise<BenchServer> {
  const folder = mkdtempSync(join(tmpdir(), 'openliquid-bench-'))
  const args = [
    'start',
    '--dev',
    '--json',
    '--datadir',
    join(folder, 'node'),
    '--log-level',
    'error',
  ]
  const ports = ['--rpc.port', '0', '--network.port', '0', '--metrics.enabled', 'false']
  const child = spawn(process.execPath, [CLI, ...args, ...ports, '--serve-eth-rpc'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const { rpcUrls } = JSON.parse(await firstLine(child)) as { rpcUrls: string[] }
  return {
    urls: rpcUrls,
    stop: async () => {
      await ended(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Four validators on a new local network, each a process of its own, as `npm start` runs them. */
export async function startFourValidators(): Promise<BenchServer> {
  const folder = mkdtempSync(join(tmpdir(), 'openliquid-bench-'))
  const base = await freeBasePort(VALIDATORS)
  const args = ['testnet', '--validators', `${VALIDATORS}`, '--output', join(folder, 'net')]
  const child = spawn(
    process.execPath,
    [CLI, ...args, '--base-port', `${base}`, '--start', '--json'],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  if (child.stdout === null) throw new Error('its output is read')
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.includes('"isNew"')) break
  }
  child.stdout.resume()
  const urls = Array.from(
    { length: VALIDATORS },
    (_, i) => `http://127.0.0.1:${base - P2P_TO_RPC + i}`,
  )
  return {
    urls,
    stop: async () => {
      await ended(child)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** The peer, as it comes: installed by npm on the first run, without scripts. */
export async function startGanache(): Promise<BenchServer> {
  const folder = join(PEERS, `ganache-${GANACHE}`)
  if (!existsSync(join(folder, 'node_modules/ganache'))) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'package.json'), '{"private":true}')
    const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--silent']
    execFileSync('npm', ['install', ...flags, `ganache@${GANACHE}`], { cwd: folder })
  }
  const script = `
    const server = require('ganache').server({
      logging: { quiet: true }, chain: { chainId: 1998, hardfork: 'shanghai' }, wallet: { mnemonic: ${JSON.stringify(MNEMONIC)}, totalAccounts: 20, defaultBalance: 10000 },
    })
    server.listen(0).then(() => console.log(server.address().port))`
  const child = spawn(process.execPath, ['-e', script], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const port = await firstLine(child)
  return { urls: [`http://127.0.0.1:${port}`], stop: () => ended(child) }
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('its output is read')
  const lines = createInterface({ input: child.stdout })
  const line = await Promise.race([
    once(lines, 'line').then(([text]) => String(text)),
    once(child, 'close').then(([code]) => {
      throw new Error(`the server ended with ${code}`)
    }),
  ])
  return line
}

async function ended(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close')
  child.kill('SIGTERM')
  await closed
}
