import {
  type Block,
  bytesToHex,
  type ConsensusParams,
  epochGenesisQC,
  type Hash,
  isUsableSet,
  nextSetOf,
  type Payload,
  payloadRoot,
  type SigningContext,
  sha256,
  uintToBytes,
  type ValidatorInfo,
  type ValidatorSet,
  validatorSetHash,
} from '@openliquid/primitives'
import { ConsensusError } from './errors.ts'

const FIRST_EPOCH = 1n
const EMPTY: Payload = { actions: [], evm: [], evidence: [] }

/** Defaults of docs/spec/consensus.md §13. */
export const DEFAULT_PARAMS: ConsensusParams = {
  scheme: 'bls',
  highTip: false,
  viewTimeoutMs: 500,
  viewTimeoutGrowthMilli: 1_500,
  viewTimeoutFreeFailures: 2,
  viewTimeoutMsMax: 8_000,
  backupDelayMs: 125,
  minBlockIntervalMs: 50,
  clockDriftMsMax: 250,
  epochDurationMs: 5_400_000,
  unbondingMs: 604_800_000,
}

/** What all replicas of a chain agree on before it starts. */
export interface Chain {
  readonly context: SigningContext
  readonly genesis: Block
  /** Of epoch 1. */
  readonly validatorSet: ValidatorSet
}

/**
 * A chain of one's own, for whoever embeds the core without the rest of OpenLiquid. Equal options make equal chains;
 * `seed` tells chains apart that differ in nothing else.
 *
 * @throws {ConsensusError} OL_CONSENSUS_OPTIONS: the members cannot be a validator set
 */
export function createChain({
  chainId,
  seed = new Uint8Array(0),
  timeMs,
  stateRoot,
  validators,
}: {
  readonly chainId: number
  readonly seed?: Uint8Array
  /** Block time of the genesis block. */
  readonly timeMs: number
  /** Of the state before the first block. */
  readonly stateRoot: Hash
  readonly validators: readonly Omit<ValidatorInfo, 'index'>[]
}): Chain {
  const members = validators
    .map((member) => ({ ...member, index: 0 }))
    .sort((a, b) => (bytesToHex(a.address) < bytesToHex(b.address) ? -1 : 1))
  if (!isUsableSet(members)) {
    throw new ConsensusError('each validator needs stake and an address and keys of its own', {
      code: 'OL_CONSENSUS_OPTIONS',
      setting: 'validators',
      reason: 'not a validator set',
    })
  }
  const before: ValidatorSet = { epoch: FIRST_EPOCH - 1n, validators: members, totalStake: 0n }
  const validatorSet = nextSetOf(before, undefined)
  const setHash = validatorSetHash(validatorSet)
  const genesisHash = sha256(
    uintToBytes(chainId, 8),
    uintToBytes(timeMs, 8),
    stateRoot,
    setHash,
    seed,
  )
  const header: Block['header'] = {
    version: 1,
    chainId: BigInt(chainId),
    epoch: FIRST_EPOCH,
    view: 0n,
    height: 0n,
    parentHash: genesisHash,
    qc: epochGenesisQC(FIRST_EPOCH, genesisHash, members.length),
    proposer: 0,
    timestampMs: timeMs,
    payloadRoot: payloadRoot(EMPTY),
    executedHeight: 0n,
    stateRoot,
    validatorSetHash: setHash,
    nextValidatorSetHash: setHash,
    flags: 0,
  }
  return { context: { chainId, genesisHash }, genesis: { header, payload: EMPTY }, validatorSet }
}
