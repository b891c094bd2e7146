import { FastMachine } from './fastMachine.ts'
import type { Machine, MachineOptions } from './machine.ts'
import { ReferenceMachine } from './referenceMachine.ts'

/**
 * What runs the transactions of blocks: our synchronous loop, the library's own driver and interpreter, or both, one after the other, to compare.
 *
 * All give the same results; `check` stops the node if they do not.
 *
 * @see docs/spec/evm.md §5
 */
export type EvmEngine = 'fast' | 'reference' | 'check'

export function createMachine(
  engine: 'fast' | 'reference',
  options: MachineOptions,
): Promise<Machine> {
  return engine === 'fast' ? FastMachine.create(options) : ReferenceMachine.create(options)
}
