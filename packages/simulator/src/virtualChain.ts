import type { SignatureScheme } from '@openliquid/crypto'
import {
  type Block,
  blockHash,
  type ConsensusParams,
  epochGenesisQC,
  type Payload,
  payloadRoot,
  type QuorumCertificate,
  type SigningContext,
  sha256,
  uintToBytes,
  type ValidatorSet,
  validatorSetHash,
} from '@openliquid/primitives'
import { type Candidate, membersOf } from './membership.ts'

/** Block time of the genesis block, and start of virtual time. */
export const GENESIS_TIME_MS = 1_000_000

/** Genesis defaults of docs/spec/consensus.md §13, with an epoch that does not end. */
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
  epochDurationMs: 1_000_000_000_000,
  unbondingMs: 604_800_000,
}

const EMPTY: Payload = { actions: [], evm: [], evidence: [] }

/** The secret keys of one simulated validator. */
export interface VirtualKeys {
  readonly voteSecretKey: Uint8Array
  readonly nodeSecretKey: Uint8Array
}

/** What all nodes of a cluster agree on before they start. */
export interface VirtualChain {
  readonly context: SigningContext
  readonly genesis: Block
  readonly genesisQC: QuorumCertificate
  /** Of the first epoch: those with stake. */
  readonly set: ValidatorSet
  /** Everybody who has keys, members or not. */
  readonly candidates: readonly Candidate[]
  readonly keys: readonly VirtualKeys[]
}

/** A chain with one validator per stake; those without are no members of the first epoch. */
export function createChain(
  stakes: readonly bigint[],
  {
    scheme,
    nodeScheme,
  }: { readonly scheme: SignatureScheme; readonly nodeScheme: SignatureScheme },
): VirtualChain {
  const keys = stakes.map((_, index) => ({
    voteSecretKey: secret(1, index),
    nodeSecretKey: secret(2, index),
  }))
  const candidates = keys.map(({ voteSecretKey, nodeSecretKey }, index) => ({
    address: uintToBytes(index + 1, 20),
    voteKey: scheme.publicKeyOf(voteSecretKey),
    nodeKey: nodeScheme.publicKeyOf(nodeSecretKey),
  }))
  const set: ValidatorSet = {
    epoch: 1n,
    validators: membersOf(candidates, stakes),
    totalStake: stakes.reduce((sum, stake) => sum + stake, 0n),
  }
  const size = set.validators.length
  const genesisHash = sha256(Uint8Array.of(0))
  const setHash = validatorSetHash(set)
  const genesis: Block = {
    header: {
      version: 1,
      chainId: 1_998n,
      epoch: 1n,
      view: 0n,
      height: 0n,
      parentHash: genesisHash,
      qc: epochGenesisQC(1n, genesisHash, size),
      proposer: 0,
      timestampMs: GENESIS_TIME_MS,
      payloadRoot: payloadRoot(EMPTY),
      executedHeight: 0n,
      stateRoot: sha256(Uint8Array.of(7)),
      validatorSetHash: setHash,
      nextValidatorSetHash: setHash,
      flags: 0,
    },
    payload: EMPTY,
  }
  const genesisQC = epochGenesisQC(1n, blockHash(genesis.header), size)
  return { context: { chainId: 1_998, genesisHash }, genesis, genesisQC, set, candidates, keys }
}

/** 32 bytes below the order of BLS12-381's group. */
function secret(kind: number, index: number): Uint8Array {
  const bytes = sha256(Uint8Array.of(kind), uintToBytes(index, 4))
  bytes[0] = 0
  return bytes
}
