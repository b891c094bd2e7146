import {
  assert,
  type BlockHeader,
  bytesToHex,
  type Epoch,
  equalBytes,
  FLAG_EPOCH_CLOSING,
  type Height,
  type KeyValueStore,
  nextSetOf,
  uintToBytes,
  type ValidatorInfo,
  type ValidatorSet,
  validatorSetCodec,
  validatorSetHash,
  type Write,
} from '@openliquid/primitives'
import { heightToBytes, metaKey } from '@openliquid/storage'
import { ExecutionError } from './errors.ts'

const SET = 'set'
const MEMBERS = 'members'
const MEMBERS_OF_HEIGHT = 'membersOf'
/** Their epoch says nothing: the set that they make is named by a closing block. */
const NO_EPOCH = 0n
const FIRST_EPOCH: Epoch = 1n

/** Who the state names to validate next, as the exchange gives it: the same array as long as that stays the same. */
export type NextMembers = readonly Omit<ValidatorInfo, 'index'>[]

/**
 * The validator sets of all epochs, and the members that each height's state names for the next one.
 *
 * Members are stored where they change; each height points there, for a closing header may name any height back to
 * what its branch had committed. @see docs/spec/consensus.md §8 reconfiguration
 */
export class ValidatorSets {
  readonly #store: KeyValueStore
  #current: ValidatorSet
  /** What the store holds last, and where. */
  #named: { readonly members: NextMembers | undefined; readonly height: Height } = {
    members: undefined,
    height: 0n,
  }

  /** @param genesis - of the first epoch */
  constructor(store: KeyValueStore, genesis: ValidatorSet) {
    this.#store = store
    this.#current = genesis
  }

  /** Of the epoch that grows on the newest executed block. */
  get current(): ValidatorSet {
    return this.#current
  }

  /** Goes on with what is stored of an epoch. */
  resume(epoch: Epoch): void {
    const set = this.setOf(epoch)
    assert(set !== undefined, 'the set of the running epoch is stored')
    this.#current = set
  }

  setOf(epoch: Epoch): ValidatorSet | undefined {
    if (epoch === this.#current.epoch) return this.#current
    return readSet(this.#store.get(metaKey(SET, uintToBytes(epoch, 8))))
  }

  /** Members that the state after an executed height names; `undefined` for heights that are not stored. */
  membersAt(height: Height): readonly ValidatorInfo[] | undefined {
    const at = this.#store.get(metaKey(MEMBERS_OF_HEIGHT, heightToBytes(height)))
    if (at === undefined) return undefined
    return readSet(this.#store.get(metaKey(MEMBERS, at)))?.validators
  }

  /**
   * The set that begins above a closing block; `undefined` above any other.
   *
   * @throws {ExecutionError} OL_EXECUTION_VALIDATORS: the header names another one than our state
   */
  nextSetOf(header: BlockHeader): ValidatorSet | undefined {
    if ((header.flags & FLAG_EPOCH_CLOSING) === 0) return undefined
    const next = nextSetOf(this.#current, this.membersAt(header.executedHeight))
    const ours = validatorSetHash(next)
    if (equalBytes(ours, header.nextValidatorSetHash)) return next
    throw new ExecutionError(
      `the closing block ${header.height} names another next validator set than our state of height ${header.executedHeight}`,
      { code: 'OL_EXECUTION_VALIDATORS', height: header.height, ours: bytesToHex(ours) },
    )
  }

  /** What a block stores of the members after it, and of the set that begins above it. */
  writesOf(height: Height, members: NextMembers, next: ValidatorSet | undefined): Write[] {
    const isSame = members === this.#named.members
    const at = isSame ? this.#named.height : height
    return [
      [metaKey(MEMBERS_OF_HEIGHT, heightToBytes(height)), heightToBytes(at)],
      ...(isSame ? [] : [memberWrite(height, members)]),
      ...(next === undefined ? [] : [setWrite(next)]),
    ]
  }

  /** The batch of `writesOf` is on disk. */
  accept(height: Height, members: NextMembers, next: ValidatorSet | undefined): void {
    if (members !== this.#named.members) this.#named = { members, height }
    if (next !== undefined) this.#current = next
  }

  /** For the batch of the genesis. */
  genesisWrites(members: NextMembers): Write[] {
    assert(this.#current.epoch === FIRST_EPOCH, 'the genesis is of the first epoch')
    return [setWrite(this.#current), ...this.writesOf(0n, members, undefined)]
  }
}

/** What a restored state has of the sets of all epochs, and of the members that it names. */
export function restoredSetWrites(
  height: Height,
  members: NextMembers,
  sets: readonly ValidatorSet[],
): Write[] {
  return [
    [metaKey(MEMBERS_OF_HEIGHT, heightToBytes(height)), heightToBytes(height)],
    memberWrite(height, members),
    ...sets.map(setWrite),
  ]
}

function setWrite(set: ValidatorSet): Write {
  return [metaKey(SET, uintToBytes(set.epoch, 8)), validatorSetCodec.encode(set)]
}

function memberWrite(height: Height, members: NextMembers): Write {
  const validators = members.map((member, index) => ({ ...member, index }))
  const totalStake = validators.reduce((sum, { stake }) => sum + stake, 0n)
  const set = { epoch: NO_EPOCH, validators, totalStake }
  return [metaKey(MEMBERS, heightToBytes(height)), validatorSetCodec.encode(set)]
}

function readSet(bytes: Uint8Array | undefined): ValidatorSet | undefined {
  return bytes === undefined ? undefined : validatorSetCodec.decode(bytes)
}
