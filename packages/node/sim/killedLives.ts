import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { Application } from '@openliquid/execution'
import { bytesToHex, type Hex, TRANSACTION_KIND, transactionId } from '@openliquid/primitives'
import { openConsensusLog, openStore } from '@openliquid/storage'
import { dataDirectoryAt } from '../src/dataDirectory.ts'
import { readGenesisFile } from '../src/genesisFile.ts'
import { initDevDirectory } from '../src/initDirectory.ts'

const PROGRAM = fileURLToPath(new URL('killedNode.mjs', import.meta.url))

/** Where a life ends: before its n-th write, or in the middle of it. */
export interface Kill {
  readonly write: number
  /** Only writes of this kind are counted: how many of another come between depends on the machine. */
  readonly kind?: string
  readonly how: 'before' | 'middle'
}

/** What came of a life. */
export interface Life {
  /** The kind of write that it died at. */
  readonly killed: string
  /** Height that the data folder opens at. */
  readonly height: number
  /** What is wrong with the folder it left. */
  readonly fault: string | undefined
}

interface Line {
  readonly killed?: string
  readonly halted?: string
  readonly height?: number
  readonly stateRoot?: Hex
}

/** One data folder, and one life of a validator after the other in it, each of which ends with SIGKILL at a write. */
export class KilledLives implements Disposable {
  readonly #root: string
  readonly #datadir: string
  /** What the lives have told of blocks that are on disk. */
  readonly #roots = new Map<number, Hex>()
  #height = 0

  private constructor(root: string, datadir: string) {
    this.#root = root
    this.#datadir = datadir
  }

  static async create(): Promise<KilledLives> {
    const root = mkdtempSync(join(tmpdir(), 'openliquid-killed-'))
    const datadir = join(root, 'node')
    await initDevDirectory(dataDirectoryAt(datadir), { genesisTimeMs: Date.now() })
    return new KilledLives(root, datadir)
  }

  /** @returns what it left behind, which must be the newest block that it told of, or the one after that */
  async live({ write, kind, how }: Kill): Promise<Life> {
    const only = kind === undefined ? [] : [kind]
    const child = spawn(process.execPath, [PROGRAM, this.#datadir, String(write), how, ...only], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const [printed, [, signal]] = await Promise.all([text(child.stdout), once(child, 'close')])
    const lines = printed
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Line]))
    let killed = 'nothing'
    for (const line of lines) {
      killed = line.killed ?? killed
      if (line.height === undefined || line.stateRoot === undefined) continue
      this.#height = line.height
      this.#roots.set(line.height, line.stateRoot)
    }
    const fault =
      signal === 'SIGKILL' ? await this.#faultOfFolder() : `it ended by itself: ${printed}`
    return { killed, height: this.#height, fault }
  }

  [Symbol.dispose](): void {
    rmSync(this.#root, { recursive: true, force: true })
  }

  /** Opens a copy, so that the next life finds what this one left. */
  async #faultOfFolder(): Promise<string | undefined> {
    const copy = dataDirectoryAt(join(this.#root, 'copy'))
    rmSync(copy.root, { recursive: true, force: true })
    cpSync(this.#datadir, copy.root, { recursive: true })
    try {
      openConsensusLog({ path: copy.wal }).close()
      const store = await openStore(copy.db)
      try {
        const { genesis } = readGenesisFile(copy.genesis)
        return this.#faultOf(await Application.create({ store, genesis, clock: Date.now }))
      } finally {
        await store.close()
      }
    } catch (error) {
      return String(error)
    }
  }

  #faultOf(application: Application): string | undefined {
    const height = Number(application.executedHeight)
    if (height !== this.#height && height !== this.#height + 1) {
      return `it opens at ${height}, and had told of ${this.#height}`
    }
    for (const [told, root] of this.#roots) {
      const found = application.stateRootAt(BigInt(told))
      if (found === undefined || bytesToHex(found) !== root) return `block ${told} has another root`
    }
    if (application.blocks.blockAt(BigInt(height) + 1n) !== undefined)
      return 'a block without state'
    this.#height = height
    this.#roots.set(height, bytesToHex(application.head.stateRoot))
    return faultOfReceipts(application)
  }
}

/** Every transaction of the newest block has its outcome, which is of that block. */
function faultOfReceipts({ view, executedHeight }: Application): string | undefined {
  if (executedHeight === 0n) return undefined
  const block = view.blockAt(executedHeight)
  if (block === undefined) return `block ${executedHeight} is missing`
  const { actions, evm } = block.payload
  const ids = [
    ...actions.map((bytes) => transactionId(TRANSACTION_KIND.action, bytes)),
    ...evm.map((bytes) => transactionId(TRANSACTION_KIND.evm, bytes)),
  ]
  const lost = ids.filter((id) => view.outcomeOf(id)?.height !== executedHeight)
  return lost.length === 0 ? undefined : `${lost.length} of ${ids.length} receipts are missing`
}
