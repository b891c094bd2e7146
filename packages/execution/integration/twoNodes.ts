import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Action,
  bytesToHex,
  equalBytes,
  type Genesis,
  type Transaction,
} from '@openliquid/primitives'
import { type LevelStore, openStore } from '@openliquid/storage'
import { afterEach, expect } from 'vitest'
import { Application, type BlockResult } from '../src/index.ts'
import { bridgeGenesis } from './bridgeChain.ts'
import { actionOf, apply, evmTransactionOf, nextBlock, type User } from './chain.ts'

const opened: TwoNodes[] = []
afterEach(async () => {
  for (const chain of opened.splice(0)) await chain.close()
})

/** Two applications on their own disks that execute the same blocks; every block ends with equal roots. */
export class TwoNodes {
  readonly #genesis: Genesis
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'openliquid-bridge-'))
  #stores: LevelStore[] = []
  #nodes: Application[] = []
  #nonce: number
  readonly #evmNonces = new Map<User, number>()

  private constructor(genesis: Genesis) {
    this.#genesis = genesis
    this.#nonce = genesis.genesisTimeMs
  }

  static async open(genesis: Genesis = bridgeGenesis()): Promise<TwoNodes> {
    const chain = new TwoNodes(genesis)
    await chain.#open()
    opened.push(chain)
    return chain
  }

  get node(): Application {
    const [node] = this.#nodes
    if (node === undefined) throw new Error('closed')
    return node
  }

  action(user: User, action: Action): Transaction {
    this.#nonce += 1
    const field =
      'time' in action ? { time: this.#nonce } : 'nonce' in action ? { nonce: this.#nonce } : {}
    return actionOf(user, { ...action, ...field } as Action, this.#nonce)
  }

  evm(user: User, fields: Omit<Parameters<typeof evmTransactionOf>[1], 'nonce'>): Transaction {
    const nonce = this.#evmNonces.get(user) ?? 0
    this.#evmNonces.set(user, nonce + 1)
    return evmTransactionOf(user, { gasLimit: 1_000_000, ...fields, nonce })
  }

  async block(transactions: readonly Transaction[] = [], afterMs = 100): Promise<BlockResult> {
    const block = nextBlock(this.node, transactions, afterMs)
    const results: BlockResult[] = []
    for (const node of this.#nodes) results.push(await apply(node, block))
    const [one, two] = results
    if (one === undefined || two === undefined) throw new Error('two nodes')
    expect(bytesToHex(two.stateRoot)).toBe(bytesToHex(one.stateRoot))
    expect(two.events).toEqual(one.events)
    return one
  }

  /** Closes the first node and opens it again from its disk. */
  async restart(): Promise<void> {
    const { height, stateRoot } = this.node.head
    const [store] = this.#stores
    await store?.close()
    this.#stores[0] = await openStore(join(this.#folder, 'db0'))
    this.#nodes[0] = await this.#application(this.#stores[0])
    expect(this.node.executedHeight).toBe(height)
    expect(equalBytes(this.node.head.stateRoot, stateRoot)).toBe(true)
  }

  async close(): Promise<void> {
    for (const store of this.#stores.splice(0)) await store.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #open(): Promise<void> {
    for (const index of [0, 1]) {
      const store = await openStore(join(this.#folder, `db${index}`))
      this.#stores.push(store)
      this.#nodes.push(await this.#application(store))
    }
  }

  #application(store: LevelStore): Promise<Application> {
    const clock = (): number => this.#genesis.genesisTimeMs + 1_000
    return Application.create({ store, genesis: this.#genesis, clock })
  }
}
