import type { SignatureScheme } from '@openliquid/crypto'
import { nullScheme } from '@openliquid/crypto/testing'
import {
  type Block,
  blockHash,
  type ConsensusParams,
  type GetBlocks,
  type QuorumCertificate,
  SYNC_BLOCKS_MAX,
} from '@openliquid/primitives'
import { beforeEach, describe, expect, it } from 'vitest'
import { DEFAULT_PARAMS } from './chain.ts'
import { ConsensusCore } from './core.ts'
import type { Effect } from './effect.ts'
import { Fixture } from './testing/index.ts'

const fixture = new Fixture([1n, 1n, 1n, 1n])
const NOW_MS = 100_000
const params: ConsensusParams = { ...DEFAULT_PARAMS, epochDurationMs: 10 ** 12 }
const chain: Block[] = [fixture.genesis]
for (let height = 1n; height <= 120n; height += 1n) {
  const executedHeight = height > 3n ? height - 3n : 0n
  chain.push(fixture.child(chain.at(-1)!, height, { executedHeight }))
}
const qcOf = (height: number): QuorumCertificate =>
  fixture.qc(BigInt(height), blockHash(chain[height]!.header), [0, 1, 2])

let verifications = 0
/** Counts what costs a millisecond and more with real signatures. */
const counting: SignatureScheme = {
  ...nullScheme,
  verifyAggregate: (...question) => {
    verifications += 1
    return nullScheme.verifyAggregate(...question)
  },
  verify: (...question) => {
    verifications += 1
    return nullScheme.verify(...question)
  },
}

interface Fetch {
  readonly requestId: number
  readonly validators: readonly number[]
  readonly request: GetBlocks
}

function fetchOf(effects: readonly Effect[]): Fetch {
  const found = effects.find((effect) => effect.kind === 'fetchBlocks')
  if (found?.kind !== 'fetchBlocks') throw new Error('nothing is fetched')
  return found
}

/** A follower at the genesis block that hears of a block far above. */
function behind(height: number): { readonly core: ConsensusCore; readonly fetch: Fetch } {
  const core = new ConsensusCore({
    context: fixture.context,
    genesis: fixture.genesis,
    validatorSet: fixture.set,
    params,
    scheme: counting,
    nodeScheme: nullScheme,
  })
  core.step({ kind: 'start', nowMs: NOW_MS })
  const effects = core.step({
    kind: 'message',
    nowMs: NOW_MS,
    from: 'peer',
    message: { kind: 'advanceView', advanceView: { highQC: qcOf(height) } },
  })
  return { core, fetch: fetchOf(effects) }
}

function answer(
  core: ConsensusCore,
  requestId: number,
  blocks: readonly Block[],
  qc?: QuorumCertificate,
): Effect[] {
  const rest = qc === undefined ? {} : { qc }
  return core.step({
    kind: 'blocksFetched',
    nowMs: NOW_MS,
    requestId,
    from: 'server',
    blocks,
    ...rest,
  })
}

beforeEach(() => {
  verifications = 0
})

describe('block sync (§8)', () => {
  it('verifies one certificate per batch, and none for the batch that ends with the known one', () => {
    const { core, fetch } = behind(100)
    expect(verifications).toBe(1)
    expect(fetch.request).toMatchObject({ fromHeight: 1n, toHash: blockHash(chain[100]!.header) })
    const first = answer(core, fetch.requestId, chain.slice(1, 61), qcOf(60))
    expect(verifications).toBe(2)
    expect(core.status.committedHeight).toBe(59n)
    const next = fetchOf(first)
    expect(next.request.fromHeight).toBe(60n)
    answer(core, next.requestId, chain.slice(60, 101))
    expect(verifications).toBe(2)
    expect(core.status.committedHeight).toBe(99n)
  })

  it('asks the signers of the certificate, and begins with another one after a failure', () => {
    const { core, fetch } = behind(100)
    expect([...fetch.validators].sort()).toEqual([0, 1, 2])
    const failed = core.step({ kind: 'fetchFailed', nowMs: NOW_MS, requestId: fetch.requestId })
    const timer = failed.find((effect) => effect.kind === 'setTimer' && effect.timerId === 'fetch')
    if (timer?.kind !== 'setTimer') throw new Error('no timer')
    expect(timer.atMs).toBeGreaterThan(NOW_MS)
    const again = core.step({ kind: 'timerFired', nowMs: timer.atMs, timerId: 'fetch' })
    expect(fetchOf(again).validators[0]).not.toBe(fetch.validators[0])
  })

  it.each<[string, () => { readonly blocks: readonly Block[]; readonly qc?: QuorumCertificate }]>([
    ['nothing', () => ({ blocks: [] })],
    [
      'too many blocks',
      () => ({ blocks: chain.slice(1, SYNC_BLOCKS_MAX + 2), qc: qcOf(SYNC_BLOCKS_MAX + 1) }),
    ],
    ['no certificate', () => ({ blocks: chain.slice(1, 41) })],
    ['a certificate of another block', () => ({ blocks: chain.slice(1, 41), qc: qcOf(41) })],
    [
      'a certificate without a quorum',
      () => ({
        blocks: chain.slice(1, 41),
        qc: fixture.qc(40n, blockHash(chain[40]!.header), [0, 1]),
      }),
    ],
    ['a hole', () => ({ blocks: chain.slice(1, 41).filter((_, i) => i !== 20), qc: qcOf(40) })],
    ['another order', () => ({ blocks: chain.slice(1, 41).reverse(), qc: qcOf(1) })],
    [
      'another payload',
      () => ({
        blocks: chain.slice(1, 41).map(({ header }) => ({
          header,
          payload: { actions: [Uint8Array.of(1)], evm: [], evidence: [] },
        })),
        qc: qcOf(40),
      }),
    ],
    ['blocks that do not reach down', () => ({ blocks: chain.slice(5, 41), qc: qcOf(40) })],
  ])('refuses %s with a code, takes none of it, and asks again later', (_, make) => {
    const { core, fetch } = behind(100)
    const { blocks, qc } = make()
    const effects = answer(core, fetch.requestId, blocks, qc)
    const report = effects.find((effect) => effect.kind === 'report')
    expect(report).toMatchObject({
      peer: 'server',
      fault: { verdict: 'reject', code: 'OL_CONSENSUS_SYNC' },
    })
    expect(core.status.committedHeight).toBe(0n)
    expect(core.buffers.uncommittedBlocks).toBe(0)
    expect(effects.some((effect) => effect.kind === 'setTimer' && effect.timerId === 'fetch')).toBe(
      true,
    )
    // The same answer once more is to a request that is over.
    expect(answer(core, fetch.requestId, chain.slice(1, 41), qcOf(40))).toEqual([])
  })

  it('goes on with live certificates meanwhile, so that its target moves', () => {
    const { core, fetch } = behind(40)
    const message = { kind: 'advanceView', advanceView: { highQC: qcOf(60) } } as const
    const moved = core.step({ kind: 'message', nowMs: NOW_MS, from: 'peer', message })
    expect(fetchOf(moved).request.toHash).toEqual(blockHash(chain[60]!.header))
    answer(core, fetch.requestId, chain.slice(1, 41))
    expect(core.status).toMatchObject({ committedHeight: 39n, highQCView: 60n })
  })
})
