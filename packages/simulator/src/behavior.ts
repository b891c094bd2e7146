import type { Effect } from '@openliquid/consensus'
import type { SignatureScheme } from '@openliquid/crypto'
import {
  type BlockHeader,
  blockHash,
  type Proposal,
  proposalDigest,
  sha256,
  timeoutCertificateCodec,
} from '@openliquid/primitives'
import type { VirtualChain } from './virtualChain.ts'

/** How a faulty node bends what its core wants done. */
export type Behavior = (effect: Effect) => readonly Effect[]

/** Says nothing to anyone: to the others it is dead. */
export const silent: Behavior = (effect) =>
  effect.kind === 'send' || effect.kind === 'broadcast' ? [] : [effect]

interface FaultyLeaderOptions {
  readonly chain: VirtualChain
  readonly index: number
  readonly nodeScheme: SignatureScheme
}

/** Proposes one block to half of the others and another one to the rest. */
export function equivocatingLeader(options: FaultyLeaderOptions): Behavior {
  const { length } = options.chain.set.validators
  return (effect) => {
    if (effect.kind !== 'broadcast' || effect.message.kind !== 'proposal') return [effect]
    const { proposal } = effect.message
    const other = resign(proposal, options, {
      timestampMs: proposal.block.header.timestampMs + 1,
    })
    return Array.from({ length }, (_, validator) => ({
      kind: 'send' as const,
      to: { validator },
      message: { kind: 'proposal' as const, proposal: validator % 2 === 0 ? proposal : other },
    }))
  }
}

/** Proposes blocks that name a wrong state root. */
export function wrongRootLeader(options: FaultyLeaderOptions): Behavior {
  return (effect) => {
    if (effect.kind !== 'broadcast' || effect.message.kind !== 'proposal') return [effect]
    const stateRoot = sha256(Uint8Array.of(9))
    const proposal = resign(effect.message.proposal, options, { stateRoot })
    return [{ kind: 'broadcast', message: { kind: 'proposal', proposal } }]
  }
}

/** The proposal with another header, signed anew by its leader. */
export function resign(
  proposal: Proposal,
  { chain, index, nodeScheme }: FaultyLeaderOptions,
  change: Partial<BlockHeader>,
): Proposal {
  const { epoch, view, tc, block } = proposal
  const header = { ...block.header, ...change }
  const tcHash = tc === undefined ? undefined : sha256(timeoutCertificateCodec.encode(tc))
  const digest = proposalDigest(chain.context, epoch, view, blockHash(header), tcHash)
  const secretKey = chain.keys[index]?.nodeSecretKey ?? new Uint8Array(0)
  return { ...proposal, block: { ...block, header }, signature: nodeScheme.sign(secretKey, digest) }
}
