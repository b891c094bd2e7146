import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ConsensusInput,
  ConsensusCore as CoreThatShips,
  type Effect,
  type ExecutedChain,
  epochAbove,
  type LogRecord,
  recoverState as recoverStateThatShips,
} from '@openliquid/consensus'
import {
  assert,
  blockHash,
  bytesToHex,
  type Height,
  type Payload,
  type Proposal,
  proposalDigest,
} from '@openliquid/primitives'
import { type LoggedRecord, openConsensusLog } from '@openliquid/storage'
import {
  findRecordBeyond,
  nodeLogIo,
  readRecord,
  readSegmentHeader,
  SEGMENT_HEADER_BYTES,
} from '@openliquid/storage/testing'
import {
  type CoreModule,
  DiskLog,
  Prng,
  PropertyViolation,
  peerIdOf,
  SignatureOracle,
  VirtualDisk,
} from '../src/index.ts'
import type { LogEvent, RecordedLog } from './recordedLog.ts'

/** Zeros behind a cut: what a torn write leaves where the segment was allocated before. */
const ZEROS_BYTES = 64
/** Views around the last one signed in, whose proposals tempt a restarted replica. */
const VIEWS_AROUND = 2n
const EMPTY: Payload = { actions: [], evm: [], evidence: [] }

const REAL: CoreModule = { ConsensusCore: CoreThatShips, recoverState: recoverStateThatShips }

/** What was tried on one log. */
export interface Tally {
  readonly cuts: number
  readonly restarts: number
}

/**
 * Cuts a log at every byte: as the end of the file, and with zeros behind. Each cut must leave exactly the records
 * that are whole, without an alarm. Cuts inside one record leave the same, so the replica restarts once for all of
 * them, under temptations, and the oracle watches it over both lives.
 *
 * @throws {PropertyViolation} a restart is not silent, or signs what contradicts the life before
 */
export function cutEverywhere(log: RecordedLog, coreModule: CoreModule = REAL): Tally {
  const { bytes, ends } = log
  const prng = new Prng(log.seed)
  const header = readSegmentHeader(bytes)
  assert(header !== undefined, 'the log has a header')
  let cuts = 0
  for (const [count, start] of ends.entries()) {
    // The end of the last record is a cut too; nothing lies behind it.
    const end = ends[count + 1] ?? start + 1
    const seq = header.firstSeq + BigInt(count)
    const torn = new Uint8Array(end - start + ZEROS_BYTES)
    for (let cut = start; cut < end; cut++) {
      if (cut > start) torn[cut - start - 1] = bytes[cut - 1] as number
      expectTail(log, bytes.subarray(start, cut), { salt: header.salt, seq })
      // A record that ends in zeros is whole already.
      if (bytes.subarray(cut, end).some((byte) => byte !== 0)) {
        expectTail(log, torn, { salt: header.salt, seq })
      }
      cuts += 1
    }
    const records = reopened(bytes.subarray(0, start + prng.below(end - start)))
    demand(records.length === count, log, `the log has ${records.length} records, not ${count}`)
    restart(log, records, coreModule)
  }
  // Inside its header the log holds nothing, and is begun anew.
  for (let cut = 0; cut < SEGMENT_HEADER_BYTES; cut++) {
    demand(reopened(bytes.subarray(0, cut)).length === 0, log, 'records without a header')
    cuts += 1
  }
  return { cuts, restarts: ends.length }
}

/** What begins after the last whole record must be taken for a tail that was never synced. */
function expectTail(
  log: RecordedLog,
  tail: Uint8Array,
  { salt, seq }: { readonly salt: number; readonly seq: bigint },
): void {
  demand(readRecord(tail, 0, salt) === undefined, log, `half of record ${seq} is read`)
  demand(findRecordBeyond(tail, 0, salt, seq) === undefined, log, `record ${seq} raises an alarm`)
}

/** What the log that ships finds in a segment. */
function reopened(segment: Uint8Array): readonly LoggedRecord[] {
  const path = mkdtempSync(join(tmpdir(), 'openliquid-wal-'))
  try {
    writeFileSync(join(path, '00000000.log'), segment)
    // It clears the rest of the segment, which is thrown away here.
    const log = openConsensusLog({
      path,
      io: { ...nodeLogIo, write() {}, sync() {}, syncFolder() {} },
    })
    const records = log.recover()
    log.close()
    return records
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
}

/** Lives the first life up to the cut, then a second one that is tempted to contradict it. */
function restart(
  log: RecordedLog,
  records: readonly LogRecord[],
  { ConsensusCore, recoverState }: CoreModule,
): void {
  const { cluster, node } = log
  const { chain, params, schemes } = cluster
  const disk = new VirtualDisk()
  const oracle = new SignatureOracle(node)
  const durable = new DiskLog(disk)
  const sign = (effect: Effect): void => {
    if (effect.kind !== 'send' && effect.kind !== 'broadcast') return
    oracle.onLeaving(effect.message, durable, (hash) => log.blocks.get(bytesToHex(hash)))
  }
  const { height, nowMs } = relive(log.events, records.length, { disk, sign })

  const { application } = cluster.node(node)
  const executed: ExecutedChain = {
    height,
    blockAt: (at) => (at > height ? undefined : application.blockAt(at)),
    stateRootAt: (at) => (at > height ? undefined : application.stateRootAt(at)),
    commitProofAt: (at) => (at > height ? undefined : application.commitProofAt(at)),
  }
  const tip = executed.blockAt(height)
  const keys = chain.keys[node]
  assert(tip !== undefined && keys !== undefined, 'the node has a chain and keys')
  const epoch = epochAbove(tip.header)
  const core = new ConsensusCore({
    context: chain.context,
    genesis: chain.genesis,
    validatorSet: { ...chain.set, epoch },
    params,
    ...schemes,
    self: { index: node, ...keys },
    recovered: recoverState({ genesis: chain.genesis, records, executed }),
  })
  let laterMs = nowMs + 1_000
  const step = (input: ConsensusInput): void => {
    for (const effect of core.step(input)) {
      demand(effect.kind !== 'halt' && effect.kind !== 'alarm', log, `${effect.kind} on restart`)
      if (effect.kind === 'persist') disk.append(effect.records, { sync: effect.sync })
      sign(effect)
      answer(effect)
    }
  }
  /** Builds, checks and executes at once; roots are those of the first life. */
  const answer = (effect: Effect): void => {
    if (effect.kind === 'buildPayload') {
      step({ kind: 'payloadBuilt', nowMs: laterMs, view: effect.view, payload: EMPTY })
    }
    if (effect.kind === 'checkPayload') {
      step({ kind: 'payloadChecked', nowMs: laterMs, blockHash: effect.blockHash, ok: true })
    }
    if (effect.kind !== 'commit') return
    for (const { context } of effect.blocks) {
      const stateRoot = application.stateRootAt(context.height)
      if (stateRoot === undefined) return
      step({ kind: 'executed', nowMs: laterMs, height: context.height, stateRoot })
    }
  }
  step({ kind: 'start', nowMs: laterMs })
  const { view } = core.status
  for (const proposal of temptations(log, { epoch, view })) {
    const from = peerIdOf(proposal.block.header.proposer)
    step({ kind: 'message', nowMs: laterMs, from, message: { kind: 'proposal', proposal } })
  }
  laterMs += params.viewTimeoutMsMax
  step({ kind: 'timerFired', nowMs: laterMs, timerId: 'view' })
  for (const proposal of temptations(log, { epoch, view })) {
    const from = peerIdOf(proposal.block.header.proposer)
    step({ kind: 'message', nowMs: laterMs, from, message: { kind: 'proposal', proposal } })
  }
}

/** Repeats what the node wrote and sent until the cut; the records of the append that was cut are on disk in part. */
function relive(
  events: readonly LogEvent[],
  count: number,
  { disk, sign }: { readonly disk: VirtualDisk; readonly sign: (effect: Effect) => void },
): { readonly height: Height; readonly nowMs: number } {
  let written = 0
  let last = { height: 0n, nowMs: 0 }
  for (const event of events) {
    if (event.kind === 'sent') {
      sign({ kind: 'broadcast', message: event.message })
      continue
    }
    last = event
    const left = count - written
    if (left < event.records.length || left === 0) {
      disk.append(event.records.slice(0, left), { sync: true })
      break
    }
    disk.append(event.records, { sync: event.sync })
    written += event.records.length
  }
  return last
}

/** For each proposal around a view one with another block, signed by the same leader, then itself. */
function* temptations(
  { cluster: { chain, schemes }, proposals }: RecordedLog,
  { epoch, view }: { readonly epoch: bigint; readonly view: bigint },
): Iterable<Proposal> {
  for (const proposal of proposals) {
    if (proposal.epoch !== epoch) continue
    if (proposal.view < view - VIEWS_AROUND || proposal.view > view + VIEWS_AROUND) continue
    const { block, tc } = proposal
    const keys = chain.keys[block.header.proposer]
    if (keys !== undefined && tc === undefined && block.header.view === proposal.view) {
      const header = { ...block.header, timestampMs: block.header.timestampMs + 1 }
      const hash = blockHash(header)
      const digest = proposalDigest(chain.context, epoch, proposal.view, hash, undefined)
      yield {
        ...proposal,
        block: { header, payload: block.payload },
        signature: schemes.nodeScheme.sign(keys.nodeSecretKey, digest),
      }
    }
    yield proposal
  }
}

function demand(condition: boolean, { seed }: RecordedLog, text: string): void {
  if (!condition) throw new PropertyViolation(`WAL: ${text} (seed ${seed})`)
}
