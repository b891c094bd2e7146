// A node on the `mainnet-shaped` profile: clients find the main net's ids and trade by them.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signDigest } from '@openliquid/crypto'
import {
  actionDigest,
  bytesToHex,
  hexToBytes,
  type MultiSigAction,
  multiSigPayloadDigest,
  parseExchangeRequest,
} from '@openliquid/primitives'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dataDirectoryAt } from '../src/dataDirectory.ts'
import { DEV_ACCOUNTS, type DevAccount } from '../src/devAccounts.ts'
import { initDevDirectory } from '../src/initDirectory.ts'
import { silentLogger } from '../src/logger.ts'
import { createNode, type OpenLiquidNode } from '../src/node.ts'

const HYPE_PERP = 159
const HYPE_SPOT = 10_107
const MATIC = 3
const [alice, bob, treasury, dave] = DEV_ACCOUNTS as [
  DevAccount,
  DevAccount,
  DevAccount,
  DevAccount,
]
const UNSIGNED = { r: '0x1', s: '0x1', v: 27 }

let root: string
let node: OpenLiquidNode
let nonce = Date.now()

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'openliquid-node-'))
  const datadir = join(root, 'mainnet-shaped')
  const genesisTimeMs = Date.now()
  await initDevDirectory(dataDirectoryAt(datadir), { genesisTimeMs, profile: 'mainnet-shaped' })
  const settings = { 'network.port': '0', 'metrics.port': '0', 'rpc.port': '0' }
  node = await createNode({ datadir, settings, logger: silentLogger })
  await node.start()
}, 60_000)

afterAll(async () => {
  await node.stop()
  rmSync(root, { recursive: true, force: true })
})

async function post(path: string, body: unknown): Promise<unknown> {
  const headers = { 'content-type': 'application/json' }
  const answer = await fetch(`${node.rpcUrl}${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  })
  expect(answer.status).toBe(200)
  return answer.json()
}

const info = (query: object): Promise<unknown> => post('/info', query)

function wire(account: DevAccount, digest: Uint8Array): object {
  const { r, s, v } = signDigest(hexToBytes(account.privateKey), digest)
  return { r: bytesToHex(r), s: bytesToHex(s), v }
}

async function exchange(account: DevAccount, action: object): Promise<unknown> {
  const body = { action, nonce: ++nonce }
  const envelope = parseExchangeRequest({ ...body, signature: UNSIGNED })
  return post('/exchange', { ...body, signature: wire(account, actionDigest(envelope, 'Mainnet')) })
}

function order(a: number, b: boolean, p: string, s: string): object {
  const orders = [{ a, b, p, s, r: false, t: { limit: { tif: 'Gtc' } } }]
  return { type: 'order', orders, grouping: 'na' }
}

test('meta lists the perps of the main net up to HYPE at their ids', async () => {
  const { universe } = (await info({ type: 'meta' })) as {
    universe: { name: string; szDecimals: number; isDelisted?: true }[]
  }
  expect(universe).toHaveLength(160)
  expect(universe[HYPE_PERP]).toMatchObject({ name: 'HYPE', szDecimals: 2, marginTableId: 52 })
  expect(universe[MATIC]).toMatchObject({ name: 'MATIC', isDelisted: true })
  expect(universe[25]?.name).toBe('XRP')
})

test('two accounts trade HYPE as perp 159 and as spot pair 107', async () => {
  for (const [asset, coin] of [
    [HYPE_PERP, 'HYPE'],
    [HYPE_SPOT, '@107'],
  ] as const) {
    expect(JSON.stringify(await exchange(bob, order(asset, false, '40', '2')))).toContain('resting')
    const bought = await exchange(alice, order(asset, true, '40', '2'))
    expect(bought).toMatchObject({
      status: 'ok',
      response: { data: { statuses: [{ filled: { totalSz: '2.0', avgPx: '40.0' } }] } },
    })
    const fills = (await info({ type: 'userFills', user: alice.address })) as { coin: string }[]
    expect(fills[0]).toMatchObject({ coin, px: '40.0', sz: '2.0', side: 'B' })
  }
  const refused = await exchange(alice, order(MATIC, true, '0.4', '100'))
  expect(JSON.stringify(refused)).toContain('Asset is delisted.')
})

test('two wallets together trade for an account of several signers', async () => {
  const signers = { authorizedUsers: [alice.address, bob.address], threshold: 2 }
  const convert = {
    type: 'convertToMultiSigUser',
    signatureChainId: '0xa4b1',
    hyperliquidChain: 'Mainnet',
    signers: JSON.stringify(signers),
    nonce: nonce + 1,
  }
  expect(await exchange(treasury, convert)).toMatchObject({ status: 'ok' })
  expect(await exchange(treasury, order(HYPE_PERP, true, '39', '1'))).toMatchObject({
    status: 'err',
    response: 'Multi-sig required',
  })
  const wrapper = {
    type: 'multiSig',
    signatureChainId: '0xa4b1',
    signatures: [],
    payload: {
      multiSigUser: treasury.address,
      outerSigner: alice.address,
      action: order(HYPE_PERP, true, '39', '1'),
    },
  }
  const request = { action: wrapper, nonce: nonce + 1, signature: UNSIGNED }
  const envelope = parseExchangeRequest(request)
  const digest = multiSigPayloadDigest(wrapper as unknown as MultiSigAction, envelope, 'Mainnet')
  const signatures = [wire(alice, digest), wire(bob, digest)]
  expect(JSON.stringify(await exchange(alice, { ...wrapper, signatures }))).toContain('resting')
  expect(await info({ type: 'openOrders', user: treasury.address })).toHaveLength(1)
  expect(await info({ type: 'userToMultiSigSigners', user: treasury.address })).toEqual({
    authorizedUsers: [bob.address, alice.address],
    threshold: 2,
  })
  expect(await info({ type: 'userToMultiSigSigners', user: dave.address })).toBeNull()
})
