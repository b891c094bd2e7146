import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { CoreModule } from '../src/index.ts'
import type { Scenario } from './scenarios.ts'

/** A fault planted into a copy of the consensus sources. */
export interface Mutation {
  readonly name: string
  readonly edits: readonly {
    readonly file: string
    /** Stands exactly once in the file, so that a mutation cannot quietly come to nothing. */
    readonly find: string
    readonly replace: string
  }[]
}

/** A fault, and who is to find it. */
export type Killed = Mutation & { readonly killers: readonly Scenario[] }

/** One edit of a mutation. */
export function edit(file: string, find: string, replace: string): Mutation['edits'][number] {
  return { file, find, replace }
}

const CONSENSUS = fileURLToPath(new URL('../../consensus', import.meta.url))
/** Below the package, so that its imports resolve; in `dist`, which is neither linted nor committed; one folder a process, which clears it away. */
const MUTANTS = join(CONSENSUS, 'dist', 'mutants', `${process.pid}`)

/** Loads the consensus package with a fault in it. */
export async function loadMutant({ name, edits }: Mutation): Promise<CoreModule> {
  const folder = join(MUTANTS, name.replace(/[^a-z0-9]+/gi, '-'))
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  cpSync(join(CONSENSUS, 'src'), folder, {
    recursive: true,
    filter: (path) => !path.endsWith('.test.ts'),
  })
  for (const { file, find, replace } of edits) {
    const path = join(folder, file)
    const source = readFileSync(path, 'utf8')
    const count = source.split(find).length - 1
    if (count !== 1) throw new Error(`${name}: "${find}" stands ${count} times in ${file}`)
    writeFileSync(
      path,
      source.replace(find, () => replace),
    )
  }
  const module: Required<CoreModule> = await import(
    /* @vite-ignore */ pathToFileURL(join(folder, 'index.ts')).href
  )
  // It is in memory; all at the end would take longer than a test may.
  rmSync(folder, { recursive: true, force: true })
  const { ConsensusCore, recoverState, StateSync } = module
  return { ConsensusCore, recoverState, StateSync }
}

export function removeMutants(): void {
  rmSync(MUTANTS, { recursive: true, force: true })
}
