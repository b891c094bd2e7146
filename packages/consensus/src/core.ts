import type { Block, Hash } from '@openliquid/primitives'
import type { ConsensusOptions } from './consensusOptions.ts'
import type { Effect } from './effect.ts'
import type { ConsensusInput } from './input.ts'

/** One replica of the protocol: inputs in, effects out. */
export class ConsensusCore {
  readonly #options: ConsensusOptions

  constructor(options: ConsensusOptions) {
    this.#options = options
  }

  step(input: ConsensusInput): Effect[] {
    return this.#options === undefined || input === undefined ? [] : []
  }

  uncommitted(_blockHash: Hash): Block | undefined {
    return undefined
  }
}
