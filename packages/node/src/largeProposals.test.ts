import {
  ANNOUNCED_ID_BYTES,
  type Block,
  blockCodec,
  blockHash,
  bytesToHex,
  type Hash,
  MESSAGE_KIND,
  type Proposal,
  payloadRoot,
  TRANSACTION_KIND,
  type Transaction,
  transactionId,
} from '@openliquid/primitives'
import { SeededRandom, sample } from '@openliquid/primitives/testing'
import { expect, test, vi } from 'vitest'
import { announce, LargeProposals, type LargeProposalsOptions } from './largeProposals.ts'
import { ANNOUNCEMENTS_PENDING_MAX } from './limits.ts'

const random = new SeededRandom(3)

const base = sample.proposal(random)

function proposalOf(values: readonly number[]): Proposal {
  const actions = values.map((value) => Uint8Array.of(1, value))
  const payload = { actions, evm: [Uint8Array.of(2, values.length)], evidence: [] }
  const { header } = base.block
  return {
    ...base,
    block: { header: { ...header, payloadRoot: payloadRoot(payload) }, payload },
  }
}

function transactionsOf({ block }: Proposal): Transaction[] {
  const { actions, evm } = block.payload
  return [
    ...actions.map((bytes) => ({ kind: TRANSACTION_KIND.action, bytes })),
    ...evm.map((bytes) => ({ kind: TRANSACTION_KIND.evm, bytes })),
  ]
}

function setUp(
  changes: {
    readonly pool?: readonly Transaction[]
    readonly answers?: ReadonlyMap<string, Block>
    readonly isSigned?: boolean
    readonly peers?: readonly string[]
  } = {},
) {
  const { pool = [], answers = new Map(), isSigned = true, peers = ['a', 'b'] } = changes
  const byPrefix = new Map<string, Transaction>(
    pool.map((transaction) => [
      bytesToHex(
        transactionId(transaction.kind, transaction.bytes).subarray(0, ANNOUNCED_ID_BYTES),
      ),
      transaction,
    ]),
  )
  const asked: string[] = []
  const delivered: Proposal[] = []
  const known = new Set<string>()
  const options: LargeProposalsOptions = {
    network: {
      peers: () => peers,
      request: async (peer, kind) => {
        asked.push(`${peer} ${kind}`)
        const block = answers.get(peer)
        if (block === undefined) throw new Error('refused')
        return blockCodec.encode(block)
      },
    },
    byIdPrefix: (prefixes) => prefixes.map((prefix) => byPrefix.get(prefix)),
    isKnown: (hash: Hash) => known.has(bytesToHex(hash)),
    isSigned: () => isSigned,
    deliver: (_from, proposal) => delivered.push(proposal),
    onFailure: (error) => {
      throw error
    },
  }
  return { large: new LargeProposals(options), asked, delivered, known }
}

const proposal = proposalOf([1, 2, 3])
const body = announce(proposal).body
const hash = blockHash(proposal.block.header)

test('a block whose transactions all wait here is put together without asking anybody', async () => {
  const { large, asked, delivered } = setUp({ pool: transactionsOf(proposal) })
  expect(large.onAnnouncement('a', body)).toBe('accept')
  await vi.waitFor(() => expect(delivered).toEqual([proposal]))
  expect(asked).toEqual([])
})

test('a body that is pushed meanwhile is not pulled, and not delivered again', async () => {
  const { large, asked, delivered } = setUp()
  large.onAnnouncement('a', body)
  const awaited = large.awaited(hash)
  large.onBlock(proposal.block)
  expect(await awaited).toEqual(proposal.block)
  await vi.waitFor(async () => expect(await large.awaited(hash)).toBeUndefined())
  expect([asked, delivered]).toEqual([[], []])
})

test('otherwise it is pulled: first from who announced it, a wrong body is none', async () => {
  const wrong = proposalOf([9]).block
  const answers = new Map([
    ['b', wrong],
    ['c', proposal.block],
  ])
  const { large, asked, delivered } = setUp({ answers, peers: ['a', 'b', 'c'] })
  expect(large.onAnnouncement('b', body)).toBe('accept')
  await vi.waitFor(() => expect(delivered).toEqual([proposal]))
  expect(asked).toEqual(['b', 'a', 'c'].map((peer) => `${peer} ${MESSAGE_KIND.getBlockByHash}`))
})

test('nothing is done for what is known, unsigned, malformed or more than a few at a time', async () => {
  const known = setUp()
  known.known.add(bytesToHex(hash))
  expect(known.large.onAnnouncement('a', body)).toBe('accept')
  expect(await known.large.awaited(hash)).toBeUndefined()
  expect(setUp({ isSigned: false }).large.onAnnouncement('a', body)).toBe('ignore')
  for (const bytes of [body.subarray(0, -1), Uint8Array.of(...body, 0), new Uint8Array(0)]) {
    expect(setUp().large.onAnnouncement('a', bytes)).toBe('reject')
  }
  const many = setUp()
  const others = Array.from({ length: ANNOUNCEMENTS_PENDING_MAX }, (_, i) => proposalOf([i]))
  for (const other of others) many.large.onAnnouncement('a', announce(other).body)
  many.large.onAnnouncement('a', body)
  const waits = await Promise.race([many.large.awaited(hash), 'waits'])
  expect(waits).toBeUndefined()
  many.large.stop()
})

test('an announcement names each transaction in eight bytes', () => {
  const large = proposalOf(Array.from({ length: 200 }, (_, i) => i))
  expect(announce(large).body.length - announce(proposalOf([])).body.length).toBe(200 * 8)
})
