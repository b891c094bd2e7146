import {
  type Block,
  blockHash,
  bytesToHex,
  equalBytes,
  type Fault,
  type Hash,
  type PeerId,
  type QuorumCertificate,
  SYNC_BLOCKS_MAX,
  SYNC_BYTES_MAX,
  type Verified,
} from '@openliquid/primitives'
import { checkBlockAlone } from './blockRules.ts'
import type { CertificateProcessor } from './certificateProcessor.ts'
import { ConsensusHalt, reject } from './errors.ts'
import type { FetchTarget } from './fetchTargets.ts'
import { FETCH_RETRY_MS_MAX, SYNC_AHEAD_MAX } from './limits.ts'
import { decidedView, type Replica } from './replica.ts'

/** Wait after the first request that brought nothing. */
const RETRY_MS = 250

/** What a peer answered. */
export interface FetchedBlocks {
  readonly requestId: number
  readonly from?: PeerId
  readonly blocks: readonly Block[]
  readonly qc?: QuorumCertificate
}

interface HashedBlock {
  readonly block: Block
  readonly blockHash: Hash
}

/**
 * Fetches certified blocks that are not here, with all below them. A batch is verified by its hash links and one
 * certificate for its last block.
 *
 * @see docs/spec/consensus.md §8 block sync
 */
export class BlockSync {
  readonly #replica: Replica
  readonly #processor: CertificateProcessor
  #lastRequestId = 0

  constructor(replica: Replica, processor: CertificateProcessor) {
    this.#replica = replica
    this.#processor = processor
  }

  /** Asks for every target whose time has come; call it after each step. */
  requestMissing(nowMs: number): void {
    const { stateRoots, targets, timers, tree } = this.#replica
    if (targets.size === 0) return
    const unexecuted = tree.root.header.height - stateRoots.executedHeight
    // Execution resumes this: each of its results is an input.
    if (unexecuted > BigInt(SYNC_AHEAD_MAX)) return
    let nextMs = Number.POSITIVE_INFINITY
    for (const target of targets.all()) {
      if (target.requestId !== undefined) continue
      if (target.notBeforeMs <= nowMs) this.#request(target)
      else nextMs = Math.min(nextMs, target.notBeforeMs)
    }
    if (Number.isFinite(nextMs)) timers.set('fetch', nextMs)
  }

  onFailed(requestId: number, nowMs: number): void {
    const target = this.#replica.targets.byRequest(requestId)
    if (target !== undefined) this.#postpone(target, nowMs)
  }

  onFetched(answer: FetchedBlocks, nowMs: number): void {
    const { outbox, targets, tree } = this.#replica
    const target = targets.byRequest(answer.requestId)
    if (target === undefined) return
    const heightBefore = tree.root.header.height
    const sizeBefore = tree.size

    const fault = this.#take(target, answer, nowMs)
    if (fault !== undefined && answer.from !== undefined) outbox.report(answer.from, fault)
    const isProgress = tree.root.header.height > heightBefore || tree.size > sizeBefore
    if (isProgress) {
      target.requestId = undefined
      target.failures = 0
    } else this.#postpone(target, nowMs)
  }

  #request(target: FetchTarget): void {
    const { committee, outbox, selfIndex, tree } = this.#replica
    this.#lastRequestId += 1
    target.requestId = this.#lastRequestId
    const signers = (committee.signersOf(target.qc.signers) ?? []).filter((i) => i !== selfIndex)
    // Different replicas and different tries begin with different signers.
    const first = signers.length === 0 ? 0 : ((selfIndex ?? 0) + target.failures) % signers.length
    outbox.push({
      kind: 'fetchBlocks',
      requestId: target.requestId,
      validators: [...signers.slice(first), ...signers.slice(0, first)],
      request: {
        fromHeight: tree.root.header.height + 1n,
        toHash: target.qc.blockHash,
        bytesMax: SYNC_BYTES_MAX,
      },
    })
  }

  #postpone(target: FetchTarget, nowMs: number): void {
    target.requestId = undefined
    target.notBeforeMs = nowMs + Math.min(RETRY_MS * 2 ** target.failures, FETCH_RETRY_MS_MAX)
    target.failures += 1
  }

  /** Verifies a batch and puts it into the tree; returns what was wrong with it. */
  #take(target: FetchTarget, answer: FetchedBlocks, nowMs: number): Fault | undefined {
    const { rules, tree } = this.#replica
    if (answer.blocks.length > SYNC_BLOCKS_MAX) return badBatch('too many blocks')
    const all = answer.blocks.map((block) => ({ block, blockHash: blockHash(block.header) }))
    // What stands above the target is of no use now, and beyond a closing block of another epoch.
    const end = all.findIndex((one) => equalBytes(one.blockHash, target.qc.blockHash))
    const batch = end < 0 ? all : all.slice(0, end + 1)
    const last = batch.at(-1)
    if (last === undefined) return badBatch('no blocks')
    const qc = this.#certificateOf(last, target, answer.qc)
    if (qc === undefined) return badBatch('no valid certificate for the last block')
    if (!isLinked(batch)) return badBatch('the blocks are not linked')
    // The certificate reaches every block through the links, and each header's root reaches its payload.
    for (const { block } of batch) {
      if (checkBlockAlone(block, rules) !== undefined) return badBatch('a block is malformed')
    }

    for (const { block, blockHash: hash } of batch) {
      const { header } = block
      if (header.height <= tree.root.header.height) continue
      if (tree.get(header.parentHash) === undefined) {
        this.#checkAgainstRoot(block, qc)
        return badBatch('the blocks do not reach down to the last committed one')
      }
      this.#processor.admit(block, hash, { isCertified: true, nowMs })
    }
    this.#processor.learnQC(qc, nowMs)
    return undefined
  }

  #certificateOf(
    last: HashedBlock,
    target: FetchTarget,
    qc: QuorumCertificate | undefined,
  ): Verified<QuorumCertificate> | undefined {
    if (equalBytes(last.blockHash, target.qc.blockHash)) return target.qc
    if (qc === undefined || !equalBytes(qc.blockHash, last.blockHash)) return undefined
    return this.#replica.verifier.verifyQC(qc)
  }

  /** A certified branch beside the last committed block, and of a higher view, is impossible below 1/3 of faults. */
  #checkAgainstRoot({ header }: Block, qc: Verified<QuorumCertificate>): void {
    const { root } = this.#replica.tree
    const isDecided = qc.view <= decidedView(this.#replica)
    if (header.height !== root.header.height + 1n || isDecided) return
    throw new ConsensusHalt(
      'OL_CONSENSUS_FORK',
      `a certified branch does not contain the committed block of height ${root.header.height}`,
      { committed: bytesToHex(root.blockHash), certified: bytesToHex(header.parentHash) },
    )
  }
}

/** Whether each block names the one before as its parent; checked from the certified end down. */
function isLinked(batch: readonly HashedBlock[]): boolean {
  for (let i = batch.length - 1; i > 0; i--) {
    const child = batch[i]
    const parent = batch[i - 1]
    if (child === undefined || parent === undefined) return false
    if (!equalBytes(child.block.header.parentHash, parent.blockHash)) return false
    if (child.block.header.height !== parent.block.header.height + 1n) return false
  }
  return true
}

function badBatch(reason: string): Fault {
  return reject('OL_CONSENSUS_SYNC', reason)
}
