import { payloadRoot, type SnapshotOffer, sha256, unreachable } from '@openliquid/primitives'
import type { StateAnswer } from '../virtualStateSync.ts'
import type { Adversary, World } from './adversary.ts'

/**
 * A8: answers requests for blocks with silence, too little, the wrong order, or right headers over wrong payloads; and
 * who fetches a state with silence, states that nobody certified or has, other chunks, and other ways to the present.
 */
export function selectiveServer(world: World): Adversary {
  const { prng } = world
  return {
    onAnswer(_, { blocks, qc }) {
      switch (prng.below(5)) {
        case 0:
          return undefined
        case 1:
          return { blocks: [] }
        case 2:
          return { blocks: [...blocks].reverse(), ...(qc === undefined ? {} : { qc }) }
        case 3:
          return { blocks: blocks.slice(1), ...(qc === undefined ? {} : { qc }) }
        default:
          return { blocks: forgedBlocks(blocks, world), ...(qc === undefined ? {} : { qc }) }
      }
    },
    onStateAnswer(_, answer) {
      if (prng.chance(250)) return undefined
      return prng.chance(250) ? answer : forgedAnswer(answer, world)
    },
  }
}

type Blocks = Extract<StateAnswer, { kind: 'blocks' }>['blocks']

function forgedBlocks(blocks: Blocks, { prng }: World): Blocks {
  const payload = { actions: [Uint8Array.of(66)], evm: [], evidence: [] }
  return blocks.map(({ header }) => ({
    header: prng.chance(500) ? header : { ...header, payloadRoot: payloadRoot(payload) },
    payload,
  }))
}

function forgedAnswer(answer: StateAnswer, world: World): StateAnswer {
  const { prng } = world
  switch (answer.kind) {
    case 'offers':
      return { ...answer, offers: answer.offers.map((offer) => forgedOffer(offer, world)) }
    case 'epochChange':
      return { ...answer, proofs: prng.chance(500) ? forgedChanges(answer, world) : [] }
    case 'blocks':
      return { ...answer, blocks: forgedBlocks(answer.blocks, world) }
    case 'chunk': {
      const bytes = answer.bytes.slice(prng.below(2))
      const at = prng.below(bytes.length)
      bytes[at] = (bytes[at] ?? 0) ^ (1 + prng.below(255))
      return { ...answer, bytes }
    }
    default:
      return unreachable(answer)
  }
}

/** A set of its own after the first epoch that is asked for. */
function forgedChanges(
  { proofs }: Extract<StateAnswer, { kind: 'epochChange' }>,
  { set, position }: World,
): Extract<StateAnswer, { kind: 'epochChange' }>['proofs'] {
  const self = set.validators[position]
  if (self === undefined) return proofs
  return proofs.map(({ commit, nextSet }) => ({
    commit,
    nextSet: { ...nextSet, validators: [{ ...self, index: 0 }], totalStake: self.stake },
  }))
}

function forgedOffer(offer: SnapshotOffer, { prng }: World): SnapshotOffer {
  const { certified, manifest } = offer
  const lie = sha256(Uint8Array.of(prng.below(256)))
  switch (prng.below(6)) {
    case 0:
      return { ...offer, manifest: { ...manifest, stateRoot: lie } }
    case 1:
      return { ...offer, manifest: { ...manifest, chunks: manifest.chunks.map(() => lie) } }
    case 2:
      return { ...offer, manifest: { ...manifest, chunks: manifest.chunks.slice(1) } }
    case 3:
      return { ...offer, manifest: { ...manifest, height: manifest.height + 1_000n } }
    case 4:
      return { ...offer, headers: offer.headers.slice(1) }
    default:
      return { ...offer, certified: { ...certified, path: certified.path.slice(0, 1) } }
  }
}
