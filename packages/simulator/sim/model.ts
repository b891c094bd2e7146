import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The protocol's rules as a Quint model. */
export const MODEL = fileURLToPath(new URL('../../../docs/spec/hotstuff.qnt', import.meta.url))

/** A block as the model tells blocks apart. */
export interface ModelBlock {
  readonly view: number
  /** View of the certificate that it grows on. */
  readonly on: number
  readonly maker: number
}

/** A proposal; `tc` is -1 where it needs no proof of entry. */
export interface ModelProposal {
  readonly block: ModelBlock
  readonly tc: number
}

/** What the model says of a replica. */
export interface ModelReplica {
  readonly view: number
  readonly lastVoted: number
  readonly locked: number
  readonly highQC: number
  readonly committed: number
}

/** The names that the model's actions have chosen. */
export interface ModelPicks {
  readonly me?: number
  readonly qc?: number
  readonly view?: number
  readonly on?: number
  readonly tc?: number
  readonly highQC?: number
  readonly maker?: number
  readonly p?: ModelProposal
}

/** One state of a run of the model, and the action that led to it. */
export interface ModelState {
  readonly action: string
  readonly picks: ModelPicks
  readonly leaders: readonly number[]
  readonly replicas: ReadonlyMap<number, ModelReplica>
  readonly certified: readonly ModelBlock[]
}

/** A run of the model. */
export type ModelTrace = readonly ModelState[]

interface RunOptions {
  readonly seed: number
  readonly traces: number
  readonly steps: number
}

/** Random runs of the model, its invariants checked after every step. @throws {Error} one does not hold; the message is the checker's */
export function runModel({ seed, steps, traces }: RunOptions): ModelTrace[] {
  const folder = mkdtempSync(join(tmpdir(), 'openliquid-model-'))
  try {
    quint('run', MODEL, [
      ...['--backend', 'typescript', '--invariant', 'safety', '--mbt', '--verbosity', '1'],
      ...['--seed', `${seed}`, '--max-steps', `${steps}`, '--max-samples', `${traces}`],
      ...['--n-traces', `${traces}`, '--out-itf', join(folder, 'trace{seq}.itf.json')],
    ])
    return readdirSync(folder).map((name) => traceOf(readFileSync(join(folder, name), 'utf8')))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Calls the checker, which looks at the types first. @returns what it prints @throws {Error} it finds fault; the message is what it prints */
export function quint(command: 'test' | 'run', file: string, options: readonly string[]): string {
  const manifest = createRequire(import.meta.url).resolve('@informalsystems/quint/package.json')
  const cli = join(dirname(manifest), 'dist', 'src', 'cli.js')
  const { status, stderr, stdout } = spawnSync(process.execPath, [cli, command, file, ...options], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  })
  if (status !== 0) throw new Error(`quint ${command}: ${stdout}${stderr}`)
  return stdout
}

interface ItfState {
  readonly leaders: number[]
  readonly replicas: ReadonlyMap<number, ModelReplica>
  readonly certified: readonly ModelBlock[]
  readonly 'mbt::actionTaken': string
  readonly 'mbt::nondetPicks': Readonly<Record<string, { tag: 'Some' | 'None'; value: unknown }>>
}

/** Reads the checker's trace format, ITF (Apalache ADR 15). */
function traceOf(text: string): ModelTrace {
  const { states }: { states: ItfState[] } = JSON.parse(text, plain)
  return states.map((state) => ({
    action: state['mbt::actionTaken'],
    picks: Object.fromEntries(
      Object.entries(state['mbt::nondetPicks'])
        .filter(([, { tag }]) => tag === 'Some')
        .map(([name, { value }]) => [name, value]),
    ),
    leaders: state.leaders,
    replicas: state.replicas,
    certified: state.certified,
  }))
}

function plain(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if ('#bigint' in value) return Number(value['#bigint'])
  if ('#set' in value) return value['#set']
  if ('#map' in value) return new Map(value['#map'] as [unknown, unknown][])
  return value
}
