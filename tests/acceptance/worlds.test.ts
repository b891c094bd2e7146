import { afterAll, beforeAll, describe } from 'vitest'
import { testBadInput } from './badInput.ts'
import { testBridge } from './bridgeWorld.ts'
import { testEthersWorld } from './ethersWorld.ts'
import { testEvmWorld } from './evmWorld.ts'
import { testExchangeWorld } from './exchangeWorld.ts'
import { testForgeWorld } from './forgeWorld.ts'
import { testHostilePeer } from './hostilePeer.ts'
import { testL1Read } from './l1ReadWorld.ts'
import { LocalCluster } from './localCluster.ts'
import { testSdkWorld } from './sdkWorld.ts'
import { testStateRoots } from './stateRoots.ts'

/** `npm run acceptance -- --rpc URL` names a network that runs already. */
const given = process.env['ACCEPTANCE_RPC']?.split(',') ?? []
const isOwn = given.length === 0

let cluster: LocalCluster | undefined
let urls: readonly string[] = given

beforeAll(async () => {
  if (!isOwn) return
  cluster = await LocalCluster.create()
  cluster.startAll()
  await cluster.reach(1)
  urls = cluster.indexes.map((index) => cluster?.rpcUrl(index) ?? '')
})

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]()
})

describe('EVM world', () => testEvmWorld(() => urls))
describe('ethers', () => testEthersWorld(() => urls))
describe('forge', () => testForgeWorld(() => urls))
describe('exchange world', () => testExchangeWorld(() => urls))
describe('an SDK of the exchange', () => testSdkWorld(() => urls))
describe('bridge', () => testBridge(() => urls))
describe('reads of contracts', () => testL1Read(() => urls))
describe('bad input', () => testBadInput(() => urls))
describe.runIf(isOwn)('hostile peer', () => testHostilePeer(() => cluster as LocalCluster))
describe.runIf(isOwn)('state roots', () => testStateRoots(() => cluster as LocalCluster))
