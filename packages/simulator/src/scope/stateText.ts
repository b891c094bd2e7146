import type { CoreDump } from '@openliquid/consensus'
import {
  assert,
  type BlockHeader,
  blockHash,
  bytesToHex,
  type ConsensusMessage,
  type Hash,
  type Hex,
  type QuorumCertificate,
  type View,
} from '@openliquid/primitives'
import { PropertyViolation } from '../monitors.ts'
import { type ScopeNode, timeOf } from './scopeNode.ts'

/** New names of the nodes: two states are the same if one is the other with its nodes renamed. */
export interface Renaming {
  readonly node: (index: number) => number
  readonly validator: (index: number) => number
  /** Block that all have committed: it and what is beneath are the same for everyone, and named by their views alone. */
  readonly base?: NamedBlock
}

/** Nothing is renamed. */
export const AS_IS: Renaming = { node: (index) => index, validator: (index) => index }

/** A block by who made it when, on which other block: that is all in which blocks of a search differ. */
export interface NamedBlock {
  readonly view: View
  readonly node: number
  /** Time of the block beyond the beginning of its view: a leader may come to make it late. */
  readonly lateMs: number
  /** View in which its parent was certified. */
  readonly qcView: View
  readonly parent: NamedBlock | undefined
  /** Its name as it is. */
  readonly text: string
}

/** Hash objects remembered, between two clearings. */
const ASKED_MAX = 10_000

/** The blocks of a search by their hashes. */
export class BlockNames {
  readonly #blocks = new Map<Hex, NamedBlock>()
  readonly #texts = new Set<string>()
  /** Hashes are mostly the very objects that were asked for before. */
  readonly #asked = new Map<Hash, NamedBlock>()

  constructor(genesis: BlockHeader) {
    this.#blocks.set(bytesToHex(blockHash(genesis)), {
      view: 0n,
      node: 0,
      lateMs: 0,
      qcView: 0n,
      parent: undefined,
      text: 'g',
    })
  }

  /** @throws {InvariantError} another block has the name: states would look alike that are not */
  add(header: BlockHeader, node: number): void {
    const key = bytesToHex(blockHash(header))
    if (this.#blocks.has(key)) return
    const lateMs = header.timestampMs - timeOf(header.view)
    const parent = this.of(header.parentHash)
    const text = `${ownNameOf({ view: header.view, node, lateMs })}/${parent?.text ?? '?'}`
    assert(!this.#texts.has(text), `two blocks are called ${text}`)
    this.#texts.add(text)
    const qcView = header.qc.view
    this.#blocks.set(key, { view: header.view, node, lateMs, qcView, parent, text })
  }

  of(hash: Hash): NamedBlock | undefined {
    const asked = this.#asked.get(hash)
    if (asked !== undefined) return asked
    const block = this.#blocks.get(bytesToHex(hash))
    if (this.#asked.size >= ASKED_MAX) this.#asked.clear()
    if (block !== undefined) this.#asked.set(hash, block)
    return block
  }
}

/** View, maker and time of the block and of all below it, down to what all have committed. */
export function nameOf(block: NamedBlock | undefined, renaming: Renaming): string {
  if (block === undefined) return '?'
  if (renaming === AS_IS) return block.text
  const { base } = renaming
  if (base !== undefined && isAtOrBelow(block, base)) return `${block.view}`
  if (block.parent === undefined) return 'g'
  const { lateMs, node, parent, view } = block
  return `${ownNameOf({ view, node: renaming.node(node), lateMs })}/${nameOf(parent, renaming)}`
}

function ownNameOf({ lateMs, node, view }: Pick<NamedBlock, 'view' | 'node' | 'lateMs'>): string {
  return `${view}.${node}${lateMs === 0 ? '' : `+${lateMs}`}`
}

/** Whether one of the two blocks is the other or below it. */
export function areOnOneBranch(a: NamedBlock, b: NamedBlock): boolean {
  let [lower, higher]: [NamedBlock, NamedBlock | undefined] = a.view <= b.view ? [a, b] : [b, a]
  while (higher !== undefined && higher.view > lower.view) higher = higher.parent
  return higher === lower
}

/** Everything that decides what a node does next; what it signs by is in blocks and views alone. */
export interface NodeState {
  readonly view: View
  readonly highQC: NamedBlock | undefined
  readonly committed: NamedBlock | undefined
  readonly lockedView: View
  readonly plain: string
  readonly safety: readonly (NamedBlock | undefined)[]
  readonly blocks: readonly {
    readonly block: NamedBlock | undefined
    readonly isCertified: boolean
  }[]
  readonly votes: readonly {
    readonly view: View
    readonly signer: number
    readonly block: NamedBlock | undefined
  }[]
  readonly timeouts: readonly {
    readonly view: View
    readonly signer: number
    readonly highQC: NamedBlock | undefined
    readonly vote: NamedBlock | undefined
  }[]
  /** A proposal for its vote, our own block (here its parent) for its payload, a block for its ancestors. */
  readonly waiting: readonly {
    readonly as: 'candidate' | 'draft' | 'draft cut off' | 'orphan'
    readonly block: NamedBlock | undefined
  }[]
}

/**
 * The state of a node without what decides nothing in lockstep: clocks, back-off, whom to ask for a block, what is
 * only about the log, and what was signed in views that have passed, which binds by the lock alone.
 */
export function stateOf({ core, timers }: ScopeNode, names: BlockNames): NodeState {
  const dump = core.dump()
  const { status } = dump
  const { view } = status
  const of = (one: QuorumCertificate): NamedBlock | undefined => names.of(one.blockHash)
  return {
    view,
    highQC: of(dump.highQC),
    committed: names.of(dump.committed),
    lockedView: dump.safety?.lockedView ?? 0n,
    plain: [...[...timers.keys()].sort(), entryText(dump), safetyText(dump)].join(),
    safety: safetyBlocks(dump, names),
    blocks: dump.blocks.map((node) => ({
      block: names.of(node.blockHash),
      isCertified: node.qc !== undefined,
    })),
    votes: dump.votes.map((vote) => ({
      view: vote.view,
      signer: vote.signer,
      block: names.of(vote.blockHash),
    })),
    timeouts: dump.timeouts.map(({ highQC, signer, view: at, vote }) => ({
      view: at,
      signer,
      highQC: of(highQC),
      vote: vote === undefined ? undefined : names.of(vote.blockHash),
    })),
    waiting: [
      ...(dump.candidate === undefined
        ? []
        : [{ as: 'candidate', block: names.of(dump.candidate.blockHash) } as const]),
      // One of a view that has passed is never sent.
      ...(dump.draft?.view !== view
        ? []
        : [
            {
              as: dump.draft.isCutOff ? 'draft cut off' : 'draft',
              block: names.of(dump.draft.parent),
            } as const,
          ]),
      ...dump.orphans.map(
        ({ blockHash: hash }) => ({ as: 'orphan', block: names.of(hash) }) as const,
      ),
    ],
  }
}

/**
 * The state without what decides nothing of what is signed from here on, where every block can be fetched at once: which
 * blocks are at hand, and a lock that highQC covers.
 *
 * @throws {PropertyViolation} highQC does not cover the lock, which would forbid every timeout
 */
export function bindingState(state: NodeState): NodeState {
  if (state.lockedView > (state.highQC?.view ?? 0n)) {
    throw new PropertyViolation(`R3: locked on view ${state.lockedView} above highQC`)
  }
  return { ...state, lockedView: 0n, blocks: [] }
}

/**
 * The state as one text: equal texts, equal futures.
 *
 * @param lowest - view that no node is below: votes of earlier ones are in, and what they did not certify never will be
 */
export function stateText(state: NodeState, renaming: Renaming, lowest: View): string {
  const name = (block: NamedBlock | undefined): string => nameOf(block, renaming)
  const { validator } = renaming
  return [
    state.view,
    name(state.highQC),
    name(state.committed),
    state.lockedView,
    state.plain,
    state.safety.map((block) => (block === undefined ? '' : name(block))).join(),
    // A certified block that is missing is fetched at once, and one below highQC says nothing more.
    sorted(
      state.blocks.flatMap(({ block, isCertified }) => {
        if (block === undefined || block.view < lowest) {
          if (!isCertified || block === undefined) return []
        }
        const isBelow = isCertified && isAtOrBelow(block, state.highQC)
        return isBelow ? [] : [`${name(block)}${isCertified ? 'c' : ''}`]
      }),
    ),
    sorted(
      state.votes.flatMap(({ block, signer, view }) =>
        view < lowest ? [] : [`${view}${name(block)}${validator(signer)}`],
      ),
    ),
    sorted(
      state.timeouts.map(
        ({ highQC, signer, view, vote }) =>
          `${view}${validator(signer)}${name(highQC)}${vote === undefined ? '' : name(vote)}`,
      ),
    ),
    sorted(state.waiting.map(({ as, block }) => `${as} ${name(block)}`)),
  ].join('|')
}

/** A message as far as its recipient acts by it. */
export function messageText(
  message: ConsensusMessage,
  names: BlockNames,
  renaming: Renaming,
): string {
  const block = (hash: Hash): string => nameOf(names.of(hash), renaming)
  switch (message.kind) {
    case 'proposal': {
      const { block: proposed, tc } = message.proposal
      return `p${block(blockHash(proposed.header))}${tc === undefined ? '' : `,${block(tc.highQC.blockHash)}`}`
    }
    case 'vote':
      return `v${message.vote.view}${block(message.vote.blockHash)}${renaming.validator(message.vote.signer)}`
    case 'timeout': {
      const { highQC, lastTC, signer, view, vote } = message.timeout
      const tc = lastTC === undefined ? '' : block(lastTC.highQC.blockHash)
      return `t${view}${renaming.validator(signer)}${block(highQC.blockHash)},${tc},${vote === undefined ? '' : block(vote.blockHash)}`
    }
    case 'advanceView': {
      const { highQC, highestCommit, tc } = message.advanceView
      const entry = tc === undefined ? '' : `${tc.view}${block(tc.highQC.blockHash)}`
      const [committed] = highestCommit?.path ?? []
      const commit = committed === undefined ? '' : block(blockHash(committed))
      return `a${block(highQC.blockHash)},${entry},${commit}`
    }
    default:
      return message.kind
  }
}

function isAtOrBelow(block: NamedBlock, tip: NamedBlock | undefined): boolean {
  return tip !== undefined && block.view <= tip.view && areOnOneBranch(block, tip)
}

/** The proof of the present view is all that counts of the newest TC. */
function entryText({ highQC, lastTC, status }: CoreDump): string {
  if (highQC.view + 1n === status.view || lastTC === undefined) return ''
  return `${lastTC.view},${lastTC.highQC.view}`
}

function safetyText({ safety, status }: CoreDump): string {
  if (safety === undefined) return ''
  const { lastProposed, lastVotedView } = safety
  return `${lastVotedView >= status.view},${lastProposed?.view === status.view}`
}

function safetyBlocks({ safety, status }: CoreDump, names: BlockNames): (NamedBlock | undefined)[] {
  const { lastTimeout, lastVote } = safety ?? {}
  return [
    lastVote?.view === status.view ? names.of(lastVote.blockHash) : undefined,
    lastTimeout?.view === status.view ? names.of(lastTimeout.highQC.blockHash) : undefined,
  ]
}

function sorted(texts: readonly string[]): string {
  return [...texts].sort().join()
}
