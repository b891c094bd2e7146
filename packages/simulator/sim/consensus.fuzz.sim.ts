// A million mutants of each kind of consensus message against a replica of a living cluster with all monitors on.
// `consensus.fuzz [seed] [mutants of each kind]`: without arguments the seed is fresh, and printed.
import { fork } from 'node:child_process'
import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { report } from '../../../bench/figure.ts'
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

if (process.send === undefined) await lead()
else {
  process.on('message', ({ kind, mutants, seed }: Task) => {
    const { codes, ...tally } = fuzz(kind, mutants, seed)
    process.send?.({ kind, ...tally, codes: [...codes] } satisfies Result, () => process.exit())
  })
}

async function lead(): Promise<void> {
  const [seedText, mutantsText] = process.argv.slice(2)
  const seed = seedText === undefined ? randomInt(2 ** 30) : Number(seedText)
  const mutants = mutantsText === undefined ? MUTANTS : Number(mutantsText)
  console.log(`seed ${seed}`)
  const kinds = [...MESSAGE_KINDS]
  const results: Result[] = []
  const work = async (): Promise<void> => {
    for (let kind = kinds.shift(); kind !== undefined; kind = kinds.shift()) {
      const child = fork(fileURLToPath(import.meta.url), { execArgv: process.execArgv })
      child.send({ kind, mutants, seed } satisfies Task)
      const [result] = (await once(child, 'message')) as [Result]
      results.push(result)
      const codes = result.codes.map(([code, count]) => `${code} ${count}`).join(', ')
      console.log(
        `${kind}: ${result.mutants} mutants, ${result.undecodable} undecodable, ${result.reported} reported, ${result.taken} taken; ${codes}`,
      )
      for (const finding of result.findings) console.log(finding)
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work))
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
