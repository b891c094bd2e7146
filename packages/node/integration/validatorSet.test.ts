// Three nodes over loopback: a new validator registers, joins with the next epoch and votes; one of the first leaves.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  generateValidatorKeys,
  provePossession,
  schemeOf,
  signDigest,
  type ValidatorKeys,
} from '@openliquid/crypto'
import {
  type Action,
  type ActionEnvelope,
  actionDigest,
  actionEnvelopeCodec,
  bytesToHex,
  encodeAction,
  type Genesis,
  genesisHash,
  type Hex,
  hexToBytes,
  isUserSigned,
  TRANSACTION_KIND,
} from '@openliquid/primitives'
import { afterEach, expect, test, vi } from 'vitest'
import { createDataDirectory, dataDirectoryAt } from '../src/dataDirectory.ts'
import { DEV_ACCOUNTS } from '../src/devAccounts.ts'
import { writeGenesisFile } from '../src/genesisFile.ts'
import { DEV_CHAIN_ID, devGenesis } from '../src/genesisProfile.ts'
import { writeKeyFiles } from '../src/keyFiles.ts'
import { devValidator } from '../src/localNetwork.ts'
import { silentLogger } from '../src/logger.ts'
import { createNode, type OpenLiquidNode } from '../src/node.ts'

const EPOCH_MS = 4_000
const BLOCK_MS = 200
/** 10,000 HYPE: all that an account of the profile has, and what a validator needs of its own. */
const STAKE_WEI = 1_000_000_000_000
const WAIT = { timeout: 60_000, interval: 100 }

const nodes: OpenLiquidNode[] = []
const folders: string[] = []

afterEach(async () => {
  await Promise.all(nodes.splice(0).map((node) => node.stop()))
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

async function startNode(genesis: Genesis, keys: ValidatorKeys): Promise<OpenLiquidNode> {
  const root = mkdtempSync(join(tmpdir(), 'openliquid-set-'))
  folders.push(root)
  const directory = dataDirectoryAt(join(root, 'node'))
  createDataDirectory(directory, bytesToHex(genesisHash(genesis)))
  writeGenesisFile(directory.genesis, genesis)
  await writeKeyFiles(directory, keys)
  return open(directory.root)
}

async function open(datadir: string): Promise<OpenLiquidNode> {
  const node = await createNode({
    datadir,
    logger: silentLogger,
    settings: {
      'network.port': '0',
      'metrics.port': '0',
      'rpc.port': '0',
      'oracle.source': 'walk',
      'network.peers': nodes.flatMap(({ multiaddrs }) => multiaddrs).join(','),
    },
  })
  nodes.push(node)
  await node.start()
  return node
}

let nonce = Date.now()

async function act(node: OpenLiquidNode, key: Uint8Array, fields: unknown): Promise<void> {
  nonce += 1
  const action = { ...(fields as object), nonce } as unknown as Action
  const plain = isUserSigned(action) ? action : (fields as Action)
  const unsigned: ActionEnvelope = {
    action: encodeAction(plain),
    nonce,
    signature: { r: new Uint8Array(32), s: new Uint8Array(32), v: 27 },
  }
  const signature = signDigest(key, actionDigest(unsigned, 'Testnet'))
  const { txId } = await node.view.submit({
    kind: TRANSACTION_KIND.action,
    bytes: actionEnvelopeCodec.encode({ ...unsigned, signature }),
  })
  const { kind, receipt } = await node.view.waitForReceipt(txId)
  expect(kind === 'action' && receipt).toMatchObject({ status: 'ok' })
}

const user = (fields: object): object => ({
  signatureChainId: '0x66eee',
  hyperliquidChain: 'Testnet',
  ...fields,
})

test('a registered validator joins at the next epoch and votes, and one leaves', async () => {
  const [first, second, third] = [1, 2, 3].map(() => generateValidatorKeys({ scheme: 'bls' }))
  const dev = devGenesis({
    genesisTimeMs: Date.now(),
    validators: [devValidator(first!), devValidator(second!)].sort((a, b) =>
      a.address < b.address ? -1 : 1,
    ),
    minBlockIntervalMs: BLOCK_MS,
  })
  const genesis: Genesis = {
    ...dev,
    consensus: { ...dev.consensus, epochDurationMs: EPOCH_MS },
  }
  const a = await startNode(genesis, first!)
  const b = await startNode(genesis, second!)
  const c = await startNode(genesis, third!)
  expect(c.status().isValidator).toBe(false)

  const [{ privateKey, address }, delegator] = DEV_ACCOUNTS as [
    (typeof DEV_ACCOUNTS)[number],
    (typeof DEV_ACCOUNTS)[number],
  ]
  const key = hexToBytes(privateKey)
  const proofs = provePossession(schemeOf('bls'), {
    chainId: DEV_CHAIN_ID,
    voteSecret: third!.voteSecret,
    nodeSecret: third!.nodeSecret,
    address: hexToBytes(address, 20),
  })
  await act(a, key, user({ type: 'cDeposit', wei: STAKE_WEI }))
  await act(a, key, {
    type: 'CValidatorAction',
    register: {
      profile: {
        node_ip: { Ip: '127.0.0.1' },
        name: 'third',
        description: '',
        delegations_disabled: false,
        commission_bps: 100,
        signer: bytesToHex(third!.signer),
      },
      unjailed: true,
      initial_wei: STAKE_WEI,
      keys: {
        vote_key: bytesToHex(third!.voteKey),
        node_key: bytesToHex(third!.nodeKey),
        vote_proof: bytesToHex(proofs.voteKey),
        node_proof: bytesToHex(proofs.nodeKey),
      },
    },
  })
  const other = hexToBytes(delegator.privateKey)
  await act(b, other, user({ type: 'cDeposit', wei: 500 }))
  await act(
    b,
    other,
    user({ type: 'tokenDelegate', validator: address, wei: 400, isUndelegate: false }),
  )

  // It is a member, with all that was delegated, and its votes leave the node.
  await vi.waitFor(() => expect(c.status().validatorIndex).toBeDefined(), WAIT)
  await vi.waitFor(() => expect(BigInt(c.status().sentVoteView)).toBeGreaterThan(0n), WAIT)
  const joined = c.view.core.validators().find(({ validator }) => validator === address)
  expect(joined).toMatchObject({ isActive: true, stake: BigInt(STAKE_WEI + 400) })
  // Blocks that it proposes are committed: the others take it for a member.
  await vi.waitFor(
    () =>
      expect(
        a.view.core.validators().find(({ validator }) => validator === address)?.proposed,
      ).toBeGreaterThan(0),
    WAIT,
  )

  // The members' feeds reach a quorum, so the oracle price has left that of the genesis.
  await vi.waitFor(() => expect(a.view.core.perpContexts()[0]?.oraclePx).not.toBe('60000.0'), WAIT)

  const leaving = bytesToHex(second!.signer)
  await act(c, second!.signerSecret, { type: 'CValidatorAction', unregister: null })
  await vi.waitFor(() => {
    const left = a.view.core.validators().find(({ validator }) => validator === leaving)
    expect(left?.isActive).toBe(false)
    expect(b.status().isValidator).toBe(false)
  }, WAIT)
  expect(a.status().isValidator && c.status().isValidator).toBe(true)
  // The two that are left go on, and who left follows them.
  const { height } = a.view.head
  await vi.waitFor(() => expect(b.view.head.height).toBeGreaterThan(height + 3n), WAIT)
  const tip = b.view.head
  await vi.waitFor(() => {
    const same = c.status().recentBlocks.find((block) => block.height === String(tip.height))
    expect(same?.stateRoot).toBe(bytesToHex(tip.stateRoot) as Hex)
  }, WAIT)

  // One that joined is still a member after a restart; without it the first has no quorum.
  await c.stop()
  nodes.splice(nodes.indexOf(c), 1)
  const again = await open(c.datadir)
  expect(again.status().isValidator).toBe(true)
  const before = a.view.head.height
  await vi.waitFor(() => expect(a.view.head.height).toBeGreaterThan(before + 3n), WAIT)
}, 200_000)
