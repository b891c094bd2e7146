import { bitmapFromSigners, signersFromBitmap } from '@openliquid/crypto'
import {
  assert,
  type Epoch,
  equalBytes,
  type Hash,
  type ValidatorInfo,
  type ValidatorSet,
  validatorSetHash,
} from '@openliquid/primitives'

/** One of each set in use: cores of one process share what they count alike. */
const committees = new WeakMap<ValidatorSet, Committee>()

/** The validators of one epoch as the protocol counts them: by stake, never by number. */
export class Committee {
  readonly set: ValidatorSet
  readonly epoch: Epoch
  readonly size: number
  /** validatorSetHash, §2. */
  readonly hash: Hash
  readonly stakes: readonly bigint[]
  readonly #totalStake: bigint
  /** Two thirds of the total, rounded down: stakes are whole, so more than this is more than the exact share. */
  readonly #twoThirds: bigint
  readonly #voteKeys: readonly Uint8Array[]
  readonly #nodeKeys: readonly Uint8Array[]

  constructor(set: ValidatorSet) {
    this.set = set
    this.epoch = set.epoch
    this.size = set.validators.length
    this.hash = validatorSetHash(set)
    this.stakes = set.validators.map(({ stake }) => stake)
    this.#voteKeys = set.validators.map(({ voteKey }) => voteKey)
    this.#nodeKeys = set.validators.map(({ nodeKey }) => nodeKey)
    this.#totalStake = this.stakes.reduce((sum, stake) => sum + stake, 0n)
    this.#twoThirds = (this.#totalStake * 2n) / 3n
    assert(this.size > 0, 'a committee has members')
    assert(
      this.stakes.every((stake) => stake > 0n),
      'every member has stake',
    )
  }

  /** The committee of a set, made once. */
  static of(set: ValidatorSet): Committee {
    let committee = committees.get(set)
    if (committee === undefined) {
      committee = new Committee(set)
      committees.set(set, committee)
    }
    return committee
  }

  has(index: number): boolean {
    return Number.isInteger(index) && index >= 0 && index < this.size
  }

  stakeOf(signers: readonly number[]): bigint {
    let stake = 0n
    for (const signer of signers) stake += this.stakeAt(signer)
    return stake
  }

  stakeAt(index: number): bigint {
    const stake = this.stakes[index]
    assert(stake !== undefined, 'signer is a member')
    return stake
  }

  /** More than 2/3 of the stake, §1: two quorums share an honest member while less than 1/3 is faulty. */
  isQuorum(stake: bigint): boolean {
    return stake > this.#twoThirds
  }

  /** At least 1/3 of the stake, §1: holds an honest member while less than 1/3 is faulty. */
  isBlockingSet(stake: bigint): boolean {
    return stake * 3n >= this.#totalStake
  }

  /** Position of the member with these keys. */
  indexOfKeys({
    voteKey,
    nodeKey,
  }: Pick<ValidatorInfo, 'voteKey' | 'nodeKey'>): number | undefined {
    const index = this.set.validators.findIndex(
      (member) => equalBytes(member.voteKey, voteKey) && equalBytes(member.nodeKey, nodeKey),
    )
    return index < 0 ? undefined : index
  }

  voteKeyOf(index: number): Uint8Array {
    const key = this.#voteKeys[index]
    assert(key !== undefined, 'index is a member')
    return key
  }

  nodeKeyOf(index: number): Uint8Array {
    const key = this.#nodeKeys[index]
    assert(key !== undefined, 'index is a member')
    return key
  }

  /** Members named in a bitmap, ascending; `undefined` if it is malformed. */
  signersOf(bitmap: Uint8Array): readonly number[] | undefined {
    return signersFromBitmap(bitmap, this.size)
  }

  bitmapOf(signers: readonly number[]): Uint8Array {
    return bitmapFromSigners(signers, this.size)
  }
}
