import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogRecord } from '@openliquid/consensus'
import {
  assert,
  type Block,
  blockHash,
  bytesToHex,
  type ConsensusMessage,
  type Height,
  type Hex,
  type Proposal,
} from '@openliquid/primitives'
import { openConsensusLog } from '@openliquid/storage'
import {
  nodeLogIo,
  readRecord,
  readSegmentHeader,
  SEGMENT_HEADER_BYTES,
} from '@openliquid/storage/testing'
import { ADVERSARIES, Cluster, planOf } from '../src/index.ts'

/** The node whose log is recorded: honest, and up all the time. */
const RECORDED = 1
const FAULTY = 3
const RUN_MS = 4_000

/** Something the recorded node did. */
export type LogEvent =
  | {
      readonly kind: 'append'
      readonly records: readonly LogRecord[]
      readonly sync: boolean
      /** Executed blocks that were on disk then. */
      readonly height: Height
      readonly nowMs: number
    }
  | { readonly kind: 'sent'; readonly message: ConsensusMessage }

/** A run of a cluster as one of its nodes wrote it down. */
export interface RecordedLog {
  readonly seed: number
  readonly cluster: Cluster
  readonly node: number
  readonly events: readonly LogEvent[]
  /** Of all nodes, forks and all. */
  readonly proposals: readonly Proposal[]
  readonly blocks: ReadonlyMap<Hex, Block>
  /** The log's only segment, up to its last record. */
  readonly bytes: Uint8Array
  /** Where the header and each record end. */
  readonly ends: readonly number[]
}

/**
 * Runs four validators, one of them faulty in ways that the seed chooses, over links that the seed makes bad, and
 * writes what one honest node persists through the log that ships.
 */
export function recordLog(seed: number, runMs: number = RUN_MS): RecordedLog {
  const plan = planOf(seed)
  const adversaries = plan.faults.flatMap((fault) => fault.adversaries)
  const events: LogEvent[] = []
  const proposals: Proposal[] = []
  const blocks = new Map<Hex, Block>()
  const cluster: Cluster = new Cluster({
    seed,
    stakes: [1n, 1n, 1n, 1n],
    links: plan.links,
    executionMs: plan.executionMs,
    params: {
      highTip: plan.highTip,
      ...(plan.epochMs === undefined ? {} : { epochDurationMs: plan.epochMs }),
    },
    nodes: new Map([
      [
        FAULTY,
        {
          adversaries: ['byzantineLeader' as const, ...adversaries].map(
            (name) => ADVERSARIES[name],
          ),
        },
      ],
    ]),
    observe: (node, effect, nowMs) => {
      const message =
        effect.kind === 'send' || effect.kind === 'broadcast' ? effect.message : undefined
      if (message?.kind === 'proposal') {
        proposals.push(message.proposal)
        const { block } = message.proposal
        blocks.set(bytesToHex(blockHash(block.header)), block)
      }
      if (node !== RECORDED) return
      if (message !== undefined) events.push({ kind: 'sent', message })
      if (effect.kind !== 'persist') return
      const { height } = cluster.node(RECORDED).application
      events.push({ kind: 'append', records: effect.records, sync: effect.sync, height, nowMs })
    },
  })
  cluster.start()
  cluster.runFor(runMs)
  return { seed, cluster, node: RECORDED, events, proposals, blocks, ...logOf(events) }
}

function logOf(events: readonly LogEvent[]): Pick<RecordedLog, 'bytes' | 'ends'> {
  const path = mkdtempSync(join(tmpdir(), 'openliquid-wal-'))
  try {
    // Where the log is cut is decided later: nothing needs to reach a disk now.
    const log = openConsensusLog({ path, io: { ...nodeLogIo, sync() {}, syncFolder() {} } })
    for (const event of events) {
      if (event.kind === 'append') log.append(event.records, { sync: event.sync })
    }
    assert(log.segmentCount === 1, 'a short run fits a segment')
    const source = Uint8Array.from(readFileSync(join(path, '00000000.log')))
    const header = readSegmentHeader(source)
    assert(header !== undefined, 'a segment begins with its header')
    const ends = [SEGMENT_HEADER_BYTES]
    for (let at = SEGMENT_HEADER_BYTES; ; ) {
      const record = readRecord(source, at, header.salt)
      if (record === undefined) break
      at = record.end
      ends.push(at)
    }
    log.close()
    return { bytes: source.slice(0, ends.at(-1)), ends }
  } finally {
    rmSync(path, { recursive: true, force: true })
  }
}
