import {
  bytesToHex,
  type Hash,
  type Height,
  hexToBytes,
  type ValidatorSet,
} from '@openliquid/primitives'
import { explain, NodeError } from './errors.ts'

/** A block that the operator trusts, from a source beside the network. */
export interface TrustedCheckpoint {
  readonly height: Height
  readonly blockHash: Hash
}

/** Numerator and denominator of the part of the unbonding time for which a commit stays trusted. */
const TRUST_NUMERATOR = 2
const TRUST_DENOMINATOR = 3
const HASH_BYTES = 32

/**
 * Reads `height:hash`; an empty text is none.
 *
 * @throws {NodeError} OL_NODE_CONFIG
 */
export function parseCheckpoint(text: string): TrustedCheckpoint | undefined {
  if (text === '') return undefined
  const [, height, hash] = /^(\d{1,18}):(0x[0-9a-fA-F]{64})$/.exec(text) ?? []
  if (height !== undefined && hash !== undefined) {
    return { height: BigInt(height), blockHash: hexToBytes(hash, HASH_BYTES) }
  }
  throw new NodeError(
    explain(
      `sync.trusted-checkpoint is ${JSON.stringify(text.slice(0, 100))}`,
      'wants a height and the hash of the block there, such as 120000:0x3f…',
      'take both from a block explorer or an operator that you trust',
    ),
    { code: 'OL_NODE_CONFIG', key: 'sync.trusted-checkpoint' },
  )
}

/**
 * Refuses to start when the newest commit is too old to be trusted: validators of that time may have left with their
 * stake, and could show a chain that never was without losing anything.
 *
 * @throws {NodeError} OL_NODE_TRUST_EXPIRED
 * @see docs/spec/consensus.md §8 weak subjectivity
 */
export function assertTrusted(trust: {
  readonly nowMs: number
  readonly unbondingMs: number
  readonly head: {
    readonly height: Height
    readonly blockHash: Hash
    readonly timestampMs: number
  }
  readonly validatorSet: ValidatorSet
  /** Of this node, if it is a validator. */
  readonly selfIndex: number | undefined
  readonly checkpoint: TrustedCheckpoint | undefined
}): void {
  const { checkpoint, head, nowMs, selfIndex, unbondingMs, validatorSet } = trust
  // Nobody else ever signed its chain.
  const isAlone = validatorSet.validators.length === 1 && selfIndex === 0
  if (checkpoint !== undefined || isAlone) return
  const periodMs = Math.floor((unbondingMs * TRUST_NUMERATOR) / TRUST_DENOMINATOR)
  const ageMs = nowMs - head.timestampMs
  if (ageMs <= periodMs) return
  const hours = (ms: number): string => `${Math.floor(ms / 3_600_000)} h`
  throw new NodeError(
    explain(
      `the newest block of this node, ${head.height}, is ${hours(ageMs)} old; it is trusted for ${hours(periodMs)}`,
      'validators that have left since could show a chain that never was',
      `start with --trusted-checkpoint height:hash of a recent block from a source that you trust (if the whole network was stopped, with its own newest block: --trusted-checkpoint ${head.height}:${bytesToHex(head.blockHash)})`,
    ),
    { code: 'OL_NODE_TRUST_EXPIRED', height: head.height, ageMs, periodMs },
  )
}

/** @throws {NodeError} OL_NODE_CHECKPOINT: the chain has another block at the height of the checkpoint */
export function assertOnChain(
  { blockHash, height }: TrustedCheckpoint,
  found: Hash | undefined,
): void {
  if (found !== undefined && bytesToHex(found) === bytesToHex(blockHash)) return
  const what = found === undefined ? 'no block' : bytesToHex(found)
  throw new NodeError(
    explain(
      `the chain of this node does not contain the trusted checkpoint ${height}:${bytesToHex(blockHash)}`,
      `at that height it has ${what}`,
      'compare the checkpoint with its source; if it is right, start with an empty data folder and other peers',
    ),
    { code: 'OL_NODE_CHECKPOINT', height },
  )
}
