// An engine against revm, with signed transactions: `pnpm sim evm.differential.edr`. EVM_ENGINE chooses it.
import { EdrDifferential } from './edrDifferential.ts'
import { countDifferences } from './randomRounds.ts'

const engine = process.env['EVM_ENGINE'] === 'reference' ? 'reference' : 'fast'
await countDifferences('evm.differential.edr', await EdrDifferential.create(engine))
