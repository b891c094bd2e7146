// A validator that was never there joins a chain by state sync, and votes as soon as an epoch begins after its start.
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateValidatorKeys, type ValidatorKeys } from '@openliquid/crypto'
import { signTransaction } from '@openliquid/evm/testing'
import {
  bytesToHex,
  compareBytes,
  type Genesis,
  genesisHash,
  hexToBytes,
} from '@openliquid/primitives'
import { afterEach, expect, test, vi } from 'vitest'
import { configFileText } from '../src/config.ts'
import { createDataDirectory, type DataDirectory, dataDirectoryAt } from '../src/dataDirectory.ts'
import { DEV_ACCOUNTS } from '../src/devAccounts.ts'
import { EXIT_CODE, exitCodeOf } from '../src/exitCodes.ts'
import { writeGenesisFile } from '../src/genesisFile.ts'
import { devGenesis } from '../src/genesisProfile.ts'
import { writeKeyFiles } from '../src/keyFiles.ts'
import { devValidator } from '../src/localNetwork.ts'
import { silentLogger } from '../src/logger.ts'
import { createNode, type NodeOptions, type OpenLiquidNode } from '../src/node.ts'

const WAIT = { timeout: 90_000, interval: 100 }
const COUNT = 4
const SETTINGS = {
  'network.port': '0',
  'metrics.enabled': 'false',
  'rpc.port': '0',
  'rpc.serve-eth': 'true',
  'sync.snapshot-interval': '10',
  'sync.state-sync-threshold': '5',
}

const nodes: OpenLiquidNode[] = []
const folders: string[] = []
afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()))
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

async function prepare(): Promise<DataDirectory[]> {
  const root = mkdtempSync(join(tmpdir(), 'openliquid-state-sync-'))
  folders.push(root)
  const keys = Array.from({ length: COUNT }, () =>
    generateValidatorKeys({ scheme: 'ed25519' }),
  ).sort((a, b) => compareBytes(a.signer, b.signer))
  const dev = devGenesis({
    genesisTimeMs: Date.now(),
    minBlockIntervalMs: 20,
    validators: keys.map((one) => devValidator(one)),
  })
  const genesis: Genesis = {
    ...dev,
    consensus: { ...dev.consensus, scheme: 'ed25519', epochDurationMs: 6_000 },
  }
  const directories: DataDirectory[] = []
  for (const [i, key] of keys.entries()) {
    const directory = dataDirectoryAt(join(root, `validator-${i}`))
    createDataDirectory(directory, bytesToHex(genesisHash(genesis)))
    writeGenesisFile(directory.genesis, genesis)
    await writeKeyFiles(directory, key as ValidatorKeys)
    writeFileSync(directory.config, configFileText({}))
    directories.push(directory)
  }
  return directories
}

async function start(
  directory: DataDirectory,
  { settings, ...options }: Pick<NodeOptions, 'clock' | 'settings'> = {},
): Promise<OpenLiquidNode> {
  const peers = nodes.flatMap((node) => node.multiaddrs).join(',')
  const node = await createNode({
    datadir: directory.root,
    logger: silentLogger,
    settings: { ...SETTINGS, 'network.peers': peers, ...settings },
    ...options,
  })
  nodes.push(node)
  await node.start()
  return node
}

/** Asks a node as a client does. */
async function ask(node: OpenLiquidNode, method: string, params: readonly unknown[]) {
  const response = await fetch(node.rpcUrl!, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
  })
  return (await response.json()) as { result?: unknown; error?: { code: number; message: string } }
}

/** Sends a transfer and waits for its receipt. */
async function transfer(node: OpenLiquidNode, nonce: number) {
  const [payer, payee] = DEV_ACCOUNTS
  const bytes = signTransaction(
    { chainId: 1_998, nonce, gasLimit: 21_000n, to: hexToBytes(payee!.address), value: 1n },
    hexToBytes(payer!.privateKey),
  )
  const sent = await ask(node, 'eth_sendRawTransactionSync', [bytesToHex(bytes)])
  expect(sent.result).toMatchObject({ status: '0x1' })
  return sent.result as { blockNumber: string; blockHash: string; transactionHash: string }
}

const snapshotsOf = ({ snapshots }: DataDirectory): string[] =>
  existsSync(snapshots) ? readdirSync(snapshots).filter((name) => /^\d+$/.test(name)) : []

/** The EVM's blocks from before are refused by a code, and what comes is kept. */
async function answersWhatItHas(
  joined: OpenLiquidNode,
  old: Awaited<ReturnType<typeof transfer>>,
): Promise<void> {
  const { oldestBlock } = joined.view.evm
  expect(oldestBlock).toBe(BigInt(old.blockNumber) + 1n)
  const pruned = { code: 4444, message: expect.stringMatching(/^pruned history unavailable/) }
  for (const [method, params] of [
    ['eth_getBlockByNumber', [old.blockNumber, true]],
    ['eth_getBlockReceipts', [old.blockNumber]],
    ['eth_getTransactionByBlockNumberAndIndex', [old.blockNumber, '0x0']],
    ['eth_getTransactionByBlockHashAndIndex', [old.blockHash, '0x0']],
    ['eth_getSystemTxsByBlockNumber', [old.blockNumber]],
    ['eth_getLogs', [{ fromBlock: '0x0', toBlock: 'latest' }]],
    ['eth_getLogs', [{ blockHash: old.blockHash }]],
    ['debug_getRawBlock', [old.blockNumber]],
    ['debug_getRawReceipts', [old.blockNumber]],
  ] as const) {
    expect(await ask(joined, method, params), method).toMatchObject({ error: pruned })
  }
  const header = await ask(joined, 'eth_getHeaderByNumber', [old.blockNumber])
  expect(header.result).toMatchObject({ hash: old.blockHash })
  expect((await ask(joined, 'eth_getTransactionReceipt', [old.transactionHash])).result).toBeNull()

  const { transactionHash, blockNumber } = await transfer(joined, 1)
  expect(BigInt(blockNumber)).toBe(oldestBlock)
  const earliest = await ask(joined, 'eth_getBlockByNumber', ['earliest', true])
  expect(earliest.result).toMatchObject({ transactions: [{ hash: transactionHash }] })
  const all = { fromBlock: 'earliest', toBlock: 'latest' }
  expect((await ask(joined, 'eth_getLogs', [all])).result).toEqual([])
  const whole = { disabled: false, oldestBlock: blockNumber }
  expect((await ask(joined, 'eth_capabilities', [])).result).toMatchObject({
    tx: whole,
    logs: whole,
    receipts: whole,
    blocks: whole,
  })
  const fees = await ask(joined, 'eth_feeHistory', ['0x400', 'latest', [50]])
  expect(fees.result).toMatchObject({ oldestBlock: blockNumber, gasUsedRatio: [expect.anything()] })
}

test('a fresh validator joins by state sync, follows, and votes from the next epoch on', async () => {
  const directories = await prepare()
  const [late] = directories.splice(3)
  for (const directory of directories) await start(directory)
  const old = await transfer(nodes[0]!, 0)
  await vi.waitFor(() => {
    const common = snapshotsOf(directories[0]!).filter((height) =>
      directories.slice(1).every((other) => snapshotsOf(other).includes(height)),
    )
    expect(common.length).toBeGreaterThan(0)
    expect(nodes[0]!.view.head.height).toBeGreaterThan(25n)
  }, WAIT)

  const joined = await start(late!)
  const { height } = joined.view.head
  expect(height).toBeGreaterThan(5n)
  // The blocks below the state were never here.
  expect(joined.view.blockAt?.(1n)).toBeUndefined()
  expect(existsSync(late!.dbSync)).toBe(false)
  await answersWhatItHas(joined, old)
  await vi.waitFor(() => expect(joined.view.head.height).toBeGreaterThan(height + 10n), WAIT)
  await vi.waitFor(() => {
    const { stateRoot, height: at } = joined.view.head
    const same = nodes[0]!.status().recentBlocks.find((block) => block.height === String(at))
    expect(same?.stateRoot).toBe(bytesToHex(stateRoot))
  }, WAIT)
  await vi.waitFor(() => {
    expect(joined.status().isValidator).toBe(true)
    expect(Number(joined.status().sentVoteView)).toBeGreaterThan(0)
  }, WAIT)
}, 200_000)

test('a node whose newest block is older than the trust period starts only with a trusted checkpoint', async () => {
  const [directory] = await prepare()
  const clock = (): number => Date.now() + 5 * 24 * 3_600_000
  const refused = await start(directory!, { clock }).catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: 'OL_NODE_TRUST_EXPIRED', data: { height: 0n } })
  expect(exitCodeOf(refused)).toBe(EXIT_CODE.trust)
  const [, own] = /--trusted-checkpoint (0:0x[0-9a-f]{64})/.exec(String(refused)) ?? []

  const wrong = { 'sync.trusted-checkpoint': `0:0x${'11'.repeat(32)}` }
  await expect(start(directory!, { clock, settings: wrong })).rejects.toMatchObject({
    code: 'OL_NODE_CHECKPOINT',
  })
  await expect(
    start(directory!, { clock, settings: { 'sync.trusted-checkpoint': '7' } }),
  ).rejects.toMatchObject({ code: 'OL_NODE_CONFIG' })
  const node = await start(directory!, { clock, settings: { 'sync.trusted-checkpoint': own! } })
  expect(node.view.head.height).toBe(0n)
})
