import type { PeerId } from '@openliquid/primitives'
import type { NetworkMeters } from './metrics.ts'
import type { NetworkLog } from './networkConfig.ts'
import type { NetworkEvent } from './networkEvent.ts'
import type { ValidatorDirectory } from './validatorDirectory.ts'

export interface QuorumWatchOptions {
  readonly directory: ValidatorDirectory
  readonly metrics: NetworkMeters
  readonly log: NetworkLog
  /** Own self included. */
  isReachable(peer: PeerId): boolean
  emit(event: NetworkEvent): void
}

/** Whether validators with more than 2/3 of the stake can be reached, and the alarm when not. */
export class QuorumWatch {
  readonly #options: QuorumWatchOptions
  #had: boolean | undefined

  constructor(options: QuorumWatchOptions) {
    this.#options = options
  }

  get reachableStake(): bigint {
    const { directory, isReachable } = this.#options
    return directory.stakeOf(isReachable)
  }

  get isReachable(): boolean {
    return this.#options.directory.isQuorum(this.reachableStake)
  }

  /** Tells when the answer changed; a start without a quorum is no alarm. */
  judge(): void {
    const { metrics, log, emit, directory } = this.#options
    const { reachableStake } = this
    const hasQuorum = directory.isQuorum(reachableStake)
    if (hasQuorum === this.#had) return
    const isFirst = this.#had === undefined
    this.#had = hasQuorum
    metrics.quorum.set(hasQuorum ? 0 : 1)
    if (hasQuorum) {
      log('info', 'quorum within reach', {})
      emit({ kind: 'quorumReached' })
    } else if (!isFirst) {
      const stakes = { reachableStake, totalStake: directory.totalStake }
      log('warn', 'no quorum within reach', stakes)
      emit({ kind: 'quorumLost', ...stakes })
    }
  }
}
