import type { Effect } from '@openliquid/consensus'
import type { SignatureScheme } from '@openliquid/crypto'
import type {
  BlocksAnswer,
  ConsensusMessage,
  GetBlocks,
  Hash,
  Height,
  ValidatorSet,
} from '@openliquid/primitives'
import type { Prng } from '../prng.ts'
import type { VirtualChain } from '../virtualChain.ts'
import type { StateAnswer, StateRequest } from '../virtualStateSync.ts'

/** What a faulty node can do: everything that its keys and links allow. */
export interface World {
  readonly node: number
  /** Whose keys it has. */
  readonly validator: number
  /** Members of the epoch it is in, and its position among them; what it was last, if it is no member. */
  readonly set: ValidatorSet
  readonly position: number
  readonly nodeCount: number
  readonly chain: VirtualChain
  readonly schemes: { readonly scheme: SignatureScheme; readonly nodeScheme: SignatureScheme }
  readonly prng: Prng
  /** Whether the chain has tail-fork resistance. */
  readonly highTip: boolean
  nowMs(): number
  send(to: number, message: ConsensusMessage): void
  /** Sends later, as links permit. */
  sendAfter(delayMs: number, to: number, message: ConsensusMessage): void
  stateRootAt(height: Height): Hash | undefined
}

/**
 * A fault of one node. The real core runs inside it all the same; the adversary sees what comes in, bends what goes
 * out, and adds what it likes. Docs: docs/spec/consensus.md §11.3.
 */
export interface Adversary {
  /** Sees a message before the core does. */
  onMessage?(message: ConsensusMessage, from: number): void
  /** Bends an effect of the core. */
  onEffect?(effect: Effect): readonly Effect[]
  /** Bends an answer to a request for blocks; undefined is silence. */
  onAnswer?(request: GetBlocks, answer: BlocksAnswer): BlocksAnswer | undefined
  /** Bends what a node that fetches a state is answered; undefined is silence. */
  onStateAnswer?(request: StateRequest, answer: StateAnswer): StateAnswer | undefined
}

/** Makes the adversary when its node begins a life. */
export type AdversaryMaker = (world: World) => Adversary

/** A random set of nodes, the own one excepted. */
export function someNodes({ node, nodeCount, prng }: World): number[] {
  const nodes: number[] = []
  for (let to = 0; to < nodeCount; to++) if (to !== node && prng.chance(500)) nodes.push(to)
  return nodes
}
