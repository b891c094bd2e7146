import { type Hex, keccak256, parseEther, parseGwei } from 'viem'
import { expect, test, vi } from 'vitest'
import { compileContracts } from './contracts.ts'
import { cast, devTrader, publicClientOf, walletClientOf } from './evmClient.ts'

/** Tests of the EVM side through stock clients, against any nodes of one running chain. */
export function testEvmWorld(urls: () => readonly string[]): void {
  const alice = devTrader(0)
  const bob = devTrader(1)
  const url = (i: number): string => urls()[i % urls().length]!

  test('viem transfers value and every node tells the same receipt and balance', async () => {
    const wallet = walletClientOf(url(0), alice)
    const to = `0x${Date.now().toString(16).padStart(40, '0')}` as const
    const hash = await wallet.sendTransaction({ to, value: parseEther('1.5') })
    const receipt = await publicClientOf(url(0)).waitForTransactionReceipt({ hash })
    expect(receipt).toMatchObject({ status: 'success', gasUsed: 21_000n, to })
    for (const other of urls()) {
      const client = publicClientOf(other)
      expect(await client.waitForTransactionReceipt({ hash })).toMatchObject({
        blockHash: receipt.blockHash,
        gasUsed: 21_000n,
      })
      expect(await client.getBalance({ address: to })).toBe(parseEther('1.5'))
      expect(await client.getTransaction({ hash })).toMatchObject({ to, value: parseEther('1.5') })
    }
  })

  test('viem deploys, calls and reads a contract, its event and its revert, on any node', async () => {
    const { Counter } = compileContracts()
    const wallet = walletClientOf(url(1), alice)
    const client = publicClientOf(url(1))
    const hash = await wallet.deployContract(Counter)
    const { contractAddress, status } = await client.waitForTransactionReceipt({ hash })
    expect(status).toBe('success')
    const address = contractAddress!
    const contract = { address, abi: Counter.abi }
    const call = await wallet.writeContract({ ...contract, functionName: 'increment', args: [7n] })
    const { blockNumber, logs } = await client.waitForTransactionReceipt({ hash: call })
    expect(logs).toHaveLength(1)
    for (const other of urls()) {
      const reader = publicClientOf(other)
      await reader.waitForTransactionReceipt({ hash: call })
      expect(await reader.readContract({ ...contract, functionName: 'count' })).toBe(7n)
      const events = await reader.getContractEvents({
        ...contract,
        eventName: 'Incremented',
        fromBlock: blockNumber,
      })
      expect(events).toMatchObject([
        { transactionHash: call, args: { by: alice.account.address, count: 7n } },
      ])
    }
    const zero = client.simulateContract({ ...contract, functionName: 'increment', args: [0n] })
    await expect(zero).rejects.toThrow(/step is zero/)
  })

  test('a block larger than one gossip message reaches every node', async () => {
    const carol = devTrader(8)
    const client = publicClientOf(url(0))
    const { address } = carol.account
    const nonce = await client.getTransactionCount({ address })
    const hashes: Hex[] = []
    const calls: object[] = []
    for (let i = 0; i < 4; i++) {
      const serialized = await carol.account.signTransaction({
        type: 'eip1559',
        chainId: 1_998,
        nonce: nonce + i,
        gas: 5_000_000n,
        maxFeePerGas: parseGwei('100'),
        to: address,
        data: `0x${'5a'.repeat(120_000)}`,
      })
      hashes.push(keccak256(serialized))
      calls.push({ jsonrpc: '2.0', id: i, method: 'eth_sendRawTransaction', params: [serialized] })
    }
    const headers = { 'content-type': 'application/json' }
    await fetch(url(0), { method: 'POST', headers, body: JSON.stringify(calls) })
    for (const other of urls()) {
      const reader = publicClientOf(other)
      for (const hash of hashes) {
        expect(await reader.waitForTransactionReceipt({ hash, timeout: 20_000 })).toMatchObject({
          status: 'success',
        })
      }
    }
  })

  test('cast sends, reads the receipt and calls on any node', async () => {
    const { Counter } = compileContracts()
    const key = ['--private-key', bob.privateKey]
    const created = await cast(
      'send',
      '--rpc-url',
      url(2),
      ...key,
      '--json',
      '--create',
      Counter.bytecode,
    )
    const { contractAddress, status } = JSON.parse(created) as {
      contractAddress: Hex
      status: Hex
    }
    expect(status).toBe('0x1')
    const sent = await cast(
      'send',
      '--rpc-url',
      url(3),
      ...key,
      '--json',
      contractAddress,
      'increment(uint256)',
      '5',
    )
    const { transactionHash, logs } = JSON.parse(sent) as { transactionHash: Hex; logs: unknown[] }
    expect(logs).toHaveLength(1)
    for (const other of urls()) {
      await vi.waitFor(
        async () => {
          const count = await cast('call', '--rpc-url', other, contractAddress, 'count()(uint256)')
          expect(count).toBe('5')
        },
        { timeout: 10_000 },
      )
      expect(await cast('receipt', '--rpc-url', other, transactionHash, 'status')).toMatch(/1|true/)
    }
    expect(await cast('chain-id', '--rpc-url', url(0))).toBe('1998')
  })
}
