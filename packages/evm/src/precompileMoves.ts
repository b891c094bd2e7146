import type { EVM } from '@ethereumjs/evm'
import { type Address, bytesToHex, equalBytes } from '@openliquid/primitives'
import { byteText } from './byteText.ts'
import { EvmError } from './errors.ts'
import type { EvmStateOverride } from './evmView.ts'
import type { FastPrecompile } from './fastPrecompiles.ts'

/** A precompile that a call finds at another address, or nowhere. */
export interface PrecompileMove {
  readonly from: Address
  readonly to: Address | undefined
}

/** A precompile of the library, and the one of ours that is asked first. */
export interface StandingPrecompile {
  /** Absent: the address is warm as those of precompiles, and otherwise an empty account. */
  readonly run: ReturnType<EVM['getPrecompile']>
  readonly own: FastPrecompile | undefined
}

/** By the text of their address. */
export type FastPrecompiles = ReadonlyMap<string, StandingPrecompile>

/**
 * What overrides do to precompiles: one moves where it is told to, and gives way to code at its address.
 *
 * @throws {EvmError} OL_EVM_OVERRIDE_SELF, OL_EVM_OVERRIDE_TWICE, OL_EVM_OVERRIDE: the target is overridden too
 */
export function precompileMovesOf(overrides: readonly EvmStateOverride[] = []): PrecompileMove[] {
  const targets = new Set<string>()
  const overridden = new Set(overrides.map(({ address }) => byteText(address)))
  return overrides.flatMap(({ address, code, movePrecompileTo: to }): PrecompileMove[] => {
    if (to === undefined) return code === undefined ? [] : [{ from: address, to }]
    const text = byteText(to)
    if (equalBytes(address, to)) {
      throw new EvmError('a precompile is moved to where it is', { code: 'OL_EVM_OVERRIDE_SELF' })
    }
    if (targets.has(text)) {
      throw new EvmError('two precompiles are moved to one address', {
        code: 'OL_EVM_OVERRIDE_TWICE',
      })
    }
    targets.add(text)
    if (overridden.has(text)) throw invalid(`account ${bytesToHex(to)} is already overridden`)
    return [{ from: address, to }]
  })
}

/** Precompiles after some have moved. @throws {EvmError} OL_EVM_OVERRIDE: there is none to move */
export function movedPrecompiles(
  standing: FastPrecompiles,
  moves: readonly PrecompileMove[],
): FastPrecompiles {
  if (moves.length === 0) return standing
  const moved = new Map(standing)
  for (const { from } of moves) moved.delete(byteText(from))
  for (const { from, to } of moves) {
    if (to === undefined) continue
    const precompile = standing.get(byteText(from))
    if (precompile?.run === undefined)
      throw invalid(`account ${bytesToHex(from)} is not a precompile`)
    moved.set(byteText(to), precompile)
  }
  return moved
}

function invalid(reason: string): EvmError {
  return new EvmError(`the override is invalid: ${reason}`, { code: 'OL_EVM_OVERRIDE', reason })
}
