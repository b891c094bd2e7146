import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Hex } from 'viem'
import { afterAll, expect, test } from 'vitest'
import { compileContracts } from './contracts.ts'
import { devTrader, publicClientOf, runTool } from './evmClient.ts'

const SOLC = fileURLToPath(new URL('solc.mjs', import.meta.url))

/** What `forge script --broadcast` leaves behind, as far as the test reads it. */
interface Broadcast {
  readonly transactions: readonly { hash: Hex; transactionType: string; contractAddress: Hex }[]
  readonly receipts: readonly { status: Hex; transactionHash: Hex; logs: readonly unknown[] }[]
}

/** A session of stock `forge script`, against any nodes of one running chain. */
export function testForgeWorld(urls: () => readonly string[]): void {
  const folder = mkdtempSync(join(tmpdir(), 'openliquid-forge-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('forge script deploys and calls a contract that every node then has', async () => {
    mkdirSync(join(folder, 'src'))
    for (const name of ['Counter.sol', 'DeployCounter.s.sol']) {
      const source = fileURLToPath(new URL(`contracts/${name}`, import.meta.url))
      copyFileSync(source, join(folder, 'src', name))
    }
    // Without these two lines forge would download a compiler.
    const profile = `[profile.default]\noffline = true\nsolc = ${JSON.stringify(SOLC)}\n`
    writeFileSync(join(folder, 'foundry.toml'), profile)
    const url = urls()[1 % urls().length]!
    const script = join(folder, 'src/DeployCounter.s.sol:DeployCounter')
    const printed = await runTool('forge', [
      'script',
      script,
      '--root',
      folder,
      '--rpc-url',
      url,
      '--private-key',
      devTrader(3).privateKey,
      '--broadcast',
    ])
    expect(printed).toContain('ONCHAIN EXECUTION COMPLETE & SUCCESSFUL')

    const { transactions, receipts } = JSON.parse(
      readFileSync(join(folder, 'broadcast/DeployCounter.s.sol/1998/run-latest.json'), 'utf8'),
    ) as Broadcast
    expect(transactions.map(({ transactionType }) => transactionType)).toEqual([
      'CREATE',
      'CALL',
      'CALL',
    ])
    expect(receipts.map(({ status, logs }) => [status, logs.length])).toEqual([
      ['0x1', 0],
      ['0x1', 1],
      ['0x1', 1],
    ])
    const address = transactions[0]!.contractAddress
    const { abi } = compileContracts().Counter
    for (const other of urls()) {
      const client = publicClientOf(other)
      await client.waitForTransactionReceipt({ hash: transactions[2]!.hash })
      expect(await client.readContract({ address, abi, functionName: 'count' })).toBe(7n)
    }
  })
}
