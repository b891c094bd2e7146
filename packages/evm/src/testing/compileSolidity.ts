import { hexToBytes } from '@openliquid/primitives'
import solc from 'solc'

/** What the compiler makes of one contract. */
export interface CompiledContract {
  /** Deploys it: constructor arguments go behind. */
  readonly initCode: Uint8Array
  readonly runtimeCode: Uint8Array
}

/**
 * Compiles one contract for Cancun, without metadata, so that the same source always gives the same bytes.
 *
 * @throws {Error} with the compiler's words
 */
export function compileSolidity(
  source: string,
  contract: string,
  options: { readonly optimize: boolean },
): CompiledContract {
  const input = {
    language: 'Solidity',
    sources: { 'source.sol': { content: source } },
    settings: {
      evmVersion: 'cancun',
      optimizer: { enabled: options.optimize, runs: 200 },
      metadata: { appendCBOR: false, bytecodeHash: 'none' },
      outputSelection: { '*': { '*': ['evm.bytecode.object', 'evm.deployedBytecode.object'] } },
    },
  }
  const output = JSON.parse(solc.compile(JSON.stringify(input)))
  const errors = (output.errors ?? []).filter(
    ({ severity }: { severity: string }) => severity === 'error',
  )
  if (errors.length > 0) throw new Error(errors[0].formattedMessage)
  const { evm } = output.contracts['source.sol'][contract]
  return {
    initCode: hexToBytes(`0x${evm.bytecode.object}`),
    runtimeCode: hexToBytes(`0x${evm.deployedBytecode.object}`),
  }
}
