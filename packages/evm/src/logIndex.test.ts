import { concatBytes, keccak256, uintToBytes, utf8ToBytes } from '@openliquid/primitives'
import { memoryStore } from '@openliquid/storage/testing'
import { expect, test } from 'vitest'
import { EvmFixture, FIXTURE_ADDRESSES, fixtureGenesis } from './testing/index.ts'
import { callData, probeContract } from './testing/probeContract.ts'
import { numbers } from './testing/randomPrograms.ts'

test('finds what reading every block finds', async () => {
  const store = memoryStore()
  const chain = await EvmFixture.create({ store })
  const { view } = chain.executor
  const deploy = { data: probeContract().initCode, gasLimit: 3_000_000n }
  const { receipts } = await chain.block([chain.transaction(deploy), chain.transaction(deploy, 1)])
  const probes = receipts.map(({ contractAddress }) => contractAddress as Uint8Array)
  const next = numbers(5)
  for (let n = 0; n < 24; n++) {
    const data = callData('store(uint256,uint256)', next(4), n)
    await chain.block(
      next(3) === 0
        ? [chain.transaction({ to: FIXTURE_ADDRESSES[1]!, gasLimit: 21_000n })]
        : [chain.transaction({ to: probes[next(2)]!, data }, next(3))],
    )
  }
  const stored = keccak256(utf8ToBytes('Stored(address,uint256,uint256)'))
  const who = FIXTURE_ADDRESSES.map((address) => concatBytes(new Uint8Array(12), address))
  let some = 0
  for (let round = 0; round < 60; round++) {
    const fromNumber = BigInt(next(10))
    const addresses = [[], [probes[0]!], probes, [FIXTURE_ADDRESSES[2]!]][next(4)]!
    const topics = [
      [],
      [[stored]],
      [null, [who[next(3)]!]],
      [[stored, who[0]!], null, [uintToBytes(next(4), 32), uintToBytes(next(6), 32)]],
      [[who[1]!]],
    ][next(5)]!
    const filter = { fromNumber, toNumber: fromNumber + BigInt(next(20)), addresses, topics }
    const expected = view.getLogs(filter)
    expect(await view.findLogs(filter)).toEqual(expected)
    if (expected.length > 0) some++
  }
  expect(some).toBeGreaterThan(15)
  await expect(view.findLogs({ fromNumber: 9n, toNumber: 3n })).rejects.toMatchObject({
    code: 'OL_EVM_LOGS_FILTER',
  })
})

test('reads only the blocks that hold what is asked for', async () => {
  const store = memoryStore()
  const lane = { periodMs: 1_000, gasLimit: 30_000_000, baseFee: '7', baseFeeMin: '7' }
  const chain = await EvmFixture.create({ store, genesis: fixtureGenesis({ lanes: [lane] }) })
  const deployed = await chain.block([
    chain.transaction({ data: probeContract().initCode, gasLimit: 3_000_000n }),
  ])
  const probe = deployed.receipts[0]!.contractAddress!
  const data = callData('store(uint256,uint256)', 1, 2)
  await chain.block([chain.transaction({ to: probe, data })])
  for (let n = 0; n < 300; n++) await chain.block([])
  const found = await chain.executor.view.findLogs({ fromNumber: 0n, addresses: [probe] })
  expect(found.map(({ blockNumber }) => blockNumber)).toEqual([2n])
})
