import { assert } from '@openliquid/primitives'

// Prices of Cancun that are charged before any code runs; docs/spec/evm.md §8.
const TRANSACTION = 21_000n
const CREATION = 32_000n
const ZERO_BYTE = 4n
const NONZERO_BYTE = 16n
const INIT_CODE_WORD = 2n
const ACCESS_LIST_ADDRESS = 2_400n
const ACCESS_LIST_STORAGE_KEY = 1_900n

/** EIP-1559: a block may use twice its target, and the base fee moves by at most an eighth. */
const ELASTICITY = 2n
const BASE_FEE_DENOMINATOR = 8n

/** Of the gas used, at most a fifth is refunded (EIP-3529). */
const REFUND_QUOTIENT = 5n

/** What a message costs before its first instruction (EIP-2028, EIP-2930, EIP-3860). */
export function intrinsicGas(message: {
  readonly to?: Uint8Array | undefined
  readonly data: Uint8Array
  readonly accessList: readonly { readonly storageKeys: readonly Uint8Array[] }[]
}): bigint {
  let zeros = 0
  for (const byte of message.data) if (byte === 0) zeros++
  let gas = TRANSACTION + BigInt(zeros) * ZERO_BYTE
  gas += BigInt(message.data.length - zeros) * NONZERO_BYTE
  if (message.to === undefined) {
    gas += CREATION + BigInt(Math.ceil(message.data.length / 32)) * INIT_CODE_WORD
  }
  for (const { storageKeys } of message.accessList) {
    gas += ACCESS_LIST_ADDRESS + BigInt(storageKeys.length) * ACCESS_LIST_STORAGE_KEY
  }
  return gas
}

/** Gas paid in the end: what was used, less the refund counter up to a fifth of it. */
export function gasAfterRefund(gasUsed: bigint, refund: bigint): bigint {
  const refundMax = gasUsed / REFUND_QUOTIENT
  return gasUsed - (refund < refundMax ? refund : refundMax)
}

/**
 * Base fee of the lane's next block, in wei (EIP-1559 with a floor).
 *
 * @see docs/spec/hyperliquid.md §14
 */
export function nextBaseFee(
  block: { readonly gasUsed: bigint; readonly gasLimit: bigint; readonly baseFeePerGas: bigint },
  baseFeeMin: bigint,
): bigint {
  const { gasUsed, gasLimit, baseFeePerGas } = block
  const target = gasLimit / ELASTICITY
  assert(target > 0n, 'the gas limit of a lane is at least 2')
  const distance = gasUsed > target ? gasUsed - target : target - gasUsed
  const change = (baseFeePerGas * distance) / target / BASE_FEE_DENOMINATOR
  let next = baseFeePerGas - change
  // A block above its target moves the fee by one wei at least.
  if (gasUsed > target) next = baseFeePerGas + (change > 1n ? change : 1n)
  return next > baseFeeMin ? next : baseFeeMin
}

/** What a unit of gas costs a transaction, in wei. The transaction pays at least the base fee. */
export function effectiveGasPrice(
  fees: { readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint },
  baseFee: bigint,
): bigint {
  const { maxFeePerGas, maxPriorityFeePerGas } = fees
  if (maxFeePerGas < baseFee + maxPriorityFeePerGas) return maxFeePerGas
  return baseFee + maxPriorityFeePerGas
}
