import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, vi } from 'vitest'
import { freeBasePort } from './freePorts.ts'
import { NodeProcess, runNode } from './nodeProcess.ts'

/** Four processes on a busy machine take a while to start. */
const CONDITION_MS_MAX = 90_000
const POLL_MS = 50

/** What /status of a node answers, as far as these tests read it. */
export interface NodeStatus {
  readonly genesisHash: string
  readonly multiaddrs: readonly string[]
  readonly committedHeight: string
  readonly executedHeight: string
  readonly view: string
  readonly isValidator: boolean
  readonly highQCView: string
  /** View of the newest vote sent since the start. */
  readonly sentVoteView: string
  readonly sentTimeouts: number
  /** Newest executed blocks, ascending. */
  readonly recentBlocks: readonly {
    readonly height: string
    readonly blockHash: string
    readonly stateRoot: string
  }[]
  /** What the newest committed header says of an older block. */
  readonly certified: { readonly executedHeight: string; readonly stateRoot: string }
}

/** Four real validators on this machine, each a process with a folder of its own. */
export class LocalCluster {
  readonly root: string
  readonly #basePort: number
  readonly #processes: (NodeProcess | undefined)[]

  private constructor(root: string, basePort: number, validators: number) {
    this.root = root
    this.#basePort = basePort
    this.#processes = Array.from({ length: validators })
  }

  /** Makes keys, genesis and configs with the CLI, as an operator would. */
  static async create(validators = 4): Promise<LocalCluster> {
    const root = join(mkdtempSync(join(tmpdir(), 'openliquid-cluster-')), 'net')
    const basePort = await freeBasePort(validators)
    const args = ['testnet', '--validators', `${validators}`, '--output', root]
    const made = await runNode([...args, '--base-port', `${basePort}`])
    expect(made.code, made.output).toBe(0)
    return new LocalCluster(root, basePort, validators)
  }

  get indexes(): readonly number[] {
    return this.#processes.map((_, i) => i)
  }

  rpcUrl(index: number): string {
    return `http://127.0.0.1:${this.#basePort - 1_055 + index}`
  }

  datadir(index: number): string {
    return join(this.root, `validator-${index}`)
  }

  start(index: number): void {
    this.#processes[index] = new NodeProcess(['start', '--datadir', this.datadir(index)])
  }

  startAll(): void {
    for (const index of this.indexes) this.start(index)
  }

  process(index: number): NodeProcess {
    const node = this.#processes[index]
    if (node === undefined) throw new Error(`validator ${index} was not started`)
    return node
  }

  /** Ends a process at once, as a power cut would. */
  async kill(...indexes: readonly number[]): Promise<void> {
    for (const index of indexes) this.process(index).kill('SIGKILL')
    await Promise.all(indexes.map((index) => this.process(index).ended))
  }

  async status(index: number): Promise<NodeStatus> {
    const port = this.#basePort + 1 + 10 * index
    const response = await fetch(`http://127.0.0.1:${port}/status`)
    return (await response.json()) as NodeStatus
  }

  /** Value of a counter with one label; 0 before it counts. */
  async metric(index: number, name: string, label: string): Promise<number> {
    const port = this.#basePort + 1 + 10 * index
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    const line = text
      .split('\n')
      .find((row) => row.startsWith(`openliquid_${name}{`) && row.includes(`"${label}"`))
    return Number(line?.split(' ').at(-1) ?? '0')
  }

  async executedHeight(index: number): Promise<number> {
    return Number((await this.status(index)).executedHeight)
  }

  /** Waits until all of the named validators have executed a height. */
  async reach(height: number, indexes: readonly number[] = this.indexes): Promise<void> {
    for (const index of indexes) {
      await this.#until(
        async () => expect(await this.executedHeight(index)).toBeGreaterThanOrEqual(height),
        index,
      )
    }
  }

  /** Waits for a condition on one validator; shows what the validator printed when it does not come. */
  async until(index: number, check: (status: NodeStatus) => void): Promise<void> {
    await this.#until(async () => check(await this.status(index)), index)
  }

  async #until(check: () => Promise<void>, index: number): Promise<void> {
    try {
      await vi.waitFor(check, { timeout: CONDITION_MS_MAX, interval: POLL_MS })
    } catch (cause) {
      throw new Error(`validator ${index} printed:\n${this.process(index).output}`, { cause })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const started = this.indexes.filter((index) => this.#processes[index] !== undefined)
    await this.kill(...started)
    rmSync(join(this.root, '..'), { recursive: true, force: true })
  }
}
