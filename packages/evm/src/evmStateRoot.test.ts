import { concatBytes, sha256, uintToBytes, utf8ToBytes } from '@openliquid/primitives'
import { memoryStore } from '@openliquid/storage/testing'
import { expect, test } from 'vitest'
import { EvmFixture, FIXTURE_ADDRESSES, fixtureGenesis } from './testing/index.ts'

const lane = { periodMs: 0, gasLimit: 30_000_000, baseFee: '1000000000', baseFeeMin: '1' }
const genesis = fixtureGenesis({ lanes: [lane, { ...lane, baseFee: '5' }] })

test('covers accounts, the newest block and the base fee of every lane', async () => {
  const chain = await EvmFixture.create({ store: memoryStore(), genesis })
  const { executor } = chain
  const before = executor.evmStateRoot
  const transition = await chain.block([
    chain.transaction({ to: FIXTURE_ADDRESSES[1]!, gasLimit: 21_000n }),
  ])
  expect(executor.evmStateRoot).not.toEqual(before)
  expect(transition.evmStateRoot).toEqual(executor.evmStateRoot)
  expect(transition.stateRoot).toEqual(executor.evmStateRoot)
  const { view, evmRoot } = executor
  expect(executor.evmStateRoot).toEqual(
    sha256(
      concatBytes(
        utf8ToBytes('EVM'),
        evmRoot,
        view.head.hash,
        uintToBytes(view.getBaseFee(0), 32),
        uintToBytes(view.getBaseFee(1), 32),
      ),
    ),
  )
})

test('is another for another base fee of a lane that made no block', async () => {
  const [one, two] = await Promise.all(
    ['5', '6'].map((baseFee) =>
      EvmFixture.create({
        store: memoryStore(),
        genesis: fixtureGenesis({ lanes: [lane, { ...lane, baseFee }] }),
      }),
    ),
  )
  expect(one!.executor.evmRoot).toEqual(two!.executor.evmRoot)
  expect(one!.executor.evmStateRoot).not.toEqual(two!.executor.evmStateRoot)
})
