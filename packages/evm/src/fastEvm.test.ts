import { bytesToHex, type Hex, uintToBytes } from '@openliquid/primitives'
import { memoryStore } from '@openliquid/storage/testing'
import { describe, expect, test, vi } from 'vitest'
import type { EvmPayloadTransaction, EvmTransition } from './evmTransition.ts'
import { FastMachine } from './fastMachine.ts'
import { Differential } from './testing/differential.ts'
import { EvmFixture, fixtureGenesis } from './testing/index.ts'
import { callData, probeContract } from './testing/probeContract.ts'
import { randomContractAddress } from './testing/randomPrograms.ts'

// Shows that the engine `fast` does on every transaction what the engine `reference` does: receipts with gas, status
// and logs, and every byte of state that a block writes.

async function bothEngines(options: {
  readonly alloc: ReturnType<typeof fixtureGenesis>['alloc']
}): Promise<EvmFixture[]> {
  const genesis = fixtureGenesis(options)
  return [
    await EvmFixture.create({ store: memoryStore(), genesis, engine: 'reference' }),
    await EvmFixture.create({ store: memoryStore(), genesis, engine: 'fast' }),
  ]
}

async function compare(
  chains: readonly EvmFixture[],
  make: (chain: EvmFixture) => EvmPayloadTransaction[],
): Promise<EvmTransition> {
  const [reference, fast] = [
    await chains[0]!.block(make(chains[0]!)),
    await chains[1]!.block(make(chains[1]!)),
  ]
  expect(fast.receipts).toEqual(reference.receipts)
  expect(fast).toEqual(reference)
  return reference
}

test('random programs and transactions', async () => {
  const differential = await Differential.create()
  let successes = 0
  for (let seed = 1; seed <= 12; seed++) {
    const round = await differential.round(seed, 20)
    expect(round.difference).toBeUndefined()
    successes += round.successes
  }
  // The programs are worth comparing only while not all of them fail.
  expect(successes).toBeGreaterThan(30)
})

describe('compiled code', () => {
  test.each([
    ['storage and events', callData('store(uint256,uint256)', 3, 4)],
    ['a loop', callData('count(uint256)', 50)],
    ['a revert with a reason', callData('refuse(string)', [Uint8Array.of(65, 66)])],
    ['a custom error', callData('refuseCode(uint256)', 7)],
    ['out of gas', callData('spin()')],
    ['nested frames that revert', callData('writeInside(bytes)', [Uint8Array.of(1, 0, 0, 7)])],
    ['creation and destruction', callData('bearAndEnd()')],
    ['CREATE2', callData('bear(bytes32)', 5)],
    [
      'precompiles',
      callData('read(address,bytes,uint256)', uintToBytes(2, 20), [new Uint8Array(33)], 50_000),
    ],
  ])('%s', async (_what, data) => {
    const chains = await bothEngines({ alloc: fixtureGenesis().alloc })
    const deployed = await compare(chains, (chain) => [
      chain.transaction({ data: probeContract().initCode, gasLimit: 3_000_000n }),
    ])
    const to = deployed.receipts[0]!.contractAddress!
    for (let n = 0; n < 2; n++) {
      await compare(chains, (chain) => [chain.transaction({ to, data, gasLimit: 400_000n })])
    }
  })

  test('calls nested to the limit of their gas', async () => {
    // Calls itself with all its gas, then stores.
    const code = '0x5f5f5f5f5f305af1600101600055' as Hex
    const at = randomContractAddress(0)
    const { alloc } = fixtureGenesis()
    const chains = await bothEngines({
      alloc: { ...alloc, [bytesToHex(at)]: { balance: '0', code } },
    })
    const { receipts } = await compare(chains, (chain) => [
      chain.transaction({ to: at, gasLimit: 25_000_000n }),
    ])
    expect(receipts[0]?.status).toBe(1)
  })
})

test('words of the block and of the transaction are those of each transaction, however often asked', async () => {
  // Each of ORIGIN, GASPRICE, COINBASE to CHAINID, BASEFEE twice into memory, then all of it into a log.
  const asked = [0x32, 0x3a, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x48].flatMap((op) => [op, op])
  const store = asked.flatMap((op, i) => [op, 0x61, i >> 3, (i * 32) & 0xff, 0x52])
  const bytes = asked.length * 32
  const code = bytesToHex(Uint8Array.from([...store, 0x61, bytes >> 8, bytes & 0xff, 0x5f, 0xa0]))
  const at = randomContractAddress(0)
  const { alloc } = fixtureGenesis()
  const chains = await bothEngines({
    alloc: { ...alloc, [bytesToHex(at)]: { balance: '0', code } },
  })
  const { receipts } = await compare(chains, (chain) =>
    [0, 1].map((signer) =>
      chain.transaction(
        { to: at, gasLimit: 100_000n, maxFeePerGas: 10n ** 10n + BigInt(signer) },
        signer,
      ),
    ),
  )
  const [first, second] = receipts.map(({ logs }) => bytesToHex(logs[0]!.data))
  expect(first).not.toBe(second)
})

test('mode check runs every block on both engines and stops at a difference', async () => {
  const chain = await EvmFixture.create({ store: memoryStore(), engine: 'check' })
  const { receipts } = await chain.block([
    chain.transaction({ data: probeContract().initCode, gasLimit: 3_000_000n }),
  ])
  const to = receipts[0]!.contractAddress!
  await chain.block([
    chain.transaction({ to, data: callData('count(uint256)', 3) }),
    chain.transaction({ to, data: callData('refuse(string)', [new Uint8Array(3)]) }, 1),
  ])
  expect(chain.executor.number).toBe(2n)
  // A bug of ours: the engine under test charges another price than the oracle.
  const wrong = vi.spyOn(FastMachine.prototype, 'runTransaction').mockImplementation(() => ({
    failure: undefined,
    output: new Uint8Array(0),
    gasUsed: 21_001n,
    gasPeak: 21_001n,
    logs: [],
    createdAddress: undefined,
  }))
  const block = chain.block([chain.transaction({ to, gasLimit: 30_000n })])
  await expect(block).rejects.toMatchObject({ code: 'OL_EVM_FATAL' })
  wrong.mockRestore()
})

test('a long call lets others run', async () => {
  const chain = await EvmFixture.create({ store: memoryStore() })
  const { receipts } = await chain.block([
    chain.transaction({ data: probeContract().initCode, gasLimit: 3_000_000n }),
  ])
  let turns = 0
  const timer = setInterval(() => turns++, 0)
  const data = callData('count(uint256)', 20_000)
  await chain.executor.view.call({ to: receipts[0]!.contractAddress!, data })
  clearInterval(timer)
  expect(turns).toBeGreaterThan(2)
})
