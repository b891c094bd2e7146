import { ConsensusCore, recoverState } from '@openliquid/consensus'
import {
  type Block,
  blockHash,
  type ConsensusMessage,
  type Hash,
  type QuorumCertificate,
  unreachable,
  type View,
} from '@openliquid/primitives'
import { padTo64 } from '../cluster.ts'
import { refuteCommitProof } from '../commitProofChecker.ts'
import { PropertyViolation } from '../monitors.ts'
import type { CoreModule } from '../simulatedNode.ts'
import { createChain, type VirtualChain } from '../virtualChain.ts'
import type { NodeMaker, StepInput } from './automaton.ts'
import { exclusiveOrScheme } from './exclusiveOrScheme.ts'
import { NOBODY } from './leaderLine.ts'
import {
  ALL_CONVICTED,
  FAULTY_CONVICTED,
  type ScopeEffect,
  ScopeNode,
  timeOf,
} from './scopeNode.ts'
import { AS_IS, BlockNames, messageText, type NamedBlock } from './stateText.ts'
import { wholeCommitteeScheme } from './wholeCommitteeScheme.ts'

/** Validators, and nodes: the last node has the keys of validator 0 as well. */
export const VALIDATORS = 4
export const NODES = 5
const ALL_NODES = Array.from({ length: NODES }, (_, node) => node)

type ClusterSchemes = Parameters<typeof createChain>[1]

/** The core that ships. */
export const REAL_CORE: CoreModule = { ConsensusCore, recoverState }
const STAKES = [1n, 1n, 1n, 1n]
const nodeScheme = padTo64(exclusiveOrScheme)

/** A chain, and how its validators sign. */
export interface TwinsChain {
  readonly schemes: ClusterSchemes
  readonly chain: VirtualChain
  /** What is the same is one object, on all the paths of a search. */
  readonly isSearched: boolean
  /** Tail-fork resistance, §12. */
  readonly highTip?: boolean
}

function chainWith(schemes: ClusterSchemes): Omit<TwinsChain, 'isSearched'> {
  return { schemes, chain: createChain(STAKES, schemes) }
}

export const PLAIN_CHAIN: TwinsChain = {
  ...chainWith({ scheme: exclusiveOrScheme, nodeScheme }),
  isSearched: false,
}
/** In a search, what is certified is the same however the votes came together. */
export const SEARCH_CHAIN: TwinsChain = {
  ...chainWith({ scheme: wholeCommitteeScheme(VALIDATORS, 3), nodeScheme }),
  isSearched: true,
}

/** A message, once for all the paths it occurs on. */
export interface KnownMessage {
  readonly key: string
  readonly message: ConsensusMessage
  readonly view: number
  /** What certificates inside say. */
  readonly certified: readonly Certified[]
}

/** A block certified in a view, and the block whose commit that proves. */
export interface Certified {
  readonly view: number
  readonly block: NamedBlock
  readonly proven: NamedBlock | undefined
}

/** Something that was said to nodes: a message, or the payload that one asked for. */
export interface Sent {
  readonly to: readonly number[]
  readonly view: number
  /** Sender; absent for a node's own payload. */
  readonly from: number | undefined
  readonly known: KnownMessage | undefined
  readonly input: StepInput
}

/** What a node did in a step, as far as others can notice. */
export interface Speech {
  readonly sent: readonly Sent[]
  /** By certificates in what it sent. */
  readonly certified: readonly Certified[]
  /** Newest blocks of its commits, if it is honest. */
  readonly committed: readonly NamedBlock[]
}

/** The same, while it is heard. */
interface Heard {
  readonly sent: Sent[]
  readonly certified: Certified[]
  readonly committed: NamedBlock[]
}

/** Certificates remembered, between two clearings. */
const CERTIFICATES_MAX = 10_000
const NOTHING_CERTIFIED: readonly Certified[] = []

const SILENCE: Speech = { sent: [], certified: [], committed: [] }

/** What all nodes of a run share: the chain, and every block and message that was ever sent. */
export class TwinsWorld {
  readonly names: BlockNames
  readonly genesis: NamedBlock
  readonly #chain: VirtualChain
  readonly #coreModule: CoreModule
  readonly #schemes: ClusterSchemes
  readonly #blocks = new Map<NamedBlock, Block>()
  readonly #certified = new Map<QuorumCertificate, readonly Certified[]>()
  readonly #messages = new Map<string, KnownMessage>()
  readonly #inputs = new Map<string, StepInput>()
  readonly #isSearched: boolean
  readonly #highTip: boolean

  constructor(coreModule: CoreModule, { chain, highTip = false, isSearched, schemes }: TwinsChain) {
    this.#highTip = highTip
    this.#isSearched = isSearched
    this.#coreModule = coreModule
    this.#schemes = schemes
    this.#chain = chain
    this.names = new BlockNames(chain.genesis.header)
    this.genesis = this.#blockNamed(blockHash(chain.genesis.header))
  }

  /** How the node of this position is made. */
  makerOf(index: number): NodeMaker<Speech> {
    const validator = index % VALIDATORS
    return {
      make: (leaders) =>
        new ScopeNode({
          chain: this.#chain,
          schemes: this.#schemes,
          coreModule: this.#coreModule,
          index,
          validator,
          isHonest: validator !== 0,
          highTip: this.#highTip,
          convicted: this.#isSearched ? ALL_CONVICTED : FAULTY_CONVICTED,
          election: { leader: (_epoch, view) => leaders.of(view) },
          blockOf: (hash) => this.#blockOf(hash),
        }),
      outcomeOf: (effects) => this.#hear(index, effects),
    }
  }

  /** A timer that fires in a view. */
  timer(timerId: 'backup' | 'hold' | 'view', view: View): StepInput {
    return this.#input(`${timerId}${view}`, (id) => ({
      id,
      view,
      input: { kind: 'timerFired', timerId },
    }))
  }

  #hear(sender: number, effects: readonly ScopeEffect[]): Speech {
    if (effects.length === 0) return SILENCE
    this.#see(effects, sender)
    const speech: Heard = { sent: [], certified: [], committed: [] }
    for (const effect of effects) this.#hearOne(sender, effect, speech)
    return speech
  }

  #hearOne(sender: number, effect: ScopeEffect, { certified, committed, sent }: Heard): void {
    switch (effect.kind) {
      case 'build': {
        const input = this.#payload(sender, effect.view)
        const view = Number(effect.view)
        sent.push({ to: [sender], from: undefined, view, known: undefined, input })
        break
      }
      case 'broadcast':
        certified.push(...this.#send(sender, effect.message, { to: ALL_NODES, sent }))
        break
      case 'send': {
        const to = recipientsOf(effect.to)
        certified.push(...this.#send(sender, effect.message, { to, sent }))
        break
      }
      case 'commit':
        if (sender % VALIDATORS !== 0) committed.push(this.#committed(effect, sender))
        break
      default:
        unreachable(effect)
    }
  }

  /** Returns what certificates inside say. */
  #send(
    sender: number,
    message: ConsensusMessage,
    { to: recipients, sent }: { readonly to: readonly number[] } & Pick<Heard, 'sent'>,
  ): readonly Certified[] {
    const known = this.#isSearched ? this.#register(message, sender) : this.#once(message)
    const input = this.#isSearched
      ? this.#input(`${sender}${known.key}`, (id) => messageInput(id, sender, known))
      : messageInput(0, sender, known)
    const to = recipients.filter((node) => node !== sender)
    if (to.length > 0) sent.push({ to, from: sender, view: known.view, known, input })
    return known.certified
  }

  /** Learns of proposals before anybody is asked for a state that holds them. */
  #see(effects: readonly ScopeEffect[], sender: number): void {
    for (const effect of effects) {
      if (effect.kind !== 'broadcast' || effect.message.kind !== 'proposal') continue
      const { block } = effect.message.proposal
      const named = this.names.add(block.header, sender)
      if (named !== undefined) this.#blocks.set(named, block)
    }
  }

  /** One object for all messages that say the same. */
  #register(message: ConsensusMessage, sender: number): KnownMessage {
    // What leaders sign around the block of another names them nowhere.
    const isEnvelope = message.kind === 'proposal' || message.kind === 'roundRecovery'
    const signer = isEnvelope ? `${sender % VALIDATORS}` : ''
    const key = `${signer}${messageText(message, this.names, AS_IS)}`
    const known = this.#messages.get(key)
    if (known !== undefined) return known
    const fresh = this.#once(message)
    this.#messages.set(key, fresh)
    return fresh
  }

  #once(message: ConsensusMessage): KnownMessage {
    const [qc, ...others] = qcsIn(message)
    let certified = qc === undefined ? NOTHING_CERTIFIED : this.#certifiedBy(qc)
    for (const other of others) certified = [...certified, ...this.#certifiedBy(other)]
    return new MessageOnce(message, this.names, certified)
  }

  /** The block of a view is the same whenever its leader comes to make it. */
  #payload(node: number, view: View): StepInput {
    const payload = { actions: [Uint8Array.of(Number(view), node)], evm: [], evidence: [] }
    return this.#input(`b${node},${view}`, (id) => ({
      id,
      view,
      input: { kind: 'payloadBuilt', nowMs: 0, view, payload, timestampMs: timeOf(view) },
    }))
  }

  #input(key: string, make: (id: number) => StepInput): StepInput {
    const known = this.#inputs.get(key)
    if (known !== undefined) return known
    const input = make(this.#inputs.size)
    this.#inputs.set(key, input)
    return input
  }

  /** M3 for a commit that a node made. */
  #committed(
    { blocks, proof }: Extract<ScopeEffect, { kind: 'commit' }>,
    node: number,
  ): NamedBlock {
    const { context, set } = this.#chain
    const refusal = refuteCommitProof(proof, { context, set, scheme: this.#schemes.scheme })
    const last = blocks.at(-1)
    if (refusal !== undefined || last === undefined) {
      throw new PropertyViolation(`M3: node ${node}: ${refusal ?? 'a commit of nothing'}`)
    }
    return this.#blockNamed(last.blockHash)
  }

  #blockOf(hash: Hash): Block | undefined {
    const named = this.names.of(hash)
    return named === undefined ? undefined : this.#blocks.get(named)
  }

  #blockNamed(hash: Hash): NamedBlock {
    const block = this.names.of(hash)
    if (block === undefined) {
      throw new PropertyViolation('M5: a block is committed that nobody proposed')
    }
    return block
  }

  /** A certificate is in many messages. */
  #certifiedBy(qc: QuorumCertificate): readonly Certified[] {
    const known = this.#certified.get(qc)
    if (known !== undefined) return known
    const block = this.names.of(qc.blockHash)
    if (qc.view === 0n || block === undefined) return NOTHING_CERTIFIED
    const { parent, qcView } = block
    // §12: the parent may have been certified in a later view than its own.
    const isPair = parent !== undefined && parent.view > 0n && qcView + 1n === qc.view
    const certified = [{ view: Number(qc.view), block, proven: isPair ? parent : undefined }]
    if (this.#certified.size >= CERTIFICATES_MAX) this.#certified.clear()
    this.#certified.set(qc, certified)
    return certified
  }
}

/** A message as it is; its text is made when it is asked for. */
class MessageOnce implements KnownMessage {
  readonly message: ConsensusMessage
  readonly view: number
  readonly certified: readonly Certified[]
  readonly #names: BlockNames
  #key: string | undefined

  constructor(message: ConsensusMessage, names: BlockNames, certified: readonly Certified[]) {
    this.message = message
    this.view = Number(viewOf(message))
    this.certified = certified
    this.#names = names
  }

  get key(): string {
    this.#key ??= messageText(this.message, this.#names, AS_IS)
    return this.#key
  }
}

function messageInput(id: number, sender: number, { message, view }: KnownMessage): StepInput {
  const input = { kind: 'message', nowMs: 0, from: `${sender}`, message } as const
  return { id, view: BigInt(view), input }
}

function recipientsOf(to: Extract<ScopeEffect, { kind: 'send' }>['to']): readonly number[] {
  if ('peer' in to) return [Number(to.peer)]
  // Of a view that is not to be played yet.
  if (to.validator === NOBODY) return []
  return to.validator === 0 ? [0, VALIDATORS] : [to.validator]
}

function qcsIn(message: ConsensusMessage): QuorumCertificate[] {
  switch (message.kind) {
    case 'proposal': {
      const { block, tc } = message.proposal
      return [block.header.qc, ...(tc === undefined ? [] : [tc.highQC])]
    }
    case 'timeout':
      return [message.timeout.highQC]
    case 'advanceView': {
      const { highQC, tc } = message.advanceView
      return [highQC, ...(tc === undefined ? [] : [tc.highQC])]
    }
    default:
      return []
  }
}

/** The view a message belongs to: that of its sender. */
function viewOf(message: ConsensusMessage): View {
  switch (message.kind) {
    case 'proposal':
      return message.proposal.view
    case 'vote':
      return message.vote.view
    case 'timeout':
      return message.timeout.view
    case 'advanceView': {
      const { highQC, tc } = message.advanceView
      return (tc !== undefined && tc.view > highQC.view ? tc.view : highQC.view) + 1n
    }
    case 'noEndorse':
      return message.noEndorse.view
    case 'roundRecovery':
      return message.roundRecovery.tc.view + 1n
    default:
      return 0n
  }
}
