import { EvmError } from './errors.ts'
import type { EvmBlockOverride, EvmStateOverride } from './evmView.ts'
import type { JournaledState } from './journaledState.ts'
import { CODE_BYTES_MAX } from './limits.ts'
import type { BlockEnvironment } from './machine.ts'

const ADDRESS_BYTES = 20
const WORD_BYTES = 32
const UINT256_END = 1n << 256n
const UINT64_END = 1n << 64n

/**
 * Makes accounts as if they were others.
 *
 * @throws {EvmError} OL_EVM_OVERRIDE
 */
export function overrideState(
  state: JournaledState,
  overrides: readonly EvmStateOverride[] = [],
): void {
  for (const override of overrides) {
    checkState(override)
    const { address, nonce, balance, code } = override
    const cell = state.cell(address)
    if (nonce !== undefined) state.setNonce(cell, nonce)
    if (balance !== undefined) state.setBalance(cell, balance)
    if (code !== undefined) state.setCodeOf(cell, code)
    if (override.state !== undefined) state.clearSlotsOf(cell)
    for (const { slot, value } of override.state ?? override.stateDiff ?? []) {
      state.setSlot(address, slot, value)
    }
  }
  // What a transaction starts with is what it finds, not what was there before.
  state.endTransaction()
}

/**
 * The block environment as if it were another.
 *
 * @throws {EvmError} OL_EVM_OVERRIDE
 */
export function overrideEnvironment(
  environment: BlockEnvironment,
  override: EvmBlockOverride | undefined,
): BlockEnvironment {
  if (override === undefined) return environment
  const { number, timestamp, gasLimit, baseFeePerGas, coinbase, prevRandao } = override
  for (const value of [number, timestamp, gasLimit]) {
    if (value !== undefined && (value < 0n || value >= UINT64_END)) {
      throw invalid('number, time and gas limit are below 2^64')
    }
  }
  if (baseFeePerGas !== undefined && (baseFeePerGas < 0n || baseFeePerGas >= UINT256_END)) {
    throw invalid('the base fee is below 2^256')
  }
  if (coinbase !== undefined && coinbase.length !== ADDRESS_BYTES) {
    throw invalid('the coinbase is an address')
  }
  if (prevRandao !== undefined && prevRandao.length !== WORD_BYTES) {
    throw invalid('the randomness has 32 bytes')
  }
  return { ...environment, ...defined(override) }
}

function defined(override: EvmBlockOverride): Partial<BlockEnvironment> {
  return Object.fromEntries(Object.entries(override).filter(([, value]) => value !== undefined))
}

function checkState(override: EvmStateOverride): void {
  const { address, nonce, balance, code, movePrecompileTo = address, state, stateDiff } = override
  if (address.length !== ADDRESS_BYTES || movePrecompileTo.length !== ADDRESS_BYTES) {
    throw invalid('an address has 20 bytes')
  }
  if (nonce !== undefined && (nonce < 0n || nonce >= UINT64_END)) {
    throw invalid('a nonce is below 2^64')
  }
  if (balance !== undefined && (balance < 0n || balance >= UINT256_END)) {
    throw invalid('a balance is below 2^256')
  }
  if (code !== undefined && code.length > 2 * CODE_BYTES_MAX) throw invalid('the code is too long')
  if (state !== undefined && stateDiff !== undefined) {
    throw invalid('state excludes stateDiff')
  }
  for (const { slot, value } of state ?? stateDiff ?? []) {
    if (slot.length !== WORD_BYTES || value.length > WORD_BYTES) {
      throw invalid('slots have 32 bytes, and their values at most')
    }
  }
}

function invalid(reason: string): EvmError {
  return new EvmError(`the override is invalid: ${reason}`, { code: 'OL_EVM_OVERRIDE', reason })
}
