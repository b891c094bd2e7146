// Both engines against each other: `pnpm sim evm.differential`.
import { Differential } from '../src/testing/differential.ts'
import { countDifferences } from './randomRounds.ts'

await countDifferences('evm.differential', await Differential.create())
