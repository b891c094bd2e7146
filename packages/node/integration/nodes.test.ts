import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPublicClient, createWalletClient, defineChain, http, parseEther } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { afterEach, expect, test, vi } from 'vitest'
import { dataDirectoryAt } from '../src/dataDirectory.ts'
import { DEV_ACCOUNTS } from '../src/devAccounts.ts'
import { initDevDirectory, initFollowerDirectory } from '../src/initDirectory.ts'
import { LargeProposals } from '../src/largeProposals.ts'
import { silentLogger } from '../src/logger.ts'
import { createNode, type NodeOptions, type OpenLiquidNode } from '../src/node.ts'

const WAIT = { timeout: 20_000, interval: 50 }
const ANY_PORTS = { 'network.port': '0', 'metrics.port': '0', 'rpc.port': '0' }
const RECIPIENT = '0x00000000000000000000000000000000000000aa'

const nodes: OpenLiquidNode[] = []
const folders: string[] = []

afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()))
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

async function startNode(options: NodeOptions = {}): Promise<OpenLiquidNode> {
  const node = await createNode({ logger: silentLogger, ...options })
  nodes.push(node)
  await node.start()
  return node
}

function folder(name: string): string {
  const root = mkdtempSync(join(tmpdir(), 'openliquid-node-'))
  folders.push(root)
  return join(root, name)
}

async function transfer(node: OpenLiquidNode, value: bigint, dataBytes = 0): Promise<void> {
  const chain = defineChain({
    id: 1_998,
    name: 'dev',
    nativeCurrency: { name: 'HYPE', symbol: 'HYPE', decimals: 18 },
    rpcUrls: { default: { http: [node.rpcUrl!] } },
  })
  const wallet = createWalletClient({
    account: privateKeyToAccount(DEV_ACCOUNTS[0]!.privateKey),
    chain,
    transport: http(node.rpcUrl),
  })
  const hash = await wallet.sendTransaction({
    to: RECIPIENT,
    value,
    data: `0x${'00'.repeat(dataBytes)}`,
  })
  const client = createPublicClient({ chain, transport: http(node.rpcUrl), pollingInterval: 50 })
  expect((await client.waitForTransactionReceipt({ hash })).status).toBe('success')
}

function balanceOn(node: OpenLiquidNode): Promise<bigint> {
  return createPublicClient({ transport: http(node.rpcUrl) }).getBalance({ address: RECIPIENT })
}

test('two nodes in one process have chains, ports and metrics of their own', async () => {
  const [first, second] = await Promise.all([startNode(), startNode()])
  expect(first.rpcUrl).not.toBe(second.rpcUrl)
  await transfer(first, parseEther('2'))
  await vi.waitFor(() => expect(second.view.head.height).toBeGreaterThan(1n), WAIT)
  expect(await balanceOn(first)).toBe(parseEther('2'))
  expect(await balanceOn(second)).toBe(0n)

  await first.stop()
  expect(existsSync(first.datadir)).toBe(false)
  const { height } = second.view.head
  await vi.waitFor(() => expect(second.view.head.height).toBeGreaterThan(height), WAIT)
  const metrics = await (await fetch(`${second.metricsUrl}/metrics`)).text()
  expect(metrics).toMatch(/^openliquid_build_info\{/m)
})

test('a follower syncs, follows, and passes on what its clients send', async () => {
  const validator = await startNode()
  await vi.waitFor(() => expect(validator.view.head.height).toBeGreaterThan(2n), WAIT)
  const datadir = folder('follower')
  initFollowerDirectory(dataDirectoryAt(datadir), {
    genesisPath: join(validator.datadir, 'genesis.json'),
  })
  const follower = await startNode({
    datadir,
    settings: {
      ...ANY_PORTS,
      'rpc.serve-eth': true,
      'network.peers': validator.multiaddrs.join(','),
    },
  })
  expect(follower.status().isValidator).toBe(false)
  await vi.waitFor(() => expect(follower.view.head.height).toBeGreaterThan(2n), WAIT)
  await transfer(follower, 5n)
  await vi.waitFor(async () => expect(await balanceOn(validator)).toBe(5n), WAIT)
  const { height, stateRoot } = follower.view.head
  await vi.waitFor(() => {
    const same = validator.status().recentBlocks.find((block) => block.height === String(height))
    expect(same?.stateRoot).toBe(`0x${Buffer.from(stateRoot).toString('hex')}`)
  }, WAIT)
})

test('a follower completes a block above 64 KiB that gossip only announces', async () => {
  const heard = vi.spyOn(LargeProposals.prototype, 'onAnnouncement')
  const validator = await startNode()
  const datadir = folder('follower')
  initFollowerDirectory(dataDirectoryAt(datadir), {
    genesisPath: join(validator.datadir, 'genesis.json'),
  })
  const peers = validator.multiaddrs.join(',')
  const follower = await startNode({ datadir, settings: { ...ANY_PORTS, 'network.peers': peers } })
  await vi.waitFor(() => expect(follower.view.head.height).toBeGreaterThan(2n), WAIT)
  await transfer(validator, 3n, 80_000)
  await vi.waitFor(
    () => expect(heard.mock.results.map(({ value }) => value)).toContain('accept'),
    WAIT,
  )
  const [large] = heard.mock.contexts as LargeProposals[]
  await vi.waitFor(() => expect(large?.completed).toBe(1), WAIT)
  const { height } = validator.view.head
  await vi.waitFor(() => expect(follower.view.head.height).toBeGreaterThanOrEqual(height), WAIT)
  heard.mockRestore()
})

test('a node that is started again continues its chain; a second one on the folder is refused', async () => {
  const datadir = folder('dev')
  await initDevDirectory(dataDirectoryAt(datadir), { genesisTimeMs: Date.now() })
  const first = await startNode({ datadir, settings: ANY_PORTS })
  await transfer(first, 7n)
  const { height, blockHash } = first.view.head
  const locked = await createNode({ datadir, settings: ANY_PORTS, logger: silentLogger })
  await expect(locked.start()).rejects.toMatchObject({
    code: 'OL_NODE_DATADIR_LOCKED',
    data: { pid: process.pid },
  })
  await first.stop()

  const second = await startNode({ datadir, settings: ANY_PORTS })
  expect(second.view.head.height).toBeGreaterThanOrEqual(height)
  expect(second.view.blockByHash(blockHash)?.header.height).toBe(height)
  expect(await balanceOn(second)).toBe(7n)
  await vi.waitFor(() => expect(second.view.head.height).toBeGreaterThan(height + 1n), WAIT)
})

test('a validator that lost its log only follows: what it signed is not known', async () => {
  const datadir = folder('dev')
  await initDevDirectory(dataDirectoryAt(datadir), { genesisTimeMs: Date.now() })
  const first = await startNode({ datadir, settings: ANY_PORTS })
  await vi.waitFor(() => expect(first.view.head.height).toBeGreaterThan(1n), WAIT)
  await first.stop()
  rmSync(join(datadir, 'wal'), { recursive: true })
  const second = await startNode({ datadir, settings: ANY_PORTS })
  expect(second.status().isValidator).toBe(false)
})

test('stop during start leaves nothing open', async () => {
  const datadir = folder('dev')
  await initDevDirectory(dataDirectoryAt(datadir), { genesisTimeMs: Date.now() })
  const node = await createNode({ datadir, settings: ANY_PORTS, logger: silentLogger })
  const starting = node.start().catch(() => undefined)
  await node.stop()
  await starting
  await startNode({ datadir, settings: ANY_PORTS })
})
