import { ConsensusCore, recoverState } from '@openliquid/consensus'
import { bitmapFromSigners } from '@openliquid/crypto'
import {
  assert,
  type Block,
  type BlockHeader,
  blockHash,
  bytesToHex,
  type ConsensusMessage,
  type Hash,
  type Hex,
  type Payload,
  type Proposal,
  payloadRoot,
  proposalDigest,
  type QuorumCertificate,
  sha256,
  type TimeoutCertificate,
  timeoutCertificateCodec,
  timeoutDigest,
  type View,
  voteDigest,
} from '@openliquid/primitives'
import { padTo64 } from '../cluster.ts'
import { refuteCommitProof } from '../commitProofChecker.ts'
import { PropertyViolation } from '../monitors.ts'
import type { CoreModule } from '../simulatedNode.ts'
import { createChain } from '../virtualChain.ts'
import { Automaton, type ScopeInput } from './automaton.ts'
import { exclusiveOrScheme } from './exclusiveOrScheme.ts'
import { type ScopeEffect, ScopeNode, timeOf } from './scopeNode.ts'
import {
  AS_IS,
  areOnOneBranch,
  BlockNames,
  type NamedBlock,
  type NodeState,
  nameOf,
  stateOf,
  stateText,
} from './stateText.ts'
import { wholeCommitteeScheme } from './wholeCommitteeScheme.ts'

/** Validator 0 is faulty: it has no core, and does whatever its key allows. */
const SIZE = 4
const HONEST = [1, 2, 3]
/** Makers of the faulty validator's blocks are told apart by number: two on one parent are an equivocation. */
const FAULTY_MAKERS = [10, 11]
/** Makes blocks without the entry proof that they need. */
const FORGER = 12

export interface ExplorerOptions {
  /** Who leads view i + 1; as many as views are explored. Validator 0 is the faulty one. */
  readonly leaders: readonly number[]
  readonly coreModule?: CoreModule
}

/** What a search came to. */
export interface Exploration {
  /** States after each view, up to the names of honest nodes that lead no view. */
  readonly states: number
  /** Ways in which three honest nodes can act in one view, over all states. */
  readonly transitions: number
  /** States of single nodes, and steps of real cores they took. */
  readonly localStates: number
  readonly coreSteps: number
}

/** A node, and the newest of what it signed. */
interface SpeakingState {
  readonly view: View
  readonly node: NodeState
  readonly vote: NamedBlock | undefined
  readonly timeout: { readonly view: View; readonly highQC: NamedBlock } | undefined
  readonly proposal: Proposal | undefined
}

/** Everything between two views: what honest nodes know, and what the faulty one can show to whom it likes. */
interface Global {
  readonly locals: readonly number[]
  /** Blocks of which a QC can be made, and that a proposal may still grow on. */
  readonly certified: readonly NamedBlock[]
  /** Highest block that a QC proves committed. */
  readonly proven: NamedBlock
  /** highQC of the lowest TC that can be made of the view before; with a higher one, less is allowed. */
  readonly tc: NamedBlock | undefined
}

/** What one node does in one view. */
interface Act {
  readonly to: number
  readonly vote: NamedBlock | undefined
  readonly highQC: NamedBlock | undefined
  readonly label: string
}

/** Something that can be shown to a node. */
interface Item {
  readonly key: string
  readonly view: View
  readonly input: ScopeInput
}

/** A proposal that can be shown. */
interface Proposed extends Item {
  readonly block: NamedBlock
}

/**
 * All that can happen to three honest validators and a faulty one within a few views: every order and loss of
 * proposals, certificates and timers.
 *
 * A certificate exists as soon as two honest ones and the faulty one can make it, and is shown to any of them at any
 * time, or never. What an honest node signs in a view depends on certificates of earlier views alone, and a
 * certificate shown to it matters only when it signs next: so views are gone through in order, and in each every honest
 * node signs nothing, a vote, a timeout, or both, after having been shown whatever leads there.
 * @see docs/spec/consensus.md §11.4
 */
export class Explorer {
  readonly #leaders: readonly number[]
  readonly #automata: readonly Automaton<SpeakingState>[]
  readonly #chain: ReturnType<typeof createChain>
  readonly #names: BlockNames
  readonly #genesis: NamedBlock
  readonly #blocks = new Map<Hex, Block>()
  readonly #hashes = new Map<NamedBlock, Hash>()
  readonly #roots = new Map<NamedBlock, Hash>()
  readonly #made = new Map<string, Proposed>()
  readonly #shown = new Map<string, Item>()
  readonly #schemes = {
    scheme: wholeCommitteeScheme(SIZE, 3),
    nodeScheme: padTo64(exclusiveOrScheme),
  }
  /** Positions of honest nodes that never lead: they may be renamed. */
  readonly #alike: readonly number[]

  constructor({ leaders, coreModule = { ConsensusCore, recoverState } }: ExplorerOptions) {
    this.#leaders = leaders
    this.#alike = [0, 1, 2].filter((node) => !leaders.includes(HONEST[node] as number))
    const chain = createChain([1n, 1n, 1n, 1n], this.#schemes)
    this.#chain = chain
    this.#blocks.set(bytesToHex(blockHash(chain.genesis.header)), chain.genesis)
    this.#names = new BlockNames(chain.genesis.header)
    const genesis = this.#names.of(blockHash(chain.genesis.header))
    assert(genesis !== undefined, 'the genesis block has a name')
    this.#genesis = genesis
    this.#hashes.set(genesis, blockHash(chain.genesis.header))
    this.#roots.set(genesis, chain.genesis.header.stateRoot)
    const shared = this.#alike.map((node) => HONEST[node] as number)[0]
    const common = shared === undefined ? undefined : this.#automatonOf(shared, coreModule)
    this.#automata = HONEST.map((validator, node) =>
      common !== undefined && this.#alike.includes(node)
        ? common
        : this.#automatonOf(validator, coreModule),
    )
  }

  /** Runs to the end. @throws {PropertyViolation} a property is broken; the message ends with what led there */
  explore(): Exploration {
    let frontier: Visit[] = [
      {
        global: { locals: [0, 0, 0], certified: [], proven: this.#genesis, tc: undefined },
        label: '',
        before: undefined,
      },
    ]
    let states = 1
    let transitions = 0
    for (let view = 1n; view <= BigInt(this.#leaders.length); view += 1n) {
      const next = new Map<string, Visit>()
      for (const visit of frontier) {
        this.#explain(visit, () => {
          for (const acts of this.#jointActs(visit.global, view)) {
            transitions += 1
            const label = acts.map((act) => act.label).join('; ')
            const after: Visit = { global: visit.global, label, before: visit }
            const global = this.#explain(after, () => this.#after(visit.global, acts))
            const key = this.#keyOf(global)
            if (!next.has(key)) next.set(key, { ...after, global })
          }
        })
      }
      frontier = [...next.values()]
      states += frontier.length
    }
    const automata = [...new Set(this.#automata)]
    return {
      states,
      transitions,
      localStates: automata.reduce((sum, one) => sum + one.states.length, 0),
      coreSteps: automata.reduce((sum, { coreSteps }) => sum + coreSteps, 0),
    }
  }

  #explain<T>(visit: Visit, work: () => T): T {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof Error) || error.message.includes('; after ')) throw error
      throw new PropertyViolation(`${error.message}; after ${pathOf(visit)}`, { cause: error })
    }
  }

  /** What was signed in views that are over binds by highQC and lock alone. */
  #keyOf({ certified, locals, proven, tc }: Global): string {
    const texts = locals.map((id, node) => {
      const { committed, highQC, lockedView } = this.#stateAt(node, id).node
      return `${nameOf(highQC, AS_IS)},${lockedView},${nameOf(committed, AS_IS)}`
    })
    const alike = this.#alike.map((node) => texts[node]).sort()
    const others = texts.filter((_, node) => !this.#alike.includes(node))
    const names = certified.map((block) => nameOf(block, AS_IS)).sort()
    const entry = tc === undefined ? '' : nameOf(tc, AS_IS)
    return [...alike, '', ...others, '', ...names, nameOf(proven, AS_IS), entry].join(';')
  }

  /** Every way the three can act in a view. */
  *#jointActs(global: Global, view: View): Generator<readonly Act[]> {
    const leader = this.#leaders[Number(view) - 1] as number
    const leading = HONEST.indexOf(leader)
    if (leading < 0) {
      const proposals = this.#faultyProposals(global, view)
      yield* this.#combined(
        [0, 1, 2].map((node) => this.#actsOf(node, global, { view, proposals })),
      )
      return
    }
    for (const { act, proposal } of this.#leads(leading, global, view)) {
      const proposals = proposal === undefined ? [] : [this.#showProposal(proposal)]
      yield* this.#combined(
        [0, 1, 2].map((node) =>
          node === leading ? [act] : this.#actsOf(node, global, { view, proposals }),
        ),
      )
    }
  }

  *#combined(acts: readonly (readonly Act[])[]): Generator<readonly Act[]> {
    const [first = [], second = [], third = []] = acts
    for (const a of first) {
      for (const b of second) {
        for (const c of third) {
          const joint = [a, b, c]
          if (isFirstOfItsKind(joint)) yield joint
        }
      }
    }
  }

  /** Nothing, a vote, a timeout, or both; and what must never be: a second vote, or one after the timeout. */
  #actsOf(
    node: number,
    global: Global,
    { view, proposals }: { readonly view: View; readonly proposals: readonly Proposed[] },
  ): Act[] {
    const id = global.locals[node] as number
    const acts = new Map<string, Act>()
    const add = (act: Act): void => {
      const key = `${act.to},${act.vote === undefined ? '' : nameOf(act.vote, AS_IS)},${act.highQC === undefined ? '' : nameOf(act.highQC, AS_IS)}`
      if (!acts.has(key)) acts.set(key, act)
    }
    add({ to: id, vote: undefined, highQC: undefined, label: '' })
    const timeOut = (from: number, vote: NamedBlock | undefined, label: string): void => {
      for (const { to, highQC, how } of this.#timeouts(node, from, global, view)) {
        add({ to, vote, highQC, label: `${label} ${how}` })
        for (const proposed of proposals) this.#step(node, to, proposed)
      }
    }
    timeOut(id, undefined, `${HONEST[node]}:`)
    for (const proposed of proposals) {
      const to = this.#step(node, id, proposed)
      const { vote } = this.#stateAt(node, to)
      if (vote !== proposed.block || vote === this.#stateAt(node, id).vote) continue
      const label = `${HONEST[node]}: ${proposed.key}`
      add({ to, vote, highQC: undefined, label })
      for (const other of proposals) if (other !== proposed) this.#step(node, to, other)
      timeOut(to, vote, label)
    }
    return [...acts.values()]
  }

  /** The view given up with each QC that the node can have been shown by then. */
  #timeouts(
    node: number,
    from: number,
    { certified, tc }: Global,
    view: View,
  ): { readonly to: number; readonly highQC: NamedBlock; readonly how: string }[] {
    const results: { to: number; highQC: NamedBlock; how: string }[] = []
    const usable = certified.filter((block) => block.view < view)
    for (const shown of [undefined, ...usable]) {
      let at = shown === undefined ? from : this.#step(node, from, this.#showQC(shown))
      if (this.#stateAt(node, at).view < view && tc !== undefined) {
        at = this.#step(node, at, this.#showTC(view - 1n, tc))
      }
      if (this.#stateAt(node, at).view !== view) continue
      const to = this.#step(node, at, timerOf(view))
      const { timeout } = this.#stateAt(node, to)
      if (timeout?.view !== view) continue
      results.push({
        to,
        highQC: timeout.highQC,
        how: `timeout naming ${nameOf(timeout.highQC, AS_IS)}`,
      })
    }
    return results
  }

  /** What an honest leader can do: never get there, or propose on any QC it can have been shown, and then time out. */
  #leads(
    node: number,
    global: Global,
    view: View,
  ): { readonly act: Act; readonly proposal: Proposal | undefined }[] {
    const id = global.locals[node] as number
    const ways: { act: Act; proposal: Proposal | undefined }[] = []
    ways.push({
      act: { to: id, vote: undefined, highQC: undefined, label: '' },
      proposal: undefined,
    })
    for (const shown of [undefined, ...global.certified.filter((block) => block.view < view)]) {
      let at = shown === undefined ? id : this.#step(node, id, this.#showQC(shown))
      // View 1 was entered, and its payload asked for, at the start.
      if (view === 1n) at = this.#step(node, at, this.#payloadFor(1n, HONEST[node] as number))
      if (this.#stateAt(node, at).view < view && global.tc !== undefined) {
        at = this.#step(node, at, this.#showTC(view - 1n, global.tc))
      }
      const { proposal, vote } = this.#stateAt(node, at)
      if (this.#stateAt(node, at).view !== view || proposal?.view !== view) continue
      const label = `${HONEST[node]} leads on ${proposal.block.header.qc.view}`
      ways.push({ act: { to: at, vote, highQC: undefined, label }, proposal })
      for (const { to, highQC, how } of this.#timeouts(node, at, global, view)) {
        ways.push({ act: { to, vote, highQC, label: `${label} ${how}` }, proposal })
      }
    }
    return ways
  }

  /** What is certified after a view, checked: M4, and agreement of all that certificates could prove committed. */
  #after(global: Global, acts: readonly Act[]): Global {
    const votes = acts.flatMap(({ vote }) => vote ?? [])
    const fresh = [...new Set(votes)].filter(
      (block) => votes.filter((vote) => vote === block).length >= 2,
    )
    if (fresh.length > 1) throw new PropertyViolation('M4: two blocks are certified in a view')
    let { proven } = global
    for (const block of fresh) {
      // Why the protocol is safe, §4: whatever is certified later extends what was proven committed.
      if (!areOnOneBranch(block, proven)) {
        throw new PropertyViolation('M3: a certificate leaves the branch that was proven committed')
      }
    }
    for (const { parent, view } of fresh) {
      if (parent === undefined || parent.view === 0n || parent.view + 1n !== view) continue
      if (!areOnOneBranch(parent, proven))
        throw new PropertyViolation('M1: two branches are committed')
      if (parent.view > proven.view) proven = parent
    }
    const locks: View[] = []
    for (const [node, { to }] of acts.entries()) {
      const { committed, lockedView } = this.#stateAt(node, to).node
      locks.push(lockedView)
      if (committed !== undefined && !areOnOneBranch(committed, proven)) {
        throw new PropertyViolation(`M1: node ${HONEST[node]} commits another branch`)
      }
    }
    const [, lock = 0n] = locks.sort(byView)
    // A quorum has two honest timeouts, and the faulty one need not raise what they name.
    const highQCs = acts.flatMap(({ highQC }) => highQC ?? [])
    const [, tc] = highQCs.sort((a, b) => byView(a.view, b.view))
    return {
      locals: acts.map(({ to }) => to),
      // Two honest nodes are in every timeout certificate, and name their locks at least: below, nothing grows again.
      certified: [...global.certified, ...fresh].filter(({ view }) => view >= lock),
      proven,
      tc,
    }
  }

  #stateAt(node: number, id: number): SpeakingState {
    return (this.#automata[node] as Automaton<SpeakingState>).at(id).state
  }

  #automatonOf(validator: number, coreModule: CoreModule): Automaton<SpeakingState> {
    const leaders = this.#leaders
    return new Automaton<SpeakingState>({
      make: () =>
        new ScopeNode({
          chain: this.#chain,
          schemes: this.#schemes,
          coreModule,
          index: validator,
          validator,
          isHonest: true,
          election: { leader: (_, view) => leaders[Number(view) - 1] ?? 0 },
          blockOf: (hash) => this.#blocks.get(bytesToHex(hash)),
        }),
      onEffects: (effects) => {
        for (const effect of effects) {
          if (effect.kind === 'commit') this.#checkProof(effect, validator)
          if (effect.kind === 'broadcast' && effect.message.kind === 'proposal') {
            this.#know(effect.message.proposal.block, validator)
          }
        }
      },
      stateOf: (node) => this.#stateOf(node),
    })
  }

  #stateOf(node: ScopeNode): { state: SpeakingState; text: string } {
    const state = stateOf(node, this.#names)
    const { proposals, timeouts, votes } = node.said
    const vote = votes.at(-1)
    const timeout = timeouts.at(-1)
    const speaking = {
      view: state.view,
      node: state,
      vote: vote === undefined ? undefined : this.#named(vote.blockHash),
      timeout:
        timeout === undefined
          ? undefined
          : { view: timeout.view, highQC: this.#named(timeout.highQC.blockHash) },
      proposal: proposals.at(-1),
    }
    return { state: speaking, text: stateText(state, AS_IS, state.view) }
  }

  #step(node: number, id: number, { input, key, view }: Item): number {
    const automaton = this.#automata[node] as Automaton<SpeakingState>
    const { effects, to } = automaton.step(id, { key, input, view, leaders: this.#leaders })
    const asks = effects.find((effect) => effect.kind === 'build')
    if (asks === undefined || asks.view > BigInt(this.#leaders.length)) return to
    // An honest leader is not slow: that its proposal comes late or never is the network's doing.
    return this.#step(node, to, this.#payloadFor(asks.view, HONEST[node] as number))
  }

  #payloadFor(view: View, validator: number): Item {
    const payload = { actions: [Uint8Array.of(Number(view), validator)], evm: [], evidence: [] }
    const input = {
      kind: 'payloadBuilt' as const,
      nowMs: 0,
      view,
      payload,
      timestampMs: timeOf(view),
    }
    return { key: `b${view}`, view, input }
  }

  /** On every certified block: two where the rules allow any, and one that they do not. */
  #faultyProposals({ certified, tc }: Global, view: View): Proposed[] {
    return [this.#genesis, ...certified].flatMap((parent) => {
      const isDirect = parent.view + 1n === view
      const entry = isDirect || tc === undefined ? undefined : { at: view - 1n, highQC: tc }
      const isLegal = isDirect || (tc !== undefined && parent.view >= tc.view)
      const makers = isLegal ? FAULTY_MAKERS : FAULTY_MAKERS.slice(0, 1)
      const proposals = makers.map((maker) => this.#faultyProposal(view, parent, maker, entry))
      if (entry === undefined) return proposals
      return [...proposals, this.#faultyProposal(view, parent, FORGER, undefined)]
    })
  }

  #checkProof({ proof }: Extract<ScopeEffect, { kind: 'commit' }>, node: number): void {
    const { context, set } = this.#chain
    const refusal = refuteCommitProof(proof, { context, set, scheme: this.#schemes.scheme })
    if (refusal !== undefined) throw new PropertyViolation(`M3: node ${node}: ${refusal}`)
  }

  #showQC(block: NamedBlock): Item {
    return this.#item(`q${nameOf(block, AS_IS)}`, block.view + 1n, () => ({
      kind: 'advanceView',
      advanceView: { highQC: this.#qcOf(block) },
    }))
  }

  #showTC(at: View, highQC: NamedBlock): Item {
    return this.#item(`t${at}${nameOf(highQC, AS_IS)}`, at + 1n, () => ({
      kind: 'advanceView',
      advanceView: { highQC: this.#qcOf(highQC), tc: this.#tcOf(at, highQC) },
    }))
  }

  #showProposal(proposal: Proposal): Proposed {
    const { block, tc, view } = proposal
    const entry = tc === undefined ? '' : `,${tc.highQC.view}`
    const named = this.#named(blockHash(block.header))
    const item = this.#item(`p${nameOf(named, AS_IS)}${entry}`, view, () => ({
      kind: 'proposal',
      proposal,
    }))
    return { ...item, block: named }
  }

  #item(key: string, view: View, message: () => ConsensusMessage): Item {
    const known = this.#shown.get(key)
    if (known !== undefined) return known
    const input = { kind: 'message' as const, nowMs: 0, from: '0', message: message() }
    const item = { key, view, input }
    this.#shown.set(key, item)
    return item
  }

  #faultyProposal(
    view: View,
    parent: NamedBlock,
    maker: number,
    entry: { readonly at: View; readonly highQC: NamedBlock } | undefined,
  ): Proposed {
    const key = `${view}.${maker}/${nameOf(parent, AS_IS)},${entry === undefined ? '' : nameOf(entry.highQC, AS_IS)}`
    const known = this.#made.get(key)
    if (known !== undefined) return known
    const payload: Payload = {
      actions: [Uint8Array.of(Number(view), maker)],
      evm: [],
      evidence: [],
    }
    const below = this.#headerOf(parent)
    const executed = this.#committedIn(parent)
    const header: BlockHeader = {
      ...this.#chain.genesis.header,
      view,
      height: below.height + 1n,
      parentHash: this.#hashOf(parent),
      qc: this.#qcOf(parent),
      proposer: 0,
      timestampMs: timeOf(view),
      payloadRoot: payloadRoot(payload),
      executedHeight: this.#headerOf(executed).height,
      stateRoot: this.#rootOf(executed),
    }
    const block = this.#know({ header, payload }, maker)
    const tc = entry === undefined ? undefined : this.#tcOf(entry.at, entry.highQC)
    const tcHash = tc === undefined ? undefined : sha256(timeoutCertificateCodec.encode(tc))
    const digest = proposalDigest(this.#chain.context, 1n, view, this.#hashOf(block), tcHash)
    const secretKey = this.#chain.keys[0]?.nodeSecretKey ?? new Uint8Array(0)
    const proposal: Proposal = {
      epoch: 1n,
      view,
      block: { header, payload },
      ...(tc === undefined ? {} : { tc }),
      signature: this.#schemes.nodeScheme.sign(secretKey, digest),
    }
    const item = { ...this.#item(`p${key}`, view, () => ({ kind: 'proposal', proposal })), block }
    this.#made.set(key, item)
    return item
  }

  /** K of §3.1, as a block. */
  #committedIn(block: NamedBlock): NamedBlock {
    const { parent } = block
    if (parent?.parent === undefined) return this.#genesis
    if (parent.view + 1n === block.view && parent.parent.view + 1n === parent.view)
      return parent.parent
    const { executedHeight } = this.#headerOf(block)
    let at: NamedBlock | undefined = block
    while (at !== undefined && this.#headerOf(at).height > executedHeight) at = at.parent
    return at ?? this.#genesis
  }

  #rootOf(block: NamedBlock): Hash {
    const known = this.#roots.get(block)
    if (known !== undefined) return known
    assert(block.parent !== undefined, 'the root of the genesis block is known')
    const root = sha256(this.#rootOf(block.parent), this.#hashOf(block), Uint8Array.of(0))
    this.#roots.set(block, root)
    return root
  }

  #know(block: Block, maker: number): NamedBlock {
    const hash = blockHash(block.header)
    this.#blocks.set(bytesToHex(hash), block)
    this.#names.add(block.header, maker)
    const named = this.#named(hash)
    this.#hashes.set(named, hash)
    return named
  }

  #named(hash: Hash): NamedBlock {
    const named = this.#names.of(hash)
    assert(named !== undefined, 'every block has a name')
    return named
  }

  #hashOf(block: NamedBlock): Hash {
    const hash = this.#hashes.get(block)
    assert(hash !== undefined, 'every block has a hash')
    return hash
  }

  #headerOf(block: NamedBlock): BlockHeader {
    const known = this.#blocks.get(bytesToHex(this.#hashOf(block)))
    assert(known !== undefined, 'every block is known')
    return known.header
  }

  #qcOf(block: NamedBlock): QuorumCertificate {
    if (block === this.#genesis) return this.#chain.genesisQC
    const hash = this.#hashOf(block)
    const signature = voteDigest(this.#chain.context, 1n, block.view, hash)
    return { epoch: 1n, view: block.view, blockHash: hash, signers: EVERYONE, signature }
  }

  #tcOf(at: View, highQC: NamedBlock): TimeoutCertificate {
    const signature = timeoutDigest(this.#chain.context, 1n, at, highQC.view)
    const groups = [{ highQCView: highQC.view, signers: EVERYONE, signature }]
    return { epoch: 1n, view: at, groups, highQC: this.#qcOf(highQC) }
  }
}

interface Visit {
  readonly global: Global
  readonly label: string
  readonly before: Visit | undefined
}

function byView(a: View, b: View): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Of two blocks that the faulty validator makes on one parent, the first is voted for first: they are alike. */
function isFirstOfItsKind(acts: readonly Act[]): boolean {
  const votes = acts.flatMap(({ vote }) => vote ?? [])
  return votes.every(
    ({ node, parent, view }) =>
      node !== FAULTY_MAKERS[1] ||
      votes.some(
        (other) =>
          other.node === FAULTY_MAKERS[0] && other.parent === parent && other.view === view,
      ),
  )
}

const EVERYONE = bitmapFromSigners([0, 1, 2, 3], SIZE)

function timerOf(view: View): Item {
  return { key: 'timer', view, input: { kind: 'timerFired', timerId: 'view' } }
}

function pathOf(visit: Visit): string {
  const labels: string[] = []
  for (let at: Visit | undefined = visit; at !== undefined; at = at.before) labels.push(at.label)
  return labels.reverse().join(', ')
}
