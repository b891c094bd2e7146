// A million mutants of each kind of consensus message against a replica of a living cluster with all monitors on.
// `consensus.fuzz [seed] [mutants of each kind]`: without arguments the seed is fresh, and printed.
import { randomInt } from 'node:crypto'
import { report } from '../../../bench/figure.ts'
import { doTasks, onAllCores } from '../../../bench/onAllCores.ts'
import { fuzz } from './messageFuzz.ts'
import { MESSAGE_KINDS, type MessageKind } from './messageMutants.ts'

const MUTANTS = 1_000_000

interface Task {
  readonly kind: MessageKind
  readonly mutants: number
  readonly seed: number
}

interface Result {
  readonly kind: MessageKind
  readonly mutants: number
  readonly undecodable: number
  readonly reported: number
  readonly taken: number
  readonly codes: readonly (readonly [string, number])[]
  readonly findings: readonly string[]
}

if (!doTasks(fuzzOne)) await lead()

function fuzzOne({ kind, mutants, seed }: Task): Result {
  const { codes, ...tally } = fuzz(kind, mutants, seed)
  return { kind, ...tally, codes: [...codes] }
}

async function lead(): Promise<void> {
  const [seedText, mutantsText] = process.argv.slice(2)
  const seed = seedText === undefined ? randomInt(2 ** 30) : Number(seedText)
  const mutants = mutantsText === undefined ? MUTANTS : Number(mutantsText)
  console.log(`seed ${seed}`)
  const kinds = [...MESSAGE_KINDS]
  const results: Result[] = []
  await onAllCores<Task, Result>(import.meta.url, {
    next: () => {
      const kind = kinds.shift()
      return kind === undefined ? undefined : { kind, mutants, seed }
    },
    onResult: (result) => {
      results.push(result)
      const codes = result.codes.map(([code, count]) => `${code} ${count}`).join(', ')
      console.log(
        `${result.kind}: ${result.mutants} mutants, ${result.undecodable} undecodable, ${result.reported} reported, ${result.taken} taken; ${codes}`,
      )
      for (const finding of result.findings) console.log(finding)
    },
  })
  const findings = results.map((result) => result.findings.length)
  const least = Math.min(...results.map((result) => result.mutants))
  report({
    id: 'consensus.fuzz',
    value: findings.reduce((sum, count) => sum + count, 0),
    unit: `findings in ${results.length} × ${least} mutants`,
    op: '<=',
    target: 0,
    runs: findings,
  })
  report({
    id: 'consensus.fuzz.mutants',
    value: least,
    unit: 'mutants of each kind',
    op: '>=',
    target: MUTANTS,
    runs: results.map((result) => result.mutants),
  })
}
