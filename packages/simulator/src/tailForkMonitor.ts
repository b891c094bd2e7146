import {
  type BlockHeader,
  blockHash,
  bytesToHex,
  type ConsensusMessage,
  type Epoch,
  type Height,
  type Hex,
  type ValidatorSet,
  type View,
  type Vote,
} from '@openliquid/primitives'
import { PropertyViolation } from './monitors.ts'

/** A block that honest nodes voted for in the view it was built in. */
interface Tail {
  readonly header: BlockHeader
  readonly hash: Hex
  readonly voters: Set<number>
}

/**
 * Watches that the tail is not dropped, docs/spec/consensus.md §12.6. T: a block that honest validators of more than
 * 1/3 of the stake voted for in its own view, and whose leader built no other in that view, is an ancestor of every
 * block of a later view that an honest validator votes for; whichever of the votes is cast first.
 */
export class TailForkMonitor {
  readonly #setOf: (epoch: Epoch) => ValidatorSet | undefined
  readonly #headers = new Map<Hex, BlockHeader>()
  readonly #parents = new Map<Hex, Hex>()
  /** Blocks built in each view, whoever was shown them. */
  readonly #built = new Map<string, Set<Hex>>()
  /** Of the present epoch, in the order of their first vote. */
  #tails = new Map<Hex, Tail>()
  /** Of the present epoch, voted for by enough. */
  #kept: Tail[] = []
  #epoch: Epoch = 0n

  constructor(setOf: (epoch: Epoch) => ValidatorSet | undefined) {
    this.#setOf = setOf
  }

  /** Blocks that had to be kept, in all epochs so far. */
  keptCount = 0

  /** Takes what anybody says: all that tells of blocks. */
  onMessage(message: ConsensusMessage): void {
    switch (message.kind) {
      case 'proposal':
        this.#see(message.proposal.block.header)
        if (message.proposal.tc?.highTip !== undefined) {
          this.#see(message.proposal.tc.highTip.header)
        }
        break
      case 'timeout':
        for (const tip of [message.timeout.highTip, message.timeout.lastTC?.highTip]) {
          if (tip !== undefined) this.#see(tip.header)
        }
        break
      case 'advanceView': {
        const tip = message.advanceView.tc?.highTip
        if (tip !== undefined) this.#see(tip.header)
        break
      }
      case 'tipBlock':
        this.#see(message.block.header)
        break
      default:
        break
    }
  }

  /** Takes a vote of an honest validator as it leaves, alone or in a timeout. */
  onVote({ blockHash: hash, epoch, signer, view }: Vote): void {
    if (epoch < this.#epoch) return
    if (epoch > this.#epoch) {
      this.#epoch = epoch
      this.#tails = new Map()
      this.#kept = []
    }
    const key = bytesToHex(hash)
    const header = this.#headers.get(key)
    if (header === undefined || header.epoch !== epoch) return
    const tail = this.#tails.get(key) ?? { header, hash: key, voters: new Set<number>() }
    if (!this.#tails.has(key)) {
      this.#tails.set(key, tail)
      const ancestors = this.#ancestorsOf(tail)
      for (const kept of this.#kept) this.#check(kept, tail, ancestors)
    }
    // Votes for a block that is proposed again keep nothing that was not kept before.
    if (view !== header.view || tail.voters.has(signer)) return
    tail.voters.add(signer)
    if (this.#kept.includes(tail) || !this.#isEnough(tail)) return
    this.#kept.push(tail)
    this.keptCount += 1
    for (const other of this.#tails.values()) {
      if (other.header.view > header.view) this.#check(tail, other, this.#ancestorsOf(other))
    }
  }

  #see(header: BlockHeader): void {
    const hash = bytesToHex(blockHash(header))
    if (this.#headers.has(hash)) return
    this.#headers.set(hash, header)
    this.#parents.set(hash, bytesToHex(header.parentHash))
    const slot = slotOf(header.epoch, header.view)
    const built = this.#built.get(slot) ?? new Set<Hex>()
    this.#built.set(slot, built.add(hash))
  }

  /** By height, as far down as anybody was shown headers of this epoch. */
  #ancestorsOf(tail: Tail): ReadonlyMap<Height, Hex> {
    const ancestors = new Map<Height, Hex>()
    let hash = this.#parents.get(tail.hash)
    let height = tail.header.height - 1n
    while (hash !== undefined) {
      ancestors.set(height, hash)
      if (this.#headers.get(hash)?.epoch !== this.#epoch) break
      hash = this.#parents.get(hash)
      height -= 1n
    }
    return ancestors
  }

  #check(kept: Tail, other: Tail, ancestors: ReadonlyMap<Height, Hex>): void {
    if (other.header.view <= kept.header.view || this.#hasEquivocated(kept)) return
    const found =
      other.header.height > kept.header.height ? ancestors.get(kept.header.height) : other.hash
    // What nobody was shown cannot be judged.
    if (found === undefined || found === kept.hash) return
    throw new PropertyViolation(
      `T: the block of view ${kept.header.view}, voted for by ${kept.voters.size} honest validators, is dropped by that of view ${other.header.view}`,
    )
  }

  #hasEquivocated({ header: { epoch, view } }: Tail): boolean {
    return (this.#built.get(slotOf(epoch, view))?.size ?? 0) > 1
  }

  #isEnough({ voters }: Tail): boolean {
    let stake = 0n
    const set = this.#setOf(this.#epoch)
    for (const voter of voters) stake += set?.validators[voter]?.stake ?? 0n
    return set !== undefined && stake * 3n > set.totalStake
  }
}

function slotOf(epoch: Epoch, view: View): string {
  return `${epoch}/${view}`
}
