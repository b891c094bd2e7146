// A stock viem client against the door: what it sends is understood, and what it gets it can read.
import { createPublicClient, createWalletClient, defineChain, http, parseEther } from 'viem'
import { mnemonicToAccount } from 'viem/accounts'
import { describe, expect, it } from 'vitest'
import { CHAIN_ID, memoryChain } from '../test/memoryChainView.ts'
import { startServer } from '../test/testServer.ts'

const account = mnemonicToAccount('test test test test test test test test test test test junk')
const RECIPIENT = '0x00000000000000000000000000000000000000b0'

async function clients() {
  const chain = memoryChain({ [account.address]: parseEther('10') })
  const { server } = await startServer({}, chain)
  const definition = defineChain({
    id: CHAIN_ID,
    name: 'test',
    nativeCurrency: { name: 'HYPE', symbol: 'HYPE', decimals: 18 },
    rpcUrls: { default: { http: [server.url] } },
  })
  const transport = http(server.url, { retryCount: 0, batch: true })
  return {
    chain,
    reader: createPublicClient({ chain: definition, transport, pollingInterval: 10 }),
    wallet: createWalletClient({ chain: definition, transport, account }),
  }
}

describe('viem', () => {
  it('sends a transfer and reads transaction, receipt, block and balances', async () => {
    const { reader, wallet } = await clients()
    const hash = await wallet.sendTransaction({ to: RECIPIENT, value: parseEther('1') })
    const receipt = await reader.waitForTransactionReceipt({ hash })
    expect(receipt).toMatchObject({
      status: 'success',
      transactionHash: hash,
      type: 'eip1559',
      from: account.address.toLowerCase(),
      to: RECIPIENT,
      contractAddress: null,
      gasUsed: 21_000n,
    })
    const transaction = await reader.getTransaction({ hash })
    expect(transaction).toMatchObject({
      from: account.address.toLowerCase(),
      value: parseEther('1'),
      type: 'eip1559',
      chainId: CHAIN_ID,
      blockNumber: receipt.blockNumber,
    })
    const block = await reader.getBlock({ includeTransactions: true })
    expect(block.transactions.map((included) => included.hash)).toEqual([hash])
    expect(block.size).toBe(600n)
    expect(await reader.getBalance({ address: RECIPIENT })).toBe(parseEther('1'))
    expect(await reader.getTransactionCount({ address: account.address })).toBe(1)
  })

  it('sends a legacy transaction', async () => {
    const { reader, wallet } = await clients()
    const hash = await wallet.sendTransaction({
      to: RECIPIENT,
      value: 1n,
      type: 'legacy',
      gasPrice: 2_000_000_000n,
    })
    const transaction = await reader.getTransaction({ hash })
    expect(transaction).toMatchObject({ type: 'legacy', chainId: CHAIN_ID })
    expect([2n * BigInt(CHAIN_ID) + 35n, 2n * BigInt(CHAIN_ID) + 36n]).toContain(transaction.v)
  })

  it('reads chain id, gas price and fee history', async () => {
    const { reader } = await clients()
    expect(await reader.getChainId()).toBe(CHAIN_ID)
    expect(await reader.getGasPrice()).toBe(1_000_000_000n)
    const fees = await reader.estimateFeesPerGas()
    expect(fees).toEqual({ maxFeePerGas: 1_200_000_000n, maxPriorityFeePerGas: 0n })
    const history = await reader.getFeeHistory({ blockCount: 1, rewardPercentiles: [25, 75] })
    expect(history).toMatchObject({ oldestBlock: 0n, gasUsedRatio: [0.5], reward: [[0n, 0n]] })
  })

  it('gets the reason of a revert from a contract', async () => {
    const { chain, reader } = await clients()
    chain.onCall = () => ({
      status: 'reverted',
      gasUsed: 30_000n,
      // Error("not yours")
      output: Buffer.from(
        '08c379a0' +
          '0000000000000000000000000000000000000000000000000000000000000020' +
          '0000000000000000000000000000000000000000000000000000000000000009' +
          '6e6f7420796f7572730000000000000000000000000000000000000000000000',
        'hex',
      ),
    })
    const reading = reader.readContract({
      address: RECIPIENT,
      abi: [{ type: 'function', name: 'take', inputs: [], outputs: [], stateMutability: 'view' }],
      functionName: 'take',
    })
    await expect(reading).rejects.toThrow('not yours')
  })

  it('polls a block filter', async () => {
    const { reader, wallet } = await clients()
    const filter = await reader.createBlockFilter()
    await wallet.sendTransaction({ to: RECIPIENT, value: 1n })
    const block = await reader.getBlock()
    expect(await reader.getFilterChanges({ filter })).toEqual([block.hash])
    expect(await reader.getFilterChanges({ filter })).toEqual([])
    expect(await reader.uninstallFilter({ filter })).toBe(true)
  })

  it('reads logs and polls an event filter', async () => {
    const { chain, reader, wallet } = await clients()
    const filter = await reader.createEventFilter()
    const topic = new Uint8Array(32).fill(7)
    chain.logs.push({ address: new Uint8Array(20), topics: [topic], data: Uint8Array.of(1) })
    await wallet.sendTransaction({ to: RECIPIENT, value: 1n })
    const [log] = await reader.getFilterChanges({ filter })
    expect(log).toMatchObject({ blockNumber: 1n, logIndex: 0, data: '0x01' })
    const logs = await reader.getLogs({ fromBlock: 0n, toBlock: 'latest' })
    expect(logs).toHaveLength(1)
  })

  it('finds a waiting transaction and counts it in the pending nonce', async () => {
    const { chain, reader, wallet } = await clients()
    chain.isStalled = true
    const hash = await wallet.sendTransaction({ to: RECIPIENT, value: 1n })
    const transaction = await reader.getTransaction({ hash })
    expect(transaction.blockNumber).toBeNull()
    const address = account.address
    expect(await reader.getTransactionCount({ address, blockTag: 'pending' })).toBe(1)
    expect(await reader.getTransactionCount({ address })).toBe(0)
  })
})
