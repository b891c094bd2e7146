import type { SafetyData, Watermark } from '@openliquid/consensus'
import {
  blockHash,
  bytesToHex,
  type Hash,
  hexToBytes,
  proposalDigest,
  type SigningContext,
  sha256,
  timeoutCertificateCodec,
  timeoutDigest,
  voteDigest,
} from '@openliquid/primitives'
import { explain, NodeError, reasonOf } from './errors.ts'
import { INTERCHANGE_BYTES_MAX, INTERCHANGE_ITEMS_MAX } from './limits.ts'

const VERSION = '5'
const VIEW_END = 1n << 64n

interface SignedBlock {
  readonly slot: string
  readonly signing_root?: string
}

interface SignedAttestation {
  readonly source_epoch: string
  readonly target_epoch: string
  readonly signing_root?: string
}

/**
 * The interchange form of EIP-3076, version 5: `slot` and `target_epoch` are views, `source_epoch` is the view of the
 * QC that was named. Views begin again in each epoch, so every key says its epoch.
 */
export interface Interchange {
  readonly metadata: {
    readonly interchange_format_version: string
    /** Genesis hash. */
    readonly genesis_validators_root: string
  }
  readonly data: readonly {
    readonly pubkey: string
    /** Ours: the epoch that the views are of. */
    readonly epoch?: string
    readonly signed_blocks: readonly SignedBlock[]
    readonly signed_attestations: readonly SignedAttestation[]
  }[]
}

/** What safety data says of the signatures of one key. */
export function exportInterchange(
  data: SafetyData,
  { context, voteKey }: { readonly context: SigningContext; readonly voteKey: Uint8Array },
): Interchange {
  const { epoch, lastProposed, lastTimeout, lastVote, lastVotedView, lockedView } = data
  const attestations: SignedAttestation[] = []
  const attest = (source: bigint, target: bigint, root?: Hash): void => {
    attestations.push({
      source_epoch: String(source),
      target_epoch: String(target),
      ...(root === undefined ? {} : { signing_root: bytesToHex(root) }),
    })
  }
  if (lastVote !== undefined) {
    attest(lockedView, lastVote.view, voteDigest(context, epoch, lastVote.view, lastVote.blockHash))
  }
  if (lastTimeout !== undefined) {
    const { highQC, highTip, view } = lastTimeout
    // Under `highTip` the digest names a tip, which a view alone does not: the root stays away then.
    const root =
      highTip === undefined ? timeoutDigest(context, epoch, view, highQC.view) : undefined
    attest(highQC.view, view, root)
  }
  // What stands above both: a mark that was set, or a lock.
  const highest = [lastVote?.view ?? 0n, lastTimeout?.view ?? 0n].reduce((a, b) => (a > b ? a : b))
  if (lastVotedView > highest || attestations.length === 0) attest(lockedView, lastVotedView)
  const blocks: SignedBlock[] = []
  if (lastProposed !== undefined) {
    const { block, tc, view } = lastProposed
    const tcHash = tc === undefined ? undefined : sha256(timeoutCertificateCodec.encode(tc))
    const root = proposalDigest(context, epoch, view, blockHash(block.header), tcHash)
    blocks.push({ slot: String(view), signing_root: bytesToHex(root) })
  }
  return {
    metadata: {
      interchange_format_version: VERSION,
      genesis_validators_root: bytesToHex(context.genesisHash),
    },
    data: [
      {
        pubkey: bytesToHex(voteKey),
        epoch: String(epoch),
        signed_blocks: blocks,
        signed_attestations: attestations,
      },
    ],
  }
}

/**
 * The highest view that a file says the key signed in, sources of votes included: the lock goes up with it.
 *
 * @param epoch - of the views, for files that do not say
 * @throws {NodeError} OL_NODE_SLASHING: too large, malformed, of another chain, or nothing about this key
 */
export function readInterchange(
  text: string,
  {
    epoch,
    genesisHash,
    path,
    voteKey,
  }: {
    readonly epoch: bigint | undefined
    readonly genesisHash: Hash
    readonly path: string
    readonly voteKey: Uint8Array
  },
): Watermark {
  const refuse = (reason: string): NodeError =>
    new NodeError(
      explain(
        `the slashing protection file ${path} is not taken`,
        reason,
        'export it again from the node that signed last, for this chain and key',
      ),
      { code: 'OL_NODE_SLASHING', path, reason },
    )
  if (text.length > INTERCHANGE_BYTES_MAX)
    throw refuse(`it is larger than ${INTERCHANGE_BYTES_MAX} bytes`)
  let file: unknown
  try {
    file = JSON.parse(text)
  } catch (error) {
    throw refuse(`it is not JSON: ${reasonOf(error)}`)
  }
  const root = objectOf(file, 'the file')
  const metadata = objectOf(root['metadata'], 'metadata')
  if (metadata['interchange_format_version'] !== VERSION) {
    throw refuse(
      `its version is ${JSON.stringify(metadata['interchange_format_version'])}, not "${VERSION}"`,
    )
  }
  const chain = metadata['genesis_validators_root']
  if (chain !== bytesToHex(genesisHash)) throw refuse('it is of another chain')

  let highest: Watermark | undefined
  for (const item of listOf(root['data'], 'data')) {
    const entry = objectOf(item, 'an entry of data')
    if (!isKey(entry['pubkey'], voteKey)) continue
    const of = entry['epoch'] === undefined ? epoch : numberOf(entry['epoch'], 'epoch')
    if (of === undefined) throw refuse('it does not say of which epoch its views are: give --epoch')
    let view = 0n
    const take = (value: unknown, what: string): void => {
      const number = numberOf(value, what)
      if (number > view) view = number
    }
    for (const block of listOf(entry['signed_blocks'], 'signed_blocks')) {
      take(objectOf(block, 'a signed block')['slot'], 'slot')
    }
    for (const attestation of listOf(entry['signed_attestations'], 'signed_attestations')) {
      const { source_epoch: source, target_epoch: target } = objectOf(attestation, 'an attestation')
      take(source, 'source_epoch')
      take(target, 'target_epoch')
    }
    const isHigher =
      highest === undefined || of > highest.epoch || (of === highest.epoch && view > highest.view)
    if (isHigher) highest = { epoch: of, view }
  }
  if (highest === undefined) throw refuse('it says nothing about the vote key of this folder')
  return highest

  function objectOf(value: unknown, what: string): Readonly<Record<string, unknown>> {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Readonly<Record<string, unknown>>
    }
    throw refuse(`${what} is no object`)
  }

  function listOf(value: unknown, what: string): readonly unknown[] {
    if (!Array.isArray(value)) throw refuse(`${what} is no list`)
    if (value.length > INTERCHANGE_ITEMS_MAX) {
      throw refuse(`${what} has more than ${INTERCHANGE_ITEMS_MAX} items`)
    }
    return value
  }

  function numberOf(value: unknown, what: string): bigint {
    if (typeof value !== 'string' || !/^(0|[1-9][0-9]{0,19})$/.test(value)) {
      throw refuse(`${what} is no whole number in quotes`)
    }
    const number = BigInt(value)
    if (number >= VIEW_END) throw refuse(`${what} does not fit 64 bits`)
    return number
  }

  function isKey(value: unknown, key: Uint8Array): boolean {
    if (typeof value !== 'string') throw refuse('pubkey is no text')
    try {
      hexToBytes(value)
    } catch (error) {
      throw refuse(`pubkey: ${reasonOf(error)}`)
    }
    return value === bytesToHex(key)
  }
}
