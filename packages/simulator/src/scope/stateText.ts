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
  type TimeoutCertificate,
  type Tip,
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

  /**
   * @returns undefined where the block is known
   * @throws {InvariantError} another block has the name: states would look alike that are not
   */
  add(header: BlockHeader, node: number): NamedBlock | undefined {
    const hash = blockHash(header)
    if (this.of(hash) !== undefined) return undefined
    const lateMs = header.timestampMs - timeOf(header.view)
    const parent = this.of(header.parentHash)
    const qcView = header.qc.view
    const text = `${ownNameOf({ view: header.view, node, lateMs, qcView, parent })}/${parent?.text ?? '?'}`
    assert(!this.#texts.has(text), `two blocks are called ${text}`)
    this.#texts.add(text)
    const block = { view: header.view, node, lateMs, qcView, parent, text }
    this.#blocks.set(bytesToHex(hash), block)
    return block
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
  const { lateMs, node, parent, qcView, view } = block
  return `${ownNameOf({ view, node: renaming.node(node), lateMs, qcView, parent })}/${nameOf(parent, renaming)}`
}

function ownNameOf({ lateMs, node, parent, qcView, view }: Omit<NamedBlock, 'text'>): string {
  const late = lateMs === 0 ? '' : `+${lateMs}`
  // §12: a parent that was proposed again is certified in several views.
  const on = parent === undefined || parent.view === qcView ? '' : `^${qcView}`
  return `${view}.${node}${late}${on}`
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
  /** Of a block that was proposed again, above the block's own. */
  readonly highQCView: View
  readonly committed: NamedBlock | undefined
  readonly lockedView: View
  readonly plain: string
  readonly safety: readonly (NamedBlock | undefined)[]
  readonly blocks: readonly {
    readonly block: NamedBlock | undefined
    readonly isCertified: boolean
    /** Highest view in which it is certified. */
    readonly qcView: View | undefined
    readonly isVoted: boolean
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
    readonly highQCView: View
    readonly tip: NamedBlock | undefined
    readonly vote: NamedBlock | undefined
  }[]
  /** A proposal for its vote, our own block (here its parent) for its payload, a block for its ancestors. */
  readonly waiting: readonly {
    readonly as: 'candidate' | 'draft' | 'draft cut off' | 'orphan'
    readonly block: NamedBlock | undefined
  }[]
  /** On a chain with §12; absent on others. */
  readonly tips: TipState | undefined
}

/** What §12 adds to the state of a node. */
interface TipState {
  /** The block last voted for. */
  readonly voted: NamedBlock | undefined
  /** Of the TC that led into the view. */
  readonly entry: NamedBlock | undefined
  /** Refused in this view, or a later one. */
  readonly refused: { readonly view: View; readonly tip: NamedBlock | undefined } | undefined
  /** Asked for in this view, and who refused it. */
  readonly requested:
    | {
        readonly tip: NamedBlock | undefined
        readonly refusers: readonly number[]
        /** Into the view: a block that is made after refusals has the time at which they are enough. */
        readonly lateMs: number
      }
    | undefined
  /** What the leader of this view wants to know of. */
  readonly asked: NamedBlock | undefined
  /** Of the TC of the proposal that waits for our vote. */
  readonly candidate: NamedBlock | undefined
}

/**
 * The state of a node without what decides nothing in lockstep: clocks, back-off, whom to ask for a block, what is
 * only about the log, and what was signed in views that have passed, which binds by the lock alone.
 */
export function stateOf({ core, hasTips, nowMs, timers }: ScopeNode, names: BlockNames): NodeState {
  const dump = core.dump()
  const { status } = dump
  const { view } = status
  const of = (one: QuorumCertificate): NamedBlock | undefined => names.of(one.blockHash)
  return {
    view,
    highQC: of(dump.highQC),
    highQCView: dump.highQC.view,
    committed: names.of(dump.committed),
    lockedView: dump.safety?.lockedView ?? 0n,
    plain: [...[...timers.keys()].sort(), entryText(dump), safetyText(dump)].join(),
    safety: safetyBlocks(dump, names),
    blocks: dump.blocks.map((node) => ({
      block: names.of(node.blockHash),
      isCertified: node.qc !== undefined,
      qcView: node.qc?.view,
      isVoted: node.isVoted,
    })),
    votes: dump.votes.map((vote) => ({
      view: vote.view,
      signer: vote.signer,
      block: names.of(vote.blockHash),
    })),
    timeouts: dump.timeouts.map(({ highQC, highTip, signer, view: at, vote }) => ({
      view: at,
      signer,
      highQC: of(highQC),
      highQCView: highQC.view,
      tip: tipNamed(highTip, names),
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
    tips: hasTips ? tipsOf(dump, names, nowMs) : undefined,
  }
}

function tipsOf(
  { candidate, lastTC, recovery, safety, status }: CoreDump,
  names: BlockNames,
  nowMs: number,
): TipState {
  const { view } = status
  const { asked, own } = recovery
  const refusal = safety?.lastNoEndorse
  return {
    voted: tipNamed(safety?.highTip, names),
    entry:
      lastTC !== undefined && lastTC.view + 1n === view
        ? tipNamed(lastTC.highTip, names)
        : undefined,
    refused:
      refusal === undefined || refusal.noEndorse.view < view
        ? undefined
        : { view: refusal.noEndorse.view, tip: names.of(refusal.tip) },
    requested:
      own?.view !== view
        ? undefined
        : {
            tip: names.of(own.tip),
            refusers: own.refusals.map(({ signer }) => signer),
            lateMs: Math.max(-1, nowMs - timeOf(view)),
          },
    asked: asked?.view === view ? tipNamed(asked.tc.highTip, names) : undefined,
    candidate: tipNamed(candidate?.tc?.highTip, names),
  }
}

function tipNamed(tip: Tip | undefined, names: BlockNames): NamedBlock | undefined {
  return tip === undefined ? undefined : names.of(blockHash(tip.header))
}

/**
 * The state without what decides nothing of what is signed from here on, where every block can be fetched at once: which
 * blocks are at hand, and a lock that highQC covers.
 *
 * @throws {PropertyViolation} highQC does not cover the lock, which would forbid every timeout
 */
export function bindingState(state: NodeState): NodeState {
  if (state.lockedView > state.highQCView) {
    throw new PropertyViolation(`R3: locked on view ${state.lockedView} above highQC`)
  }
  // With tips it counts who has a block: only who has not may refuse it.
  return { ...state, lockedView: 0n, blocks: state.tips === undefined ? [] : state.blocks }
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
    certifiedName(state.highQC, state.highQCView, name),
    name(state.committed),
    state.lockedView,
    state.plain,
    state.safety.map((block) => (block === undefined ? '' : name(block))).join(),
    // A certified block that is missing is fetched at once, and one below highQC says nothing more.
    sorted(
      state.blocks.flatMap(({ block, isCertified, isVoted, qcView }) => {
        if (state.tips !== undefined) {
          const at = qcView === undefined ? '' : `c${qcView}`
          return [`${name(block)}${at}${isVoted ? 'v' : ''}`]
        }
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
        ({ highQC, highQCView, signer, tip, view, vote }) =>
          `${view}${validator(signer)}${certifiedName(highQC, highQCView, name)}${tip === undefined ? '' : `^${name(tip)}`}${vote === undefined ? '' : name(vote)}`,
      ),
    ),
    sorted(state.waiting.map(({ as, block }) => `${as} ${name(block)}`)),
    state.tips === undefined ? '' : tipsText(state.tips, name, validator),
  ].join('|')
}

function tipsText(
  { asked, candidate, entry, refused, requested, voted }: TipState,
  name: (block: NamedBlock | undefined) => string,
  validator: Renaming['validator'],
): string {
  const tip = (block: NamedBlock | undefined): string => (block === undefined ? '' : name(block))
  return [
    tip(voted),
    tip(entry),
    refused === undefined ? '' : `${refused.view}${name(refused.tip)}`,
    requested === undefined
      ? ''
      : `${name(requested.tip)}${sorted(requested.refusers.map((one) => `${validator(one)}`))}+${requested.lateMs}`,
    tip(asked),
    tip(candidate),
  ].join('^')
}

/** A block and the view of its certificate, if that is not the block's own. */
function certifiedName(
  block: NamedBlock | undefined,
  view: View,
  name: (block: NamedBlock | undefined) => string,
): string {
  return block === undefined || block.view === view ? name(block) : `${name(block)}@${view}`
}

/** A message as far as its recipient acts by it. */
export function messageText(
  message: ConsensusMessage,
  names: BlockNames,
  renaming: Renaming,
): string {
  const block = (hash: Hash): string => nameOf(names.of(hash), renaming)
  const certified = ({ blockHash: hash, view }: QuorumCertificate): string =>
    certifiedName(names.of(hash), view, (one) => nameOf(one, renaming))
  const tip = (one: Tip | undefined): string =>
    one === undefined ? '' : `^${block(blockHash(one.header))}`
  const entry = (tc: TimeoutCertificate | undefined): string =>
    tc === undefined ? '' : `${certified(tc.highQC)}${tip(tc.highTip)}`
  switch (message.kind) {
    case 'proposal': {
      const { block: proposed, nec, tc, view } = message.proposal
      const again = proposed.header.view === view ? '' : `@${view}`
      const refused = nec === undefined ? '' : `-${nec.tipQCView}`
      return `p${block(blockHash(proposed.header))}${again}${refused}${tc === undefined ? '' : `,${entry(tc)}`}`
    }
    case 'vote':
      return `v${message.vote.view}${block(message.vote.blockHash)}${renaming.validator(message.vote.signer)}`
    case 'timeout': {
      const { highQC, highTip, lastTC, signer, view, vote } = message.timeout
      return `t${view}${renaming.validator(signer)}${certified(highQC)}${tip(highTip)},${entry(lastTC)},${vote === undefined ? '' : block(vote.blockHash)}`
    }
    case 'advanceView': {
      const { highQC, highestCommit, tc } = message.advanceView
      const [committed] = highestCommit?.path ?? []
      const commit = committed === undefined ? '' : block(blockHash(committed))
      return `a${certified(highQC)},${tc === undefined ? '' : `${tc.view}${entry(tc)}`},${commit}`
    }
    case 'noEndorse': {
      const { signer, tipQCView, view } = message.noEndorse
      return `n${view}${renaming.validator(signer)},${tipQCView}`
    }
    case 'roundRecovery':
      return `r${message.roundRecovery.tc.view}${entry(message.roundRecovery.tc)}`
    case 'tipBlock':
      return `k${block(blockHash(message.block.header))}`
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
