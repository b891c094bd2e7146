import { type Address, equalBytes, type PeerId, type ValidatorSet } from '@openliquid/primitives'

/** Who is a validator in the current set, by peer id; and what a quorum of them is. */
export class ValidatorDirectory {
  readonly #peerIdOf: (nodeKey: Uint8Array) => PeerId
  #set: ValidatorSet | undefined
  #peers: readonly PeerId[] = []
  #indexes = new Map<PeerId, number>()

  constructor(peerIdOf: (nodeKey: Uint8Array) => PeerId) {
    this.#peerIdOf = peerIdOf
  }

  replace(set: ValidatorSet): void {
    this.#set = set
    this.#peers = set.validators.map(({ nodeKey }) => this.#peerIdOf(nodeKey))
    this.#indexes = new Map(this.#peers.map((peer, index) => [peer, index]))
  }

  get count(): number {
    return this.#peers.length
  }

  get totalStake(): bigint {
    return this.#set?.totalStake ?? 0n
  }

  /** Peer ids in the order of the set. */
  get peers(): readonly PeerId[] {
    return this.#peers
  }

  peerOf(index: number): PeerId | undefined {
    return this.#peers[index]
  }

  indexOf(peer: PeerId): number | undefined {
    return this.#indexes.get(peer)
  }

  nodeKeyOf(peer: PeerId): Uint8Array | undefined {
    const index = this.#indexes.get(peer)
    return index === undefined ? undefined : this.#set?.validators[index]?.nodeKey
  }

  indexOfAddress(address: Address): number | undefined {
    return this.#set?.validators.find((validator) => equalBytes(validator.address, address))?.index
  }

  /** Voting power of the members that the predicate accepts. */
  stakeOf(isCounted: (peer: PeerId) => boolean): bigint {
    let stake = 0n
    for (const { index, stake: share } of this.#set?.validators ?? []) {
      const peer = this.#peers[index]
      if (peer !== undefined && isCounted(peer)) stake += share
    }
    return stake
  }

  /** More than two thirds of the stake; false while there is no set. docs/spec/consensus.md §1. */
  isQuorum(stake: bigint): boolean {
    return this.totalStake > 0n && stake * 3n > this.totalStake * 2n
  }
}
