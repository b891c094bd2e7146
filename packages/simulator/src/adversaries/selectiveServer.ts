import { payloadRoot } from '@openliquid/primitives'
import type { Adversary, World } from './adversary.ts'

/** A8: answers requests for blocks with silence, too little, the wrong order, or right headers over wrong payloads. */
export function selectiveServer({ prng }: World): Adversary {
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
        default: {
          const payload = { actions: [Uint8Array.of(66)], evm: [], evidence: [] }
          const forged = blocks.map(({ header }) => ({
            header: prng.chance(500) ? header : { ...header, payloadRoot: payloadRoot(payload) },
            payload,
          }))
          return { blocks: forged, ...(qc === undefined ? {} : { qc }) }
        }
      }
    },
  }
}
