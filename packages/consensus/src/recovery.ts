import {
  type Block,
  type BlockHeader,
  blockCodec,
  blockHash,
  bytesToHex,
  type CommitProof,
  commitProofCodec,
  type Epoch,
  equalBytes,
  FLAG_EPOCH_CLOSING,
  type Hash,
  type Height,
  type Hex,
  type Misbehavior,
  type QuorumCertificate,
  quorumCertificateCodec,
  type TimeoutCertificate,
  timeoutCertificateCodec,
  unreachable,
  type ValidatorInfo,
  type ValidatorSet,
} from '@openliquid/primitives'
import { committedInBranch } from './committedInBranch.ts'
import type { RecoveredState } from './consensusOptions.ts'
import type { LogRecord } from './effect.ts'
import { ConsensusError } from './errors.ts'
import type { PastEpoch } from './pastEpochs.ts'
import type { ReputationState } from './reputation.ts'
import { decodeReputation } from './reputationCodec.ts'
import { decodeSafetyData } from './safetyCodec.ts'
import type { SafetyData } from './safetyData.ts'
import type { ExecutedState } from './stateRoots.ts'

/** What recovery reads of the executed blocks on disk. Heights above 0; the genesis block need not be stored. */
export interface ExecutedChain {
  /** Of the newest executed block: 0 at genesis. */
  readonly height: Height
  blockAt(height: Height): Block | undefined
  stateRootAt(height: Height): Hash | undefined
  /** Members of the next epoch by the state after that height; absent: always the members of the present one. */
  validatorsAt?(height: Height): readonly ValidatorInfo[] | undefined
  /** Sets of earlier epochs; absent: their members were those of the present one. */
  validatorSetOf?(epoch: Epoch): ValidatorSet | undefined
  /** Stands in for blocks that are not kept: of a replica that began with a snapshot of the state. */
  readonly base?: {
    /** From here on all blocks are kept. */
    readonly lowestHeight: Height
    /** Leader schedule as of the height of the snapshot, as `ConsensusCore.reputationAt` gives it. */
    readonly reputation: Uint8Array
    closingBeneath(epoch: Epoch): BlockHeader | undefined
  }
  /** Helps a replica without a log to a newer certificate. */
  commitProofAt?(height: Height): CommitProof | undefined
  /** `BlockContext.misbehavior` of all executed blocks, as far as it was not of nobody; absent: of no block. */
  misbehaviors?(): Iterable<Misbehavior>
}

/** What the log says, read in order; later records replace earlier ones where only one counts. */
interface LogContent {
  safety: SafetyData | undefined
  readonly blocks: Map<Hex, Block>
  readonly certificates: QuorumCertificate[]
  /** Newest of each epoch. */
  readonly tcs: Map<Epoch, TimeoutCertificate>
  readonly reputations: ReputationState[]
}

/**
 * Puts together what a replica knew before it stopped, from the records of its log and the executed blocks.
 *
 * The executed chain counts from its tip down; the log adds what stands above it. Either may be ahead of the other: a
 * block that was committed but not executed is committed once more by the first step, never executed twice.
 *
 * @throws {ConsensusError} OL_CONSENSUS_RECORD, OL_CONSENSUS_RECOVERY
 * @throws {DecodeError} a record's body is malformed
 * @see docs/spec/consensus.md §7
 */
export function recoverState({
  genesis,
  records,
  executed,
}: {
  readonly genesis: Block
  readonly records: Iterable<LogRecord>
  readonly executed: ExecutedChain
}): RecoveredState {
  const log = readLog(records)
  const base = recoverBase(genesis, executed)
  const tip = base.recent.at(-1)
  if (tip === undefined) throw missing('the newest executed block')

  const tipHash = blockHash(tip.header)
  const certificates = [...log.certificates, ...certificatesOf(log.safety)]
  if (log.safety?.entry?.kind === 'tc') addTC(log.tcs, log.safety.entry.tc)
  for (const { highQC } of log.tcs.values()) certificates.push(highQC)
  for (const { header } of log.blocks.values()) certificates.push(header.qc)
  const proof = executed.commitProofAt?.(tip.header.height)
  if (proof !== undefined) certificates.push(...proof.path.slice(1).map(({ qc }) => qc), proof.qc)

  // Only what can still matter: the QC of the tip itself, or of something in a higher view.
  const epoch = epochAbove(tip.header)
  const useful = certificates.filter((qc) => {
    if (qc.epoch !== epoch) return qc.epoch > epoch
    if (qc.view === 0n) return false
    return (
      tip.header.epoch !== epoch || qc.view > tip.header.view || equalBytes(qc.blockHash, tipHash)
    )
  })
  // Of all, for a log that lost its newest may hold none of those: a TC in it is no entry proof without its highQC.
  const highQC = certificates
    .filter((qc) => qc.epoch === epoch)
    .reduce<QuorumCertificate | undefined>(
      (high, qc) => (high === undefined || qc.view > high.view ? qc : high),
      undefined,
    )
  // One above the tip is of a database that is gone.
  const lowestHeight = executed.base?.lowestHeight ?? 0n
  const reputation =
    log.reputations.findLast(
      ({ height }) => height <= tip.header.height && height >= lowestHeight,
    ) ?? (executed.base === undefined ? undefined : decodeReputation(executed.base.reputation))
  const lastTC = log.tcs.get(epoch)
  const epochBase = epoch === genesis.header.epoch ? undefined : closingBeneath(epoch, executed)
  return {
    ...(epochBase === undefined ? {} : { epochBase }),
    ...(log.safety === undefined ? {} : { safety: log.safety }),
    ...(highQC === undefined ? {} : { highQC }),
    ...(lastTC === undefined ? {} : { lastTC }),
    laterTCs: [...log.tcs.values()].filter((tc) => tc.epoch > epoch),
    ...base,
    validatorSets: setsBelow(epoch, { genesis, executed }),
    blocksAbove: [...log.blocks.values()]
      .filter(({ header }) => header.height > tip.header.height)
      .sort((a, b) => (a.header.height < b.header.height ? -1 : 1)),
    certificates: useful,
    ...(reputation === undefined ? {} : { reputation }),
    misbehaviors: executed.misbehaviors?.() ?? [],
    pastEpochs: pastEpochsBelow(epoch, { genesis, executed }),
    headers: headersFrom(reputation?.height ?? 0n, { genesis, executed }),
  }
}

function readLog(records: Iterable<LogRecord>): LogContent {
  const content: LogContent = {
    safety: undefined,
    blocks: new Map(),
    certificates: [],
    tcs: new Map(),
    reputations: [],
  }
  for (const { kind, body } of records) {
    switch (kind) {
      case 'safety':
        content.safety = decodeSafetyData(body)
        break
      case 'block': {
        const block = blockCodec.decode(body)
        content.blocks.set(bytesToHex(blockHash(block.header)), block)
        break
      }
      case 'qc':
        content.certificates.push(quorumCertificateCodec.decode(body))
        break
      case 'tc': {
        addTC(content.tcs, timeoutCertificateCodec.decode(body))
        break
      }
      case 'commit': {
        const { path, qc } = commitProofCodec.decode(body)
        content.certificates.push(...path.map((header) => header.qc), qc)
        break
      }
      case 'reputation':
        content.reputations.push(decodeReputation(body))
        break
      default:
        unreachable(kind)
    }
  }
  return content
}

/** The executed blocks above K(tip), their state roots, and the header below them. */
function recoverBase(
  genesis: Block,
  executed: ExecutedChain,
): Pick<RecoveredState, 'recent' | 'parentHeader' | 'stateRoots'> {
  const blockAt = (height: Height): Block => {
    if (height === 0n) return genesis
    const block = executed.blockAt(height)
    if (block === undefined) throw missing(`the executed block of height ${height}`)
    return block
  }
  const rootAt = (height: Height): Hash => {
    const stateRoot = height === 0n ? genesis.header.stateRoot : executed.stateRootAt(height)
    if (stateRoot === undefined) throw missing(`the state root of height ${height}`)
    return stateRoot
  }

  const tip = blockAt(executed.height)
  const parent = executed.height === 0n ? undefined : blockAt(executed.height - 1n).header
  const lowest = committedInBranch(tip.header, parent)
  const recent: Block[] = []
  const stateAt = (height: Height): ExecutedState => {
    const validators = executed.validatorsAt?.(height)
    const stateRoot = rootAt(height)
    return { height, stateRoot, ...(validators === undefined ? {} : { validators }) }
  }
  const stateRoots: ExecutedState[] = []
  for (let height = lowest; height <= executed.height; height += 1n) {
    if (height > lowest) recent.push(blockAt(height))
    // A snapshot brings the roots that headers name; nobody can ask for another one below it.
    const isUnnamed = executed.base !== undefined && height < executed.height
    if (isUnnamed && executed.stateRootAt(height) === undefined) continue
    stateRoots.push(stateAt(height))
  }
  if (executed.height === 0n) return { recent: [tip], stateRoots }
  const parentHeader: BlockHeader = blockAt(lowest).header
  return { recent, parentHeader, stateRoots }
}

/** Headers of executed blocks from a height to the tip, read one by one as they are asked for. */
function headersFrom(
  from: Height,
  { genesis, executed }: { readonly genesis: Block; readonly executed: ExecutedChain },
): Iterable<BlockHeader> {
  return {
    *[Symbol.iterator]() {
      for (let height = from; height <= executed.height; height += 1n) {
        const block = height === 0n ? genesis : executed.blockAt(height)
        if (block === undefined) throw missing(`the executed block of height ${height}`)
        yield block.header
      }
    },
  }
}

/** Certificates that stand in the safety data: its lock and its entry proof are what a restart may rely on (R6). */
function certificatesOf(safety: SafetyData | undefined): QuorumCertificate[] {
  if (safety === undefined) return []
  const { entry, lastTimeout, lockedQC } = safety
  const certificates = lockedQC === undefined ? [] : [lockedQC]
  if (entry !== undefined) certificates.push(entry.kind === 'qc' ? entry.qc : entry.tc.highQC)
  if (lastTimeout !== undefined) certificates.push(lastTimeout.highQC)
  return certificates
}

function addTC(tcs: Map<Epoch, TimeoutCertificate>, tc: TimeoutCertificate): void {
  const known = tcs.get(tc.epoch)
  if (known === undefined || tc.view > known.view) tcs.set(tc.epoch, tc)
}

/** The epoch that grows on a block. */
export function epochAbove({ epoch, flags }: BlockHeader): Epoch {
  return flags === FLAG_EPOCH_CLOSING ? epoch + 1n : epoch
}

/** Header of the executed block that closes the epoch before `epoch`. Epochs grow with height: O(log height) reads. */
export function closingBeneath(
  epoch: Epoch,
  executed: Pick<ExecutedChain, 'base' | 'height' | 'blockAt'>,
): BlockHeader | undefined {
  const lowest = executed.base?.lowestHeight ?? 1n
  let low = lowest > 0n ? lowest : 1n
  const beneath = executed.base?.closingBeneath(epoch)
  if (beneath !== undefined && beneath.height < low) return beneath
  let high = executed.height
  while (low < high) {
    const middle = (low + high) / 2n
    const block = executed.blockAt(middle)
    if (block === undefined) throw missing(`the executed block of height ${middle}`)
    if (epochAbove(block.header) >= epoch) high = middle
    else low = middle + 1n
  }
  const header = executed.blockAt(low)?.header
  return header !== undefined && epochAbove(header) === epoch ? header : undefined
}

function setsBelow(
  epoch: Epoch,
  { genesis, executed }: { readonly genesis: Block; readonly executed: ExecutedChain },
): ValidatorSet[] {
  const sets: ValidatorSet[] = []
  for (let at = genesis.header.epoch; at < epoch; at += 1n) {
    const set = executed.validatorSetOf?.(at)
    if (set !== undefined) sets.push(set)
  }
  return sets
}

/** Epochs before this one, newest first, read one by one as they are asked for. */
function pastEpochsBelow(
  epoch: Epoch,
  { genesis, executed }: { readonly genesis: Block; readonly executed: ExecutedChain },
): Iterable<PastEpoch> {
  return {
    *[Symbol.iterator]() {
      for (let at = epoch - 1n; at >= genesis.header.epoch; at -= 1n) {
        const set = executed.validatorSetOf?.(at)
        const closing = closingBeneath(at + 1n, executed)
        if (closing === undefined) return
        const closedAtMs = closing.timestampMs
        yield { epoch: at, closedAtMs, ...(set === undefined ? {} : { set }) }
      }
    },
  }
}

function missing(what: string): ConsensusError {
  return new ConsensusError(
    `the replica cannot be recovered: ${what} is not in the database; restore the data folder or start with an empty one`,
    { code: 'OL_CONSENSUS_RECOVERY', reason: `${what} is missing` },
  )
}
