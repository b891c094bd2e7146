import {
  type ContractEventPayload,
  ContractFactory,
  type EventLog,
  isCallException,
  JsonRpcProvider,
  NonceManager,
  type TransactionReceipt,
  type TransactionResponse,
  Wallet,
  WebSocketProvider,
} from 'ethers'
import { expect, test } from 'vitest'
import { compileContracts } from './contracts.ts'
import { devTrader } from './evmClient.ts'

/** Fewer pauses, and no nonce of 250 ms ago: these sessions send faster than that without a `NonceManager`. */
const QUICK = { pollingInterval: 100, cacheTimeout: -1 }

/** A session of stock ethers 6, against any nodes of one running chain. */
export function testEthersWorld(urls: () => readonly string[]): void {
  const url = (i: number): string => urls()[i % urls().length]!
  const trader = devTrader(9)

  test('ethers deploys, calls, filters events and decodes reverts, on any node', async () => {
    const { Counter } = compileContracts()
    const provider = new JsonRpcProvider(url(0), undefined, QUICK)
    const other = new JsonRpcProvider(url(1), undefined, QUICK)
    try {
      const wallet = new Wallet(trader.privateKey, provider)
      const factory = new ContractFactory(JSON.stringify(Counter.abi), Counter.bytecode, wallet)
      const deployed = await factory.deploy()
      await deployed.waitForDeployment()
      const increment = deployed.getFunction('increment')

      const sent: TransactionResponse = await increment(5n)
      const receipt = (await sent.wait())!
      expect(receipt).toMatchObject({ status: 1, from: wallet.address })
      const elsewhere = await other.waitForTransaction(sent.hash)
      expect(JSON.stringify(elsewhere)).toBe(JSON.stringify(receipt))
      expect(await other.getTransaction(sent.hash)).toMatchObject({ blockHash: receipt.blockHash })

      const reader = factory.attach(deployed).connect(other)
      expect(await reader.getFunction('count')()).toBe(5n)
      const filter = deployed.filters['Incremented']!(wallet.address)
      const events = await deployed.queryFilter(filter, receipt.blockNumber)
      expect(events).toHaveLength(1)
      const [event] = events as EventLog[]
      expect(event).toMatchObject({ transactionHash: sent.hash, eventName: 'Incremented' })
      expect(event?.args.toObject()).toEqual({ by: wallet.address, count: 5n })
      const nobody = deployed.filters['Incremented']!(await deployed.getAddress())
      expect(await deployed.queryFilter(nobody, receipt.blockNumber)).toEqual([])

      const reverted = async (call: Promise<unknown>): Promise<object> => {
        const error: unknown = await call.then(
          () => undefined,
          (reason: unknown) => reason,
        )
        if (isCallException(error)) return error
        throw new Error('the call did not revert', { cause: error })
      }
      expect(await reverted(increment.staticCall(0n))).toMatchObject({ reason: 'step is zero' })
      expect(await reverted(increment.staticCall(2_000n))).toMatchObject({
        revert: { name: 'StepTooLarge', args: [2_000n, 1_000n] },
      })
      const doomed: TransactionResponse = await increment(0n, { gasLimit: 100_000n })
      const failure = (await reverted(doomed.wait())) as { receipt: TransactionReceipt }
      expect(failure.receipt).toMatchObject({ status: 0, logs: [] })
    } finally {
      // Not `destroy`, which makes an error that nobody can catch of a poll under way.
      await provider.removeAllListeners()
      await other.removeAllListeners()
    }
  })

  test('ethers with nothing set has the receipt of each transfer, without a later block', async () => {
    const provider = new JsonRpcProvider(url(0))
    // It counts nonces itself: ethers would take the last one for true for 250 ms, too.
    const wallet = new NonceManager(new Wallet(trader.privateKey, provider))
    try {
      for (let n = 0; n < 10; n++) {
        const transfer = await wallet.sendTransaction({ to: trader.account.address, value: 1n })
        expect(await transfer.wait()).toMatchObject({ status: 1, hash: transfer.hash })
      }
    } finally {
      await provider.removeAllListeners()
    }
  })

  test('ethers hears of blocks and events over a WebSocket', async () => {
    const { Counter } = compileContracts()
    const socket = new WebSocketProvider(url(2).replace('http', 'ws'), undefined, QUICK)
    try {
      const wallet = new Wallet(trader.privateKey, socket)
      const blocks: number[] = []
      await socket.on('block', (block: number) => blocks.push(block))
      const factory = new ContractFactory(JSON.stringify(Counter.abi), Counter.bytecode, wallet)
      const deployed = await factory.deploy()
      await deployed.waitForDeployment()
      const heard = new Promise<ContractEventPayload>((resolve) => {
        void deployed.on('Incremented', (_by, _count, payload: ContractEventPayload) =>
          resolve(payload),
        )
      })
      const sent: TransactionResponse = await deployed.getFunction('increment')(7n)
      const receipt = (await sent.wait())!
      expect((await heard).log).toMatchObject({
        transactionHash: sent.hash,
        blockNumber: receipt.blockNumber,
      })
      await expect
        .poll(() => blocks.at(-1), { interval: 20 })
        .toBeGreaterThanOrEqual(receipt.blockNumber)
      // Every block is told once, in order.
      expect(blocks).toEqual(blocks.map((_, i) => blocks[0]! + i))
    } finally {
      await socket.removeAllListeners()
      socket.websocket.close()
    }
  })
}
