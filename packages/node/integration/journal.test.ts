// A node that ends, however it does, keeps what it has accepted.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { signTransaction } from '@openliquid/evm/testing'
import { bytesToHex, hexToBytes, TRANSACTION_KIND, type Transaction } from '@openliquid/primitives'
import { afterEach, expect, test, vi } from 'vitest'
import { dataDirectoryAt } from '../src/dataDirectory.ts'
import { createNode, DEV_ACCOUNTS, type OpenLiquidNode } from '../src/index.ts'
import { initDevDirectory } from '../src/initDirectory.ts'

const root = mkdtempSync(join(tmpdir(), 'openliquid-journal-'))
const nodes: OpenLiquidNode[] = []
const children: ChildProcess[] = []
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stop()
  await Promise.all(children.splice(0).map(kill))
  rmSync(root, { recursive: true, force: true })
})

async function start(): Promise<OpenLiquidNode> {
  const settings = {
    'network.port': 0,
    'metrics.enabled': false,
    'rpc.serve-eth': false,
    'rpc.serve-info': false,
    'log.level': 'error',
  } as const
  const node = await createNode({ datadir: join(root, 'node'), settings })
  nodes.push(node)
  await node.start()
  return node
}

function transferBytes(nonce: number, payer = 0): Uint8Array {
  return signTransaction(
    {
      chainId: 1_998,
      nonce,
      gasLimit: 21_000n,
      to: hexToBytes(DEV_ACCOUNTS[9]!.address),
      value: 1n,
    },
    hexToBytes(DEV_ACCOUNTS[payer]!.privateKey),
  )
}

const CLI = fileURLToPath(new URL('../src/cli.ts', import.meta.url))

/** A development chain in a process of its own. */
async function live(): Promise<{ readonly process: ChildProcess; readonly url: string }> {
  const [folder, ports] = [join(root, 'killed'), ['network.port', 'rpc.port', 'metrics.port']]
  const flags = ['--dev', '--json', '--datadir', folder, '--log.level', 'error']
  const args = ['start', ...flags, ...ports.flatMap((port) => [`--${port}`, '0'])]
  const child = spawn(
    process.execPath,
    ['--conditions=openliquid:source', '--import', 'tsx', CLI, ...args],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  children.push(child)
  const [line] = (await once(createInterface(child.stdout!), 'line')) as [string]
  return { process: child, url: JSON.parse(line).rpcUrls[0] }
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const closed = once(child, 'close')
  child.kill('SIGKILL')
  await closed
}

async function ask<T>(url: string, method: string, ...params: readonly unknown[]): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  return ((await response.json()) as { result: T }).result
}

const send = (url: string, bytes: Uint8Array): Promise<string> =>
  ask(url, 'eth_sendRawTransaction', bytesToHex(bytes))

test('what a client was told is accepted outlives kill -9, and is mined or can be seen to wait', {
  timeout: 120_000,
}, async () => {
  const first = await live()
  // One that nothing can come of yet, and one whose block the kill runs into.
  const waiting = await send(first.url, transferBytes(1, 0))
  const ready = await send(first.url, transferBytes(0, 1))
  await kill(first.process)

  const second = await live()
  const receiptOf = (hash: string): Promise<unknown> =>
    ask(second.url, 'eth_getTransactionReceipt', hash)
  const mined = { status: '0x1' }
  await vi.waitFor(async () => expect(await receiptOf(ready)).toMatchObject(mined), 30_000)
  const found = await ask(second.url, 'eth_getTransactionByHash', waiting)
  expect(found).toMatchObject({ hash: waiting, blockHash: null })
  const { queued } = await ask<{ queued: object }>(second.url, 'txpool_content')
  expect(Object.values(queued)).toMatchObject([{ 1: { hash: waiting } }])

  const before = await send(second.url, transferBytes(0, 0))
  await vi.waitFor(async () => {
    expect(await receiptOf(before)).toMatchObject(mined)
    expect(await receiptOf(waiting)).toMatchObject(mined)
  }, 30_000)
})

test('a transaction that waits is mined in the next life', { timeout: 120_000 }, async () => {
  const genesisTimeMs = Date.now()
  await initDevDirectory(dataDirectoryAt(join(root, 'node')), { genesisTimeMs })
  const transfer = (nonce: number): Transaction => ({
    kind: TRANSACTION_KIND.evm,
    bytes: transferBytes(nonce),
  })
  const first = await start()
  // Nothing can come of it before the one with nonce 0.
  const { txId } = await first.view.submit(transfer(1))
  await first.stop()

  const second = await start()
  expect(second.view.mempool().evmQueued).toBe(1)
  const mined = second.view.waitForReceipt(txId, 60_000)
  await second.view.submit(transfer(0))
  expect(await mined).toMatchObject({ kind: 'evm', receipt: { status: 1 } })
})
