import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Abi, Hex } from 'viem'

/** What a deployment needs. */
export interface CompiledContract {
  readonly abi: Abi
  readonly bytecode: Hex
}

const PATHS = {
  Counter: 'contracts/Counter.sol',
  Trader: 'contracts/Trader.sol',
  L1Read: '../../packages/execution/integration/contracts/L1Read.sol',
} as const

type Compiled = Record<keyof typeof PATHS, CompiledContract>
let compiled: Compiled | undefined

/** The contracts of the sessions by the stock compiler, which runs once. */
export function compileContracts(): Compiled {
  compiled ??= compile()
  return compiled
}

function compile(): Compiled {
  // solc is CommonJS and takes half a second to load: only who compiles pays for it.
  const solc = createRequire(import.meta.url)('solc') as { compile(input: string): string }
  const sources = Object.fromEntries(
    Object.entries(PATHS).map(([name, path]) => [
      name,
      { content: readFileSync(new URL(path, import.meta.url), 'utf8') },
    ]),
  )
  const output = JSON.parse(
    solc.compile(
      JSON.stringify({
        language: 'Solidity',
        sources,
        settings: {
          evmVersion: 'cancun',
          optimizer: { enabled: true, runs: 200 },
          outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
        },
      }),
    ),
  ) as {
    errors?: { severity: string; formattedMessage: string }[]
    contracts: Record<string, Record<string, { abi: Abi; evm: { bytecode: { object: string } } }>>
  }
  for (const { severity, formattedMessage } of output.errors ?? []) {
    if (severity === 'error') throw new Error(formattedMessage)
  }
  const contractOf = (name: string): CompiledContract => {
    const contract = output.contracts[name]?.[name]
    if (contract === undefined) throw new Error(`solc gave no ${name}`)
    return { abi: contract.abi, bytecode: `0x${contract.evm.bytecode.object}` }
  }
  return {
    Counter: contractOf('Counter'),
    Trader: contractOf('Trader'),
    L1Read: contractOf('L1Read'),
  }
}
