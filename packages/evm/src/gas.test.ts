import { createBlockHeader } from '@ethereumjs/block'
import { createCustomCommon, Hardfork, Mainnet } from '@ethereumjs/common'
import { createFeeMarket1559Tx } from '@ethereumjs/tx'
import { uintToBytes } from '@openliquid/primitives'
import { describe, expect, test } from 'vitest'
import { effectiveGasPrice, gasAfterRefund, intrinsicGas, nextBaseFee } from './gas.ts'

const common = createCustomCommon({ chainId: 1_998 }, Mainnet, { hardfork: Hardfork.Cancun })

test.each([0n, 1n, 14_999_999n, 15_000_000n, 15_000_001n, 22_000_000n, 30_000_000n])(
  'the next base fee after %d gas is that of ethereumjs',
  (gasUsed) => {
    for (const baseFeePerGas of [7n, 1_000n, 1_000_000_007n, 10n ** 15n]) {
      const block = { number: 5n, gasLimit: 30_000_000n, gasUsed, baseFeePerGas }
      const theirs = createBlockHeader(block, { common, skipConsensusFormatValidation: true })
      expect(nextBaseFee(block, 0n)).toBe(theirs.calcNextBaseFee())
    }
  },
)

test('the base fee stops at its floor', () => {
  const block = { gasLimit: 30_000_000n, gasUsed: 0n, baseFeePerGas: 101n }
  expect(nextBaseFee(block, 100n)).toBe(100n)
})

test.each([
  ['nothing', undefined, new Uint8Array(0), []],
  ['call data', new Uint8Array(20), Uint8Array.of(0, 0, 1, 255), []],
  ['a creation', undefined, new Uint8Array(65).fill(3), []],
  [
    'an access list',
    new Uint8Array(20),
    new Uint8Array(0),
    [{ address: new Uint8Array(20), storageKeys: [uintToBytes(1, 32)] }],
  ],
])('intrinsic gas of %s is that of ethereumjs', (_what, to, data, accessList) => {
  const list = accessList.map(({ address, storageKeys }): [Uint8Array, Uint8Array[]] => [
    address,
    storageKeys,
  ])
  const tx = createFeeMarket1559Tx(
    { data, accessList: list, gasLimit: 1_000_000n, ...(to === undefined ? {} : { to }) },
    { common },
  )
  expect(intrinsicGas({ to, data, accessList })).toBe(tx.getIntrinsicGas())
})

describe('fees', () => {
  test('a refund is at most a fifth', () => {
    expect(gasAfterRefund(100n, 19n)).toBe(81n)
    expect(gasAfterRefund(100n, 20n)).toBe(80n)
    expect(gasAfterRefund(100n, 21n)).toBe(80n)
  })

  test('the price is base fee and tip, at most the maximum', () => {
    expect(effectiveGasPrice({ maxFeePerGas: 10n, maxPriorityFeePerGas: 3n }, 5n)).toBe(8n)
    expect(effectiveGasPrice({ maxFeePerGas: 10n, maxPriorityFeePerGas: 3n }, 8n)).toBe(10n)
    expect(effectiveGasPrice({ maxFeePerGas: 10n, maxPriorityFeePerGas: 10n }, 8n)).toBe(10n)
  })
})
