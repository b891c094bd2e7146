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
import type { NodeMaker, ScopeInput, StepInput } from './automaton.ts'
import { exclusiveOrScheme } from './exclusiveOrScheme.ts'
import { ALL_CONVICTED, type ScopeEffect, ScopeNode, timeOf } from './scopeNode.ts'
import { AS_IS, BlockNames, type NamedBlock, nameOf } from './stateText.ts'
import { wholeCommitteeScheme } from './wholeCommitteeScheme.ts'

/** Validator 0 is faulty: it has no core, and does whatever its key allows. */
const SIZE = 4
const EVERYONE = bitmapFromSigners([0, 1, 2, 3], SIZE)
/** Makers of the faulty validator's blocks are told apart by number: two on one parent are an equivocation. */
export const FAULTY_MAKERS: readonly [number, number] = [10, 11]
/** Makes blocks without the entry proof that they need. */
const FORGER = 12

/** Something that can be shown to a node. */
export interface Item extends StepInput {
  readonly key: string
}

/** A proposal that can be shown. */
export interface Proposed extends Item {
  readonly block: NamedBlock
}

/** Blocks of which there is a QC, and highQC of the lowest TC that can be made of the view before. */
interface Shown {
  readonly certified: readonly NamedBlock[]
  readonly tc: NamedBlock | undefined
}

/** All blocks of one search, and whatever can be shown of them: proposals, certificates, timers. */
export class ExplorerWorld {
  readonly names: BlockNames
  readonly genesis: NamedBlock
  readonly #coreModule: CoreModule
  readonly #schemes = {
    // What is certified is the same however the votes came together.
    scheme: wholeCommitteeScheme(SIZE, 3),
    nodeScheme: padTo64(exclusiveOrScheme),
  }
  readonly #chain = createChain([1n, 1n, 1n, 1n], this.#schemes)
  readonly #blocks = new Map<Hex, Block>()
  readonly #hashes = new Map<NamedBlock, Hash>()
  readonly #roots = new Map<NamedBlock, Hash>()
  readonly #made = new Map<string, Proposed>()
  readonly #shown = new Map<string, Item>()

  constructor(coreModule: CoreModule) {
    this.#coreModule = coreModule
    const { genesis } = this.#chain
    const hash = blockHash(genesis.header)
    this.#blocks.set(bytesToHex(hash), genesis)
    this.names = new BlockNames(genesis.header)
    this.genesis = this.named(hash)
    this.#hashes.set(this.genesis, hash)
    this.#roots.set(this.genesis, genesis.header.stateRoot)
  }

  /** How an honest node is made; its commits are checked, its blocks known ever after. */
  makerOf(validator: number, leaders: readonly number[]): NodeMaker<readonly ScopeEffect[]> {
    return {
      make: () =>
        new ScopeNode({
          chain: this.#chain,
          schemes: this.#schemes,
          coreModule: this.#coreModule,
          index: validator,
          validator,
          isHonest: true,
          convicted: ALL_CONVICTED,
          election: { leader: (_, view) => leaders[Number(view) - 1] ?? 0 },
          blockOf: (hash) => this.#blocks.get(bytesToHex(hash)),
        }),
      outcomeOf: (effects) => {
        for (const effect of effects) {
          if (effect.kind === 'commit') this.#checkProof(effect, validator)
          if (effect.kind === 'broadcast' && effect.message.kind === 'proposal') {
            this.#know(effect.message.proposal.block, validator)
          }
        }
        return effects
      },
    }
  }

  timerOf(view: View): Item {
    return this.#item(`view${view}`, view, () => ({ kind: 'timerFired', timerId: 'view' }))
  }

  payloadFor(view: View, validator: number): Item {
    const payload = { actions: [Uint8Array.of(Number(view), validator)], evm: [], evidence: [] }
    return this.#item(`b${view},${validator}`, view, () => ({
      kind: 'payloadBuilt',
      nowMs: 0,
      view,
      payload,
      timestampMs: timeOf(view),
    }))
  }

  /** On every certified block: two where the rules allow any, and one that they do not. */
  faultyProposals({ certified, tc }: Shown, view: View): Proposed[] {
    return [this.genesis, ...certified].flatMap((parent) => {
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

  showQC(block: NamedBlock): Item {
    return this.#message(`q${nameOf(block, AS_IS)}`, block.view + 1n, () => ({
      kind: 'advanceView',
      advanceView: { highQC: this.#qcOf(block) },
    }))
  }

  showTC(at: View, highQC: NamedBlock): Item {
    return this.#message(`t${at}${nameOf(highQC, AS_IS)}`, at + 1n, () => ({
      kind: 'advanceView',
      advanceView: { highQC: this.#qcOf(highQC), tc: this.#tcOf(at, highQC) },
    }))
  }

  showProposal(proposal: Proposal): Proposed {
    const { block, tc, view } = proposal
    const entry = tc === undefined ? '' : `,${tc.highQC.view}`
    const named = this.named(blockHash(block.header))
    const item = this.#message(`p${nameOf(named, AS_IS)}${entry}`, view, () => ({
      kind: 'proposal',
      proposal,
    }))
    return { ...item, block: named }
  }

  #message(key: string, view: View, message: () => ConsensusMessage): Item {
    return this.#item(key, view, () => ({
      kind: 'message',
      nowMs: 0,
      from: '0',
      message: message(),
    }))
  }

  #item(key: string, view: View, input: () => ScopeInput): Item {
    const known = this.#shown.get(key)
    if (known !== undefined) return known
    const item = { id: this.#shown.size, key, view, input: input() }
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
    const item = {
      ...this.#message(`p${key}`, view, () => ({ kind: 'proposal', proposal })),
      block,
    }
    this.#made.set(key, item)
    return item
  }

  /** K of §3.1, as a block. */
  #committedIn(block: NamedBlock): NamedBlock {
    const { parent } = block
    if (parent?.parent === undefined) return this.genesis
    if (parent.parent.parent !== undefined && parent.parent.view + 1n === parent.view) {
      return parent.parent
    }
    const { executedHeight } = this.#headerOf(block)
    let at: NamedBlock | undefined = block
    while (at !== undefined && this.#headerOf(at).height > executedHeight) at = at.parent
    return at ?? this.genesis
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
    this.names.add(block.header, maker)
    const named = this.named(hash)
    this.#hashes.set(named, hash)
    return named
  }

  named(hash: Hash): NamedBlock {
    const named = this.names.of(hash)
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
    if (block === this.genesis) return this.#chain.genesisQC
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
