import { nullScheme } from '@openliquid/crypto/testing'
import {
  type Block,
  blockCodec,
  blockHash,
  type ConsensusParams,
  commitProofCodec,
  type Hash,
  quorumCertificateCodec,
  timeoutCertificateCodec,
} from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { committedInBranch } from './committedInBranch.ts'
import type { ConsensusOptions } from './consensusOptions.ts'
import { ConsensusCore } from './core.ts'
import type { LogRecord } from './effect.ts'
import { type ExecutedChain, recoverState } from './recovery.ts'
import { encodeSafetyData } from './safetyCodec.ts'
import type { SafetyData } from './safetyData.ts'
import { Fixture } from './testing/index.ts'

const fixture = new Fixture([1n, 1n, 1n, 1n])
const root = (height: bigint): Hash => new Uint8Array(32).fill(Number(height) + 1)

/** Blocks of consecutive views from 1, with the right executedHeight and roots. */
function chainOf(count: number): Block[] {
  const blocks = [fixture.genesis]
  let executedHeight = 0n
  for (let i = 1; i <= count; i++) {
    const parent = blocks.at(-1)!
    const stateRoot =
      executedHeight === 0n ? fixture.genesis.header.stateRoot : root(executedHeight)
    const block = fixture.child(parent, BigInt(i), { executedHeight, stateRoot })
    executedHeight = committedInBranch(block.header, parent.header)
    blocks.push(block)
  }
  return blocks
}

const blocks = chainOf(9)
const executedTo = (height: bigint): ExecutedChain => ({
  height,
  blockAt: (at) => (at <= height ? blocks[Number(at)] : undefined),
  stateRootAt: (at) => (at <= height ? root(at) : undefined),
})
const block = (height: number): LogRecord => ({
  kind: 'block',
  body: blockCodec.encode(blocks[height]!),
})
const qcOf = (height: number) =>
  fixture.qc(BigInt(height), blockHash(blocks[height]!.header), [0, 1, 2])
const params = {
  highTip: false,
  viewTimeoutMs: 500,
  viewTimeoutGrowthMilli: 1_500,
  viewTimeoutFreeFailures: 2,
  viewTimeoutMsMax: 8_000,
  backupDelayMs: 125,
  minBlockIntervalMs: 50,
  clockDriftMsMax: 250,
  epochDurationMs: 10 ** 12,
} as ConsensusParams

function optionsFor(records: readonly LogRecord[], executed: ExecutedChain): ConsensusOptions {
  return {
    context: fixture.context,
    genesis: fixture.genesis,
    validatorSet: fixture.set,
    params,
    scheme: nullScheme,
    nodeScheme: nullScheme,
    self: { index: 0, voteSecretKey: fixture.secretOf(0), nodeSecretKey: fixture.secretOf(0) },
    recovered: recoverState({ genesis: fixture.genesis, records, executed }),
  }
}

function safety(data: Partial<SafetyData>): LogRecord {
  return {
    kind: 'safety',
    body: encodeSafetyData({
      epoch: 1n,
      lastVotedView: 0n,
      lockedView: 0n,
      lockedQC: fixture.genesisQC,
      ...data,
    }),
  }
}

describe('recoverState (§7)', () => {
  it('starts at genesis from nothing', () => {
    const core = new ConsensusCore(optionsFor([], executedTo(0n)))
    expect(core.status).toMatchObject({ view: 1n, committedHeight: 0n, executedHeight: 0n })
    // From the first step on, a log without safety data is a lost one.
    const [first] = core.step({ kind: 'start', nowMs: 5_000 })
    expect(first).toMatchObject({ kind: 'persist', sync: true, records: [{ kind: 'safety' }] })
  })

  it('commits again what was committed but not executed, and only that', () => {
    const proof = { path: [blocks[6]!.header, blocks[7]!.header], qc: qcOf(7) }
    const records = [
      safety({}),
      ...[3, 4, 5, 6, 7].map(block),
      { kind: 'commit', body: commitProofCodec.encode(proof) } as const,
    ]
    const core = new ConsensusCore(optionsFor(records, executedTo(4n)))
    const effects = core.step({ kind: 'start', nowMs: 50_000 })
    const heights = effects.flatMap((effect) =>
      effect.kind === 'commit' ? effect.blocks.map(({ context }) => context.height) : [],
    )
    expect(heights).toEqual([5n, 6n])
    expect(core.status).toMatchObject({ committedHeight: 6n, executedHeight: 4n, view: 8n })
  })

  it('believes the database where it is ahead of the log', () => {
    const core = new ConsensusCore(optionsFor([safety({}), block(3), block(4)], executedTo(7n)))
    const effects = core.step({ kind: 'start', nowMs: 50_000 })
    expect(effects.some(({ kind }) => kind === 'commit')).toBe(false)
    expect(core.status).toMatchObject({ committedHeight: 7n, executedHeight: 7n })
  })

  it('is never below its last vote: the entry certificate stands in the safety data (R6)', () => {
    const qc = qcOf(8)
    const byQC = safety({ lastVotedView: 9n, entry: { kind: 'qc', qc } })
    expect(new ConsensusCore(optionsFor([byQC], executedTo(7n))).status.view).toBe(9n)
    const tc = fixture.tc(11n, qc, [[8n, [1, 2, 3]]])
    const byTC = safety({ lastVotedView: 12n, entry: { kind: 'tc', tc } })
    expect(new ConsensusCore(optionsFor([byTC], executedTo(7n))).status.view).toBe(12n)
  })

  it('enters the view after the newest certificate of the log', () => {
    const tc = fixture.tc(12n, qcOf(8), [[8n, [1, 2, 3]]])
    const records: LogRecord[] = [
      safety({}),
      { kind: 'tc', body: timeoutCertificateCodec.encode(tc) },
      { kind: 'qc', body: quorumCertificateCodec.encode(qcOf(7)) },
    ]
    const core = new ConsensusCore(optionsFor(records, executedTo(7n)))
    expect(core.status).toMatchObject({ view: 13n, highQCView: 8n })
  })

  it('repeats its last vote and timeout byte for byte, if they are of the current view', () => {
    const vote = fixture.vote(0, 9n, blockHash(blocks[9]!.header))
    const timeout = fixture.timeout(0, 9n, qcOf(8), { vote })
    const records = [
      block(8),
      block(9),
      safety({
        lastVotedView: 9n,
        lockedView: 8n,
        lockedQC: qcOf(8),
        entry: { kind: 'qc', qc: qcOf(8) },
        lastVote: vote,
        lastTimeout: timeout,
      }),
    ]
    const effects = new ConsensusCore(optionsFor(records, executedTo(7n))).step({
      kind: 'start',
      nowMs: 50_000,
    })
    expect(effects).toContainEqual({ kind: 'broadcast', message: { kind: 'timeout', timeout } })
    const votes = effects.filter((effect) => effect.kind === 'send')
    expect(votes.map(({ message }) => message)).toContainEqual({ kind: 'vote', vote })
  })

  it('refuses to sign where blocks were executed but the safety data is gone', () => {
    const options = optionsFor([], executedTo(3n))
    expect(() => new ConsensusCore(options)).toThrow(/OL_CONSENSUS_RECOVERY/)
    const { self: _, ...follower } = options
    expect(new ConsensusCore(follower).status.committedHeight).toBe(3n)
  })

  it('says what is missing in the database, and what it cannot read in the log', () => {
    const noRoots = { ...executedTo(3n), stateRootAt: () => undefined }
    expect(() => optionsFor([], noRoots)).toThrow(/state root of height .*OL_CONSENSUS_RECOVERY/)
    const noBlocks = { ...executedTo(3n), blockAt: () => undefined }
    expect(() => optionsFor([], noBlocks)).toThrow(/OL_CONSENSUS_RECOVERY/)
    const junk: LogRecord = { kind: 'safety', body: Uint8Array.of(0, 0, 0, 9, 1) }
    expect(() => optionsFor([junk], executedTo(0n))).toThrow(/OL_CONSENSUS_RECORD/)
  })
})
