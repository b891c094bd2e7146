import {
  assert,
  type BlockHeader,
  bytesToHex,
  type Epoch,
  type Height,
  type Hex,
} from '@openliquid/primitives'
import type { Committee } from './committee.ts'
import { ACTIVE, LeaderElection, type LeaderWindow } from './leaderElection.ts'
import { MISSED_SLOTS_MAX } from './limits.ts'

/** Multipliers of the stakes; active is 1000. */
const INACTIVE = 10
const FAILING = 1
/** A window is computed every so many blocks per validator, from as many blocks. */
const WINDOW_BLOCKS_PER_VALIDATOR = 10
/** Views per validator between a boundary and the first view that its window is for. */
const DELAY_VIEWS_PER_VALIDATOR = 2n
/** Share of own slots that may fail, in percent. */
const FAILED_PERCENT_MAX = 10

/** Index of a validator that has left. */
const GONE = -1

const NONE: SlotRecord['missed'] = []
const NOBODY: readonly number[] = []

/** What one committed block says of the validators; indexes of those that have left are -1. */
export interface SlotRecord {
  readonly proposer: number
  /** Charged with views between the block and its parent: index and number of views. */
  readonly missed: readonly (readonly [index: number, slots: number])[]
  /** Bitmap of the QC inside the block. */
  readonly signers: Uint8Array
}

/** All that the leader schedule depends on, as of a committed height. */
export interface ReputationState {
  readonly epoch: Epoch
  readonly height: Height
  readonly windows: readonly LeaderWindow[]
  /** Of the newest committed blocks, ascending. */
  readonly records: readonly SlotRecord[]
}

/**
 * Watches committed blocks: charges views that brought nothing to their leaders, and computes the windows of the
 * leader schedule from that. Chain data alone goes in, so all replicas agree about every committed height.
 *
 * @see docs/spec/consensus.md §6
 */
export class Reputation {
  readonly election: LeaderElection
  readonly #committee: Committee
  /** Between two boundaries. */
  readonly #windowBlocks: number
  /** Of the newest blocks, as many as a window has; at `#oldest` the next takes the place of the oldest. */
  readonly #records: SlotRecord[]
  #oldest = 0
  #height: Height
  /** Until the next boundary. */
  #blocksLeft: number

  /** @param state - as of the newest committed block; without it, at the genesis block */
  constructor(committee: Committee, state?: ReputationState) {
    assert(state === undefined || state.epoch === committee.epoch, 'the state is of the epoch')
    this.#committee = committee
    this.#windowBlocks = WINDOW_BLOCKS_PER_VALIDATOR * committee.size
    this.election = new LeaderElection(committee, state?.windows)
    this.#records = (state?.records ?? []).slice(-this.#windowBlocks)
    this.#height = state?.height ?? 0n
    this.#blocksLeft = this.#windowBlocks - Number(this.#height % BigInt(this.#windowBlocks))
  }

  /** As of the newest committed block; what a later instance goes on from. */
  get state(): ReputationState {
    return {
      epoch: this.#committee.epoch,
      height: this.#height,
      windows: this.election.windows,
      records: this.#recordsInOrder(),
    }
  }

  get epoch(): Epoch {
    return this.#committee.epoch
  }

  /**
   * The reputation that the next epoch begins with, members matched by address. Those who join have nothing against
   * them; boundaries that were not in force yet are dropped.
   */
  next(committee: Committee, closingHeight: Height): Reputation {
    const positions = new Map<Hex, number>()
    for (const { address, index } of committee.set.validators) {
      positions.set(bytesToHex(address), index)
    }
    const moved = this.#committee.set.validators.map(
      ({ address }) => positions.get(bytesToHex(address)) ?? GONE,
    )
    const joined = [...positions.values()].filter((index) => !moved.includes(index))
    const records = this.#recordsInOrder().map(({ proposer, missed, signers }) => {
      const voted = (this.#committee.signersOf(signers) ?? []).map((i) => moved[i] ?? GONE)
      const present = [...voted, ...joined].filter((i) => i !== GONE).sort((a, b) => a - b)
      return {
        proposer: moved[proposer] ?? GONE,
        missed: missed.map(([index, slots]) => [moved[index] ?? GONE, slots] as const),
        signers: committee.bitmapOf(present),
      }
    })
    const multipliers = multipliersOf(records, committee)
    return new Reputation(committee, {
      epoch: committee.epoch,
      height: closingHeight,
      windows: [{ boundaryHeight: closingHeight, startView: 1n, multipliers }],
      records,
    })
  }

  /** Takes the next committed block; returns who is charged with the views below it, in view order. */
  onCommitted(
    header: BlockHeader,
    parent: BlockHeader,
  ): { readonly missedSlots: readonly number[]; readonly isBoundary: boolean } {
    assert(header.height === this.#height + 1n, 'blocks are counted in height order')
    assert(header.epoch === this.#committee.epoch, 'a reputation is of one epoch')
    const missedSlots = this.#missedSlots(header, parent)
    this.#remember({
      proposer: header.proposer,
      missed: countsOf(missedSlots),
      signers: header.qc.signers,
    })
    this.#height = header.height

    this.election.forgetBelow(header.view, header.executedHeight)
    this.#blocksLeft -= 1
    const isBoundary = this.#blocksLeft === 0
    if (isBoundary) {
      this.#blocksLeft = this.#windowBlocks
      this.election.add({
        boundaryHeight: header.height,
        startView: header.view + DELAY_VIEWS_PER_VALIDATOR * BigInt(this.#committee.size),
        multipliers: multipliersOf(this.#recordsInOrder(), this.#committee),
      })
    }
    return { missedSlots, isBoundary }
  }

  #remember(record: SlotRecord): void {
    if (this.#records.length < this.#windowBlocks) {
      this.#records.push(record)
      return
    }
    this.#records[this.#oldest] = record
    this.#oldest = (this.#oldest + 1) % this.#windowBlocks
  }

  #recordsInOrder(): readonly SlotRecord[] {
    return [...this.#records.slice(this.#oldest), ...this.#records.slice(0, this.#oldest)]
  }

  #missedSlots(header: BlockHeader, parent: BlockHeader): readonly number[] {
    // The views of a parent in another epoch are not of this one.
    const firstView = parent.epoch === header.epoch ? parent.view + 1n : 1n
    if (firstView === header.view) return NOBODY
    const chain = { executedHeight: header.executedHeight, parentHeight: parent.height }
    // An author whom our reading of the chain does not name was elected by windows we cannot tell.
    const author = this.election.chargedLeader(header.view, chain)
    if (author !== undefined && author !== header.proposer) return []
    const missed: number[] = []
    for (let view = firstView; view < header.view; view += 1n) {
      if (missed.length === MISSED_SLOTS_MAX) break
      // §12: in this view the parent was proposed again, and certified.
      if (view === header.qc.view) continue
      const leader = this.election.chargedLeader(view, chain)
      if (leader !== undefined) missed.push(leader)
    }
    return missed
  }
}

function countsOf(missedSlots: readonly number[]): SlotRecord['missed'] {
  if (missedSlots.length === 0) return NONE
  const counts = new Map<number, number>()
  for (const index of missedSlots) counts.set(index, (counts.get(index) ?? 0) + 1)
  return [...counts]
}

/**
 * The reputation of everyone after these blocks: failing, inactive or active.
 *
 * Those below active hold together less than 1/3 of the stake, worst first: otherwise an asynchronous spell that
 * demotes the honest would hand nearly all slots to a faulty rest, and windows change only by commits.
 */
export function multipliersOf(records: readonly SlotRecord[], committee: Committee): number[] {
  const led = new Array<number>(committee.size).fill(0)
  const failed = new Array<number>(committee.size).fill(0)
  for (const { proposer, missed } of records) {
    if (proposer >= 0) led[proposer] = (led[proposer] ?? 0) + 1
    for (const [index, slots] of missed)
      if (index >= 0) failed[index] = (failed[index] ?? 0) + slots
  }
  const newest = records.slice(-committee.size)
  const voted = new Set<number>()
  for (const { signers } of newest) for (const i of committee.signersOf(signers) ?? []) voted.add(i)
  // Too few blocks tell nothing about who votes.
  const canTellVoters = newest.length === committee.size

  const demoted = committee.stakes
    .map((_, index) => {
      const failures = failed[index] ?? 0
      const slots = (led[index] ?? 0) + failures
      const isFailing = failures * 100 > slots * FAILED_PERCENT_MAX
      const isInactive = canTellVoters && !voted.has(index)
      return { index, failures, multiplier: isFailing ? FAILING : isInactive ? INACTIVE : ACTIVE }
    })
    .filter(({ multiplier }) => multiplier < ACTIVE)
    .sort((a, b) => a.multiplier - b.multiplier || b.failures - a.failures || a.index - b.index)

  const multipliers = new Array<number>(committee.size).fill(ACTIVE)
  const held: number[] = []
  for (const { index, multiplier } of demoted) {
    held.push(index)
    if (committee.isBlockingSet(committee.stakeOf(held))) break
    multipliers[index] = multiplier
  }
  return multipliers
}
