import type { CommittedBlock } from '@openliquid/consensus'
import {
  type Block,
  bytesToHex,
  type CommitProof,
  type Hash,
  type Height,
} from '@openliquid/primitives'

/** A committed block on its way into the state machine. */
export interface QueuedBlock extends CommittedBlock {
  /** Of this very block; absent where only a later block of the same commit has one. */
  readonly proof?: CommitProof
}

export interface ExecutionQueueOptions {
  /** Executes one block; when it resolves the block's batch is on disk. */
  execute(block: QueuedBlock): Promise<{ readonly stateRoot: Hash }>
  onExecuted(result: { readonly height: Height; readonly stateRoot: Hash }): void
  /** Executing a committed block failed: an invariant of ours, or the disk. Nothing is executed after it. */
  onFailure(error: unknown): void
}

/** Executes committed blocks one after another, in the order they were committed. */
export class ExecutionQueue {
  readonly #options: ExecutionQueueOptions
  readonly #waiting: QueuedBlock[] = []
  #running: Promise<void> | undefined
  #isStopped = false

  constructor(options: ExecutionQueueOptions) {
    this.#options = options
  }

  /** Blocks committed and not yet executed. */
  get length(): number {
    return this.#waiting.length
  }

  /** @param proof - of the last block */
  add(blocks: readonly CommittedBlock[], proof: CommitProof): void {
    if (this.#isStopped) return
    const last = blocks.length - 1
    for (const [i, block] of blocks.entries()) {
      this.#waiting.push(i === last ? { ...block, proof } : block)
    }
    this.#running ??= this.#run()
  }

  /** A committed block that is not executed yet. */
  block(hash: Hash): Block | undefined {
    const wanted = bytesToHex(hash)
    return this.#waiting.find(({ blockHash }) => bytesToHex(blockHash) === wanted)?.block
  }

  /** Lets the block that is being executed finish and begins no other. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#running
  }

  async #run(): Promise<void> {
    try {
      for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
        if (this.#isStopped) return
        const { stateRoot } = await this.#options.execute(next)
        this.#waiting.shift()
        this.#options.onExecuted({ height: next.block.header.height, stateRoot })
      }
    } catch (error) {
      this.#isStopped = true
      this.#options.onFailure(error)
    } finally {
      this.#running = undefined
    }
  }
}
