import { report } from '../../../bench/figure.ts'

const TRANSACTIONS = 20

/** What plays random transactions on two engines. */
export interface RandomRounds {
  /** @returns how many there were, how many of them did something, and the first difference if there is one */
  round(
    seed: number,
    transactions: number,
  ): Promise<{
    readonly transactions: number
    readonly successes: number
    readonly difference: string | undefined
  }>
}

/**
 * Random programs under random transactions, for as many seeds as given, as the figure `id`. EVM_SEEDS and
 * EVM_FIRST_SEED choose which; a difference prints its seed.
 */
export async function countDifferences(id: string, differential: RandomRounds): Promise<void> {
  const seeds = Number(process.env['EVM_SEEDS'] ?? 1_000)
  const first = Number(process.env['EVM_FIRST_SEED'] ?? 1)
  let differences = 0
  let transactions = 0
  let successes = 0
  for (let seed = first; seed < first + seeds; seed++) {
    const round = await differential.round(seed, TRANSACTIONS)
    transactions += round.transactions
    successes += round.successes
    if (round.difference === undefined) continue
    differences++
    console.log(round.difference)
  }
  console.log(`${transactions} transactions, ${successes} of them succeeded`)
  report({
    id,
    value: differences,
    unit: `differences in ${transactions} transactions`,
    op: '<=',
    target: 0,
    runs: [differences],
  })
}
