import serialize from 'canonicalize'
import { compareBytes, utf8ToBytes } from '../codec/bytes.ts'
import { sha256 } from '../codec/hash.ts'
import { hexToBytes } from '../codec/hex.ts'
import { payloadRoot, validatorSetHash } from '../codec/identity.ts'
import type { Block, Payload } from '../types/block.ts'
import type { QuorumCertificate } from '../types/certificates.ts'
import { assert } from '../types/errors.ts'
import type { Genesis } from '../types/genesis.ts'
import type { Epoch, Hash } from '../types/ids.ts'
import type { ValidatorSet } from '../types/validator.ts'

// The package is CommonJS: its types speak of a `default` property that the module itself does not have.
const canonicalize = serialize as unknown as (value: unknown) => string | undefined

const FIRST_EPOCH: Epoch = 1n
const HEADER_VERSION = 1
/** Of the epoch-genesis QC, with the same shape under every scheme: as long as a BLS signature. Never written to. */
const NO_SIGNATURE = new Uint8Array(96)
const EMPTY: Payload = { actions: [], evm: [], evidence: [] }

/** SHA-256 of the RFC 8785 form: names the chain in every hello and every signature. */
export function genesisHash(genesis: Genesis): Hash {
  const text = canonicalize(genesis)
  assert(text !== undefined, 'a genesis has a JSON form')
  return sha256(utf8ToBytes(text))
}

/** The members of epoch 1, sorted by address. */
export function genesisValidatorSet(genesis: Genesis): ValidatorSet {
  const members = genesis.validators
    .map(({ address, stake, voteKey, nodeKey }) => ({
      address: hexToBytes(address, 20),
      stake: BigInt(stake),
      voteKey: hexToBytes(voteKey),
      nodeKey: hexToBytes(nodeKey, 32),
    }))
    .sort((a, b) => compareBytes(a.address, b.address))
  return {
    epoch: FIRST_EPOCH,
    validators: members.map((member, index) => ({ index, ...member })),
    totalStake: members.reduce((sum, { stake }) => sum + stake, 0n),
  }
}

/**
 * The QC of view 0 that every epoch starts from. Nobody signs it: each derives it, and compares byte for byte.
 *
 * @param blockHash - of the block the epoch grows on
 * @see docs/spec/consensus.md §8
 */
export function epochGenesisQC(
  epoch: Epoch,
  blockHash: Hash,
  validatorCount: number,
): QuorumCertificate {
  return {
    epoch,
    view: 0n,
    blockHash,
    signers: new Uint8Array(Math.ceil(validatorCount / 8)),
    signature: NO_SIGNATURE,
  }
}

/**
 * The block of height 0. It stands on the genesis file: the file's hash takes the place of a parent, so that chains
 * which differ in anything differ in their first block.
 *
 * @param hash - of the genesis
 * @param stateRoot - of the state that the genesis describes
 */
export function genesisBlock(genesis: Genesis, hash: Hash, stateRoot: Hash): Block {
  const set = genesisValidatorSet(genesis)
  const setHash = validatorSetHash(set)
  return {
    header: {
      version: HEADER_VERSION,
      chainId: BigInt(genesis.chainId),
      epoch: FIRST_EPOCH,
      view: 0n,
      height: 0n,
      parentHash: hash,
      qc: epochGenesisQC(FIRST_EPOCH, hash, set.validators.length),
      proposer: 0,
      timestampMs: genesis.genesisTimeMs,
      payloadRoot: payloadRoot(EMPTY),
      executedHeight: 0n,
      stateRoot,
      validatorSetHash: setHash,
      nextValidatorSetHash: setHash,
      flags: 0,
    },
    payload: EMPTY,
  }
}
