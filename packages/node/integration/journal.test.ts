// A node that ends, however it does, keeps what it has accepted.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { signTransaction } from '@openliquid/evm/testing'
import { hexToBytes, TRANSACTION_KIND, type Transaction } from '@openliquid/primitives'
import { afterEach, expect, test } from 'vitest'
import { dataDirectoryAt } from '../src/dataDirectory.ts'
import { createNode, DEV_ACCOUNTS, type OpenLiquidNode } from '../src/index.ts'
import { initDevDirectory } from '../src/initDirectory.ts'

const root = mkdtempSync(join(tmpdir(), 'openliquid-journal-'))
const nodes: OpenLiquidNode[] = []
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.stop()
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

test('a transaction that waits is mined in the next life', { timeout: 120_000 }, async () => {
  const genesisTimeMs = Date.now()
  await initDevDirectory(dataDirectoryAt(join(root, 'node')), { genesisTimeMs })
  const [payer, payee] = DEV_ACCOUNTS
  const transfer = (nonce: number): Transaction => ({
    kind: TRANSACTION_KIND.evm,
    bytes: signTransaction(
      { chainId: 1_998, nonce, gasLimit: 21_000n, to: hexToBytes(payee!.address), value: 1n },
      hexToBytes(payer!.privateKey),
    ),
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
