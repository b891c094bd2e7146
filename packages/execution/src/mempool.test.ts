import type { EvmTransaction } from '@openliquid/evm'
import type { NonceVerdict } from '@openliquid/exchange'
import {
  type Address,
  bytesToHex,
  equalBytes,
  type GenesisEvm,
  hexToBytes,
  sha256,
  TRANSACTION_KIND,
  type Transaction,
  transactionId,
  utf8ToBytes,
} from '@openliquid/primitives'
import { beforeEach, describe, expect, test } from 'vitest'
import { buildPayload, type PayloadLimits } from './buildPayload.ts'
import { type Drop, Mempool, type MempoolOptions, type Selection } from './mempool.ts'
import type { ReadAction, ReadEvmTransaction, ReadTransaction } from './transactionReader.ts'

const GWEI = 1_000_000_000n
const ALICE = '0x000000000000000000000000000000000000000a'
const BOB = '0x000000000000000000000000000000000000000b'
const CAROL = '0x000000000000000000000000000000000000000c'
const NOW = 1_700_000_000_000

/** What stands in the bytes of a test transaction: the tests are about the pool, not about decoding. */
interface Plain {
  readonly from: string
  readonly nonce: number
  readonly expiresAfter?: number
  readonly tip?: number
  readonly maxFee?: number
  readonly gas?: number
  readonly value?: string
  readonly pad?: string
}

const bytesOf = (plain: Plain): Uint8Array => utf8ToBytes(JSON.stringify(plain))
const evmTx = (plain: Plain): Transaction => ({ kind: TRANSACTION_KIND.evm, bytes: bytesOf(plain) })
const action = (plain: Plain): Transaction => ({
  kind: TRANSACTION_KIND.action,
  bytes: bytesOf(plain),
})

const reader = {
  read(kind: Transaction['kind'], bytes: Uint8Array): ReadTransaction {
    const plain = JSON.parse(new TextDecoder().decode(bytes)) as Plain
    const txId = transactionId(kind, bytes)
    const common = { bytes, txId, key: bytesToHex(txId), sender: hexToBytes(plain.from) }
    if (kind === TRANSACTION_KIND.action) {
      const { nonce, expiresAfter } = plain
      const envelope = { nonce, ...(expiresAfter === undefined ? {} : { expiresAfter }) }
      return { ...common, kind, envelope, action: { type: 'noop' } } as ReadAction
    }
    const maxFeePerGas = BigInt(plain.maxFee ?? 10) * GWEI
    const transaction = {
      hash: sha256(bytes),
      sender: common.sender,
      nonce: BigInt(plain.nonce),
      gasLimit: BigInt(plain.gas ?? 21_000),
      value: BigInt(plain.value ?? 0),
      maxFeePerGas,
      maxPriorityFeePerGas: BigInt(plain.tip ?? 1) * GWEI,
      bytes,
    } as EvmTransaction
    return { ...common, kind: TRANSACTION_KIND.evm, transaction }
  },
}

class World {
  readonly nonces = new Map<string, bigint>()
  readonly balances = new Map<string, bigint>()
  readonly bigBlockUsers = new Set<string>()
  readonly contracts = new Set<string>()
  readonly unknown = new Set<string>()
  readonly usedNonces = new Map<string, NonceVerdict>()
  baseFee = GWEI
  now = NOW
  readonly genesis: GenesisEvm = {
    alloc: {},
    lanes: [{ periodMs: 0, gasLimit: 100_000, baseFee: '1', baseFeeMin: '1' }],
    nonceWindow: 64,
  }
  readonly drops: string[] = []
  mempool: Mempool

  constructor(options: Partial<MempoolOptions> = {}) {
    const { genesis } = this
    const key = (address: Address): string => bytesToHex(address)
    this.mempool = new Mempool({
      state: {
        core: {
          timestampMs: NOW,
          checkNonce: (signer, nonce) => this.usedNonces.get(`${key(signer)} ${nonce}`) ?? 'ok',
          isSigner: (user) => !this.unknown.has(key(user)),
          usingBigBlocks: (user) => this.bigBlockUsers.has(key(user)),
        },
        evm: {
          getNonce: (address) => this.nonces.get(key(address)) ?? 0n,
          getBalance: (address) => this.balances.get(key(address)) ?? 10n ** 18n,
          getCode: (address) =>
            this.contracts.has(key(address)) ? Uint8Array.of(1) : new Uint8Array(0),
          getBaseFee: () => this.baseFee,
          getGasLimit: (lane = 0) => BigInt((options.evm ?? genesis).lanes[lane]?.gasLimit ?? 0),
        },
      },
      reader,
      evm: genesis,
      clock: () => this.now,
      ...options,
    })
    this.mempool.onDrop(({ error }: Drop) => this.drops.push(error.code))
  }

  admit(...transactions: Transaction[]): void {
    for (const transaction of transactions) this.mempool.admit(transaction)
  }

  refusal(transaction: Transaction): string {
    try {
      this.mempool.admit(transaction)
    } catch (error) {
      const { code, reason } = error as { code: string; reason: string }
      return `${code}: ${reason}`
    }
    return 'admitted'
  }

  evmNonces(selection: Partial<Selection> = {}): string[] {
    return [...this.mempool.evm({ ...SELECTION, ...selection })].map(
      ({ sender, transaction }) => `${bytesToHex(sender).at(-1)}${transaction.nonce}`,
    )
  }

  executed(transactions: Transaction[], timestampMs: number = this.now): void {
    const reads = transactions.map(({ kind, bytes }) => reader.read(kind, bytes))
    this.mempool.onExecuted(
      {
        actions: reads.filter((read) => read.kind === TRANSACTION_KIND.action) as ReadAction[],
        evm: reads.filter((read) => read.kind === TRANSACTION_KIND.evm) as ReadEvmTransaction[],
        skipped: [],
      },
      timestampMs,
    )
  }
}

const SELECTION: Selection = {
  times: { timestampMs: NOW + 1, parentTimestampMs: NOW },
  excluded: new Set(),
  firstNonces: new Map(),
}

let world: World
beforeEach(() => {
  world = new World()
})

describe('admission of actions', () => {
  test('tells the node, once', () => {
    const seen: number[] = []
    world.mempool.onAdmit(({ kind }) => seen.push(kind))
    world.admit(action({ from: ALICE, nonce: NOW }))
    expect(world.refusal(action({ from: ALICE, nonce: NOW }))).toBe(
      'OL_MEMPOOL_KNOWN: already known',
    )
    expect(seen).toEqual([0])
    expect(world.mempool.counts()).toMatchObject({ transactions: 1, actions: 1, evmPending: 0 })
  })

  test('refuses an unknown signer, an expired action and a nonce that the rule refuses', () => {
    world.unknown.add(BOB)
    world.usedNonces.set(`${ALICE} 5`, 'tooLow')
    world.usedNonces.set(`${ALICE} 6`, 'duplicate')
    world.usedNonces.set(`${ALICE} 7`, 'outOfRange')
    expect([
      world.refusal(action({ from: BOB, nonce: NOW })),
      world.refusal(action({ from: ALICE, nonce: NOW, expiresAfter: NOW - 1 })),
      world.refusal(action({ from: ALICE, nonce: NOW, expiresAfter: NOW })),
      world.refusal(action({ from: ALICE, nonce: 5 })),
      world.refusal(action({ from: ALICE, nonce: 6 })),
      world.refusal(action({ from: ALICE, nonce: 7 })),
    ]).toEqual([
      `OL_MEMPOOL_UNKNOWN_SIGNER: User or API Wallet ${BOB} does not exist.`,
      'OL_MEMPOOL_EXPIRED: Action expired.',
      'admitted',
      'OL_MEMPOOL_ACTION_NONCE: Invalid nonce: too low',
      'OL_MEMPOOL_ACTION_NONCE: Invalid nonce: duplicate nonce',
      'OL_MEMPOOL_ACTION_NONCE: Invalid nonce: out of range',
    ])
  })

  test('refuses a second action with a nonce that waits', () => {
    world.admit(action({ from: ALICE, nonce: NOW }))
    expect(world.refusal(action({ from: ALICE, nonce: NOW, pad: 'other' }))).toBe(
      'OL_MEMPOOL_ACTION_NONCE: Invalid nonce: duplicate nonce',
    )
    world.admit(action({ from: BOB, nonce: NOW }))
  })
})

describe('admission of Ethereum transactions', () => {
  test('answers the texts that tools match on', () => {
    world.nonces.set(ALICE, 5n)
    world.contracts.add(CAROL)
    world.baseFee = 2n * GWEI
    expect([
      world.refusal(evmTx({ from: ALICE, nonce: 4 })),
      world.refusal(evmTx({ from: ALICE, nonce: 5 + 4_096 })),
      world.refusal(evmTx({ from: ALICE, nonce: 4 + 4_096 })),
      world.refusal(evmTx({ from: ALICE, nonce: 5, gas: 100_001 })),
      world.refusal(evmTx({ from: ALICE, nonce: 5, maxFee: 1 })),
      world.refusal(evmTx({ from: CAROL, nonce: 0 })),
      world.refusal(evmTx({ from: ALICE, nonce: 5, value: '1000000000000000000' })),
    ]).toEqual([
      'OL_MEMPOOL_NONCE_TOO_LOW: nonce too low',
      'OL_MEMPOOL_NONCE_TOO_HIGH: nonce too high',
      'admitted',
      'OL_MEMPOOL_GAS_LIMIT: exceeds block gas limit',
      'OL_MEMPOOL_BASE_FEE: max fee per gas less than block base fee',
      'OL_MEMPOOL_SENDER_HAS_CODE: sender not an eoa',
      'OL_MEMPOOL_FUNDS: insufficient funds for gas * price + value',
    ])
  })

  test('adds up what the waiting transactions of a sender may cost', () => {
    const one = 21_000n * 10n * GWEI
    world.balances.set(ALICE, 2n * one + 5n)
    world.admit(evmTx({ from: ALICE, nonce: 0 }), evmTx({ from: ALICE, nonce: 1, value: '5' }))
    expect(world.refusal(evmTx({ from: ALICE, nonce: 2 }))).toMatch('OL_MEMPOOL_FUNDS')
    // A replacement is counted instead of the old one, not beside it.
    expect(world.refusal(evmTx({ from: ALICE, nonce: 1, maxFee: 11, tip: 2 }))).toMatch('FUNDS')
    world.balances.set(ALICE, 2n * one + 5n + 21_000n * GWEI)
    expect(world.refusal(evmTx({ from: ALICE, nonce: 1, maxFee: 11, tip: 2, value: '5' }))).toBe(
      'admitted',
    )
  })

  test('replaces only for a tenth more of both fees', () => {
    const old = { from: ALICE, nonce: 0, maxFee: 100, tip: 10 }
    const underpriced = 'OL_MEMPOOL_REPLACEMENT_UNDERPRICED: replacement transaction underpriced'
    world.admit(evmTx(old))
    expect(world.refusal(evmTx({ ...old, maxFee: 110, tip: 10 }))).toBe(underpriced)
    expect(world.refusal(evmTx({ ...old, maxFee: 109, tip: 11 }))).toBe(underpriced)
    expect(world.refusal(evmTx({ ...old, maxFee: 110, tip: 11 }))).toBe('admitted')
    expect(world.drops).toEqual(['OL_MEMPOOL_REPLACED'])
    expect(world.mempool.counts()).toMatchObject({ transactions: 1, evmPending: 1 })
    expect(world.mempool.evmContent().pending[0]?.maxFeePerGas).toBe(110n * GWEI)
  })

  test('queues what comes behind a gap and counts it when the gap closes', () => {
    world.admit(evmTx({ from: ALICE, nonce: 1 }), evmTx({ from: ALICE, nonce: 2 }))
    expect(world.mempool.counts()).toMatchObject({ evmPending: 0, evmQueued: 2 })
    expect(world.mempool.pendingNonce(hexToBytes(ALICE))).toBe(0n)
    expect(world.evmNonces()).toEqual([])
    world.admit(evmTx({ from: ALICE, nonce: 0 }))
    expect(world.mempool.counts()).toMatchObject({ evmPending: 3, evmQueued: 0 })
    expect(world.mempool.pendingNonce(hexToBytes(ALICE))).toBe(3n)
    expect(world.evmNonces()).toEqual(['a0', 'a1', 'a2'])
  })
})

describe('limits', () => {
  test('of one sender hold for both kinds together', () => {
    world = new World({ senderTransactionsMax: 2 })
    world.admit(action({ from: ALICE, nonce: NOW }), evmTx({ from: ALICE, nonce: 0 }))
    expect(world.refusal(evmTx({ from: ALICE, nonce: 1 }))).toBe(
      'OL_MEMPOOL_SENDER_FULL: txpool is full',
    )
    expect(world.refusal(action({ from: ALICE, nonce: NOW + 1 }))).toMatch('OL_MEMPOOL_SENDER_FULL')
    world.admit(evmTx({ from: BOB, nonce: 0 }))
  })

  test('of count make room at the tail of the largest sender, never at a head', () => {
    world = new World({ transactionsMax: 3 })
    for (let nonce = 0; nonce < 3; nonce++) world.admit(evmTx({ from: ALICE, nonce }))
    world.admit(evmTx({ from: BOB, nonce: 0 }))
    expect(world.drops).toEqual(['OL_MEMPOOL_EVICTED'])
    expect(world.evmNonces()).toEqual(['a0', 'a1', 'b0'])
    world.admit(action({ from: CAROL, nonce: NOW }))
    expect(world.evmNonces()).toEqual(['a0', 'b0'])
    expect(
      world.refusal(evmTx({ from: '0x000000000000000000000000000000000000000d', nonce: 0 })),
    ).toBe('OL_MEMPOOL_FULL: txpool is full')
    expect(world.refusal(evmTx({ from: ALICE, nonce: 1 }))).toMatch('OL_MEMPOOL_FULL')
  })

  test('of bytes hold', () => {
    const size = evmTx({ from: ALICE, nonce: 0 }).bytes.length
    world = new World({ bytesMax: 2 * size })
    world.admit(evmTx({ from: ALICE, nonce: 0 }), evmTx({ from: BOB, nonce: 0 }))
    expect(world.refusal(evmTx({ from: CAROL, nonce: 0 }))).toMatch('OL_MEMPOOL_FULL')
    expect(world.mempool.counts().bytes).toBe(2 * size)
  })
})

describe('a payload', () => {
  test('takes Ethereum transactions by tip, then arrival, in order of nonce for one sender', () => {
    world.admit(
      evmTx({ from: ALICE, nonce: 0, tip: 1 }),
      evmTx({ from: ALICE, nonce: 1, tip: 9 }),
      evmTx({ from: BOB, nonce: 0, tip: 2 }),
      evmTx({ from: CAROL, nonce: 0, tip: 2 }),
    )
    expect(world.evmNonces()).toEqual(['b0', 'c0', 'a0', 'a1'])
    // What is left above the base fee counts, not what was offered.
    world.baseFee = 9n * GWEI
    expect(world.evmNonces()).toEqual(['a0', 'a1', 'b0', 'c0'])
    world.baseFee = 11n * GWEI
    expect(world.evmNonces()).toEqual([])
  })

  test('keeps to the gas limit and lets smaller senders fill the rest', () => {
    world.admit(
      evmTx({ from: ALICE, nonce: 0, tip: 5, gas: 60_000 }),
      evmTx({ from: BOB, nonce: 0, tip: 4, gas: 60_000 }),
      evmTx({ from: BOB, nonce: 1, tip: 4 }),
      evmTx({ from: CAROL, nonce: 0, tip: 3, gas: 40_000 }),
    )
    expect(world.evmNonces()).toEqual(['a0', 'c0'])
  })

  test('takes at most the window of nonces from one sender', () => {
    const evm = { ...world.genesis, nonceWindow: 2 }
    world = new World({ evm })
    for (let nonce = 0; nonce < 4; nonce++) world.admit(evmTx({ from: ALICE, nonce }))
    expect(world.evmNonces()).toEqual(['a0', 'a1'])
    expect(world.evmNonces({ firstNonces: new Map([[ALICE, 2n]]) })).toEqual(['a2', 'a3'])
  })

  test('leaves out ids of the branch and goes on after nonces that are not executed yet', () => {
    const waiting = [0, 1, 2].map((nonce) => evmTx({ from: ALICE, nonce }))
    const noop = action({ from: ALICE, nonce: NOW })
    world.admit(...waiting, noop)
    const excluded = new Set(
      [waiting[0]!, noop].map(({ kind, bytes }) => bytesToHex(transactionId(kind, bytes))),
    )
    expect(world.evmNonces({ excluded })).toEqual([])
    expect(world.evmNonces({ excluded, firstNonces: new Map([[ALICE, 1n]]) })).toEqual(['a1', 'a2'])
    expect([...world.mempool.actions({ ...SELECTION, excluded })]).toEqual([])
  })

  test('carries Ethereum transactions only for a lane that is due', () => {
    const evm: GenesisEvm = {
      ...world.genesis,
      lanes: [
        { periodMs: 1_000, gasLimit: 50_000, baseFee: '1', baseFeeMin: '1' },
        { periodMs: 60_000, gasLimit: 500_000, baseFee: '1', baseFeeMin: '1' },
      ],
    }
    world = new World({ evm })
    world.bigBlockUsers.add(BOB)
    world.admit(evmTx({ from: ALICE, nonce: 0 }), evmTx({ from: BOB, nonce: 0, gas: 200_000 }))
    expect(world.refusal(evmTx({ from: ALICE, nonce: 1, gas: 200_000 }))).toMatch('GAS_LIMIT')
    const at = (parentTimestampMs: number, timestampMs: number): string[] =>
      world.evmNonces({ times: { parentTimestampMs, timestampMs } })
    expect(at(1_000, 1_500)).toEqual([])
    expect(at(1_500, 2_000)).toEqual(['a0'])
    expect(at(59_999, 60_000).sort()).toEqual(['a0', 'b0'])
  })

  test('keeps to bytes and counts, and drops what expired', () => {
    for (let i = 0; i < 4; i++) world.admit(action({ from: ALICE, nonce: NOW + i }))
    world.admit(
      action({ from: BOB, nonce: NOW, expiresAfter: NOW }),
      evmTx({ from: BOB, nonce: 0 }),
    )
    const all = buildPayload(world.mempool, SELECTION, world.genesis, {})
    expect([all.actions.length, all.evm.length, all.evidence.length]).toEqual([4, 1, 0])
    expect(world.drops).toEqual(['OL_MEMPOOL_EXPIRED'])
    const two = buildPayload(world.mempool, SELECTION, world.genesis, { transactionsMax: 2 })
    expect([two.actions.length, two.evm.length]).toEqual([2, 1])
    const bytesMax = all.evm[0]!.length + 2 * all.actions[0]!.length + 3 * 4 - 1
    const small = buildPayload(world.mempool, SELECTION, world.genesis, { bytesMax })
    expect([small.actions.length, small.evm.length]).toEqual([1, 1])
  })

  test('gives an address twice its share of maker volume when not all fit, and the rest as there is room', () => {
    for (let i = 0; i < 6; i++) world.admit(action({ from: ALICE, nonce: NOW + i }))
    for (let i = 0; i < 4; i++) world.admit(action({ from: BOB, nonce: NOW + i }))
    const [one] = buildPayload(world.mempool, SELECTION, world.genesis, {}).actions
    const all = [...world.mempool.actions(SELECTION)]
    const room = (count: number) => ({ bytesMax: count * (one!.length + 4 + 2) })
    const build = (limits: PayloadLimits, shareOfBob: number | undefined) => {
      const share = (sender: Address) => (bytesToHex(sender) === BOB ? shareOfBob : 0)
      const { actions } = buildPayload(world.mempool, SELECTION, world.genesis, limits, share)
      return actions.map((bytes) => {
        const at = all.findIndex((read) => equalBytes(read.bytes, bytes))
        return `${bytesToHex(all[at]!.sender) === BOB ? 'b' : 'a'}${at % 6}`
      })
    }
    // A share of nothing is one transaction a block, and what is left over goes by arrival.
    expect(build(room(4), 250_000)).toEqual(['a0', 'a1', 'b0', 'b1'])
    expect(build(room(4), 500_000)).toEqual(['a0', 'b0', 'b1', 'b2'])
    expect(build(room(4), 0)).toEqual(['a0', 'a1', 'a2', 'b0'])
    expect(build({}, 0)).toHaveLength(10)
    const plain = buildPayload(world.mempool, SELECTION, world.genesis, room(4)).actions
    expect(plain).toEqual(all.slice(0, 4).map(({ bytes }) => bytes))
  })

  test('keeps an action whose nonce is too far ahead for this block', () => {
    world.admit(action({ from: ALICE, nonce: NOW + 5 }))
    world.usedNonces.set(`${ALICE} ${NOW + 5}`, 'outOfRange')
    expect([...world.mempool.actions(SELECTION)]).toEqual([])
    world.usedNonces.clear()
    expect([...world.mempool.actions(SELECTION)]).toHaveLength(1)
  })
})

describe('after a block', () => {
  test('what it executed is gone without a reason, and what it made impossible with one', () => {
    const done = [evmTx({ from: ALICE, nonce: 0 }), action({ from: ALICE, nonce: NOW })]
    world.admit(...done, evmTx({ from: ALICE, nonce: 1 }), action({ from: ALICE, nonce: NOW + 1 }))
    world.nonces.set(ALICE, 1n)
    world.usedNonces.set(`${ALICE} ${NOW + 1}`, 'tooLow')
    world.executed(done)
    expect(world.drops).toEqual(['OL_MEMPOOL_ACTION_NONCE'])
    expect(world.mempool.counts()).toMatchObject({ transactions: 1, actions: 0, evmPending: 1 })
  })

  test('a nonce taken by another transaction is too low', () => {
    world.admit(evmTx({ from: ALICE, nonce: 0 }))
    world.nonces.set(ALICE, 1n)
    world.executed([evmTx({ from: ALICE, nonce: 0, pad: 'other' })])
    expect(world.drops).toEqual(['OL_MEMPOOL_NONCE_TOO_LOW'])
  })

  test('promises that the sender can no longer keep go, the last first', () => {
    for (let nonce = 0; nonce < 4; nonce++) world.admit(evmTx({ from: ALICE, nonce }))
    world.nonces.set(ALICE, 1n)
    world.balances.set(ALICE, 21_000n * 10n * GWEI)
    world.executed([evmTx({ from: ALICE, nonce: 0 })])
    expect(world.drops).toEqual(['OL_MEMPOOL_FUNDS', 'OL_MEMPOOL_FUNDS'])
    expect(world.evmNonces()).toEqual(['a1'])
  })

  test('what can never run is dropped, what may run later stays', () => {
    const never = evmTx({ from: ALICE, nonce: 0 })
    const later = evmTx({ from: BOB, nonce: 0 })
    world.admit(never, later)
    const skip = ({ kind, bytes }: Transaction, code: string) => ({
      read: reader.read(kind, bytes) as ReadEvmTransaction,
      code,
    })
    world.mempool.onExecuted(
      {
        actions: [],
        evm: [],
        skipped: [skip(never, 'OL_EVM_SKIP_REFUSED'), skip(later, 'OL_EVM_SKIP_BLOCK_GAS')],
      },
      NOW,
    )
    expect(world.drops).toEqual(['OL_MEMPOOL_SKIPPED'])
    expect(world.evmNonces()).toEqual(['b0'])
  })

  test('what waited for more than a day is dropped', () => {
    world.admit(evmTx({ from: ALICE, nonce: 5 }), action({ from: BOB, nonce: NOW }))
    world.now += 86_400_000
    world.executed([])
    expect(world.drops).toEqual([])
    world.now += 1
    world.admit(evmTx({ from: CAROL, nonce: 0 }))
    world.executed([])
    expect(world.drops).toEqual(['OL_MEMPOOL_OUTDATED', 'OL_MEMPOOL_OUTDATED'])
    expect(world.mempool.counts()).toMatchObject({ transactions: 1, actions: 0 })
  })
})

test('finds what waits by the beginning of an id, and nothing where two begin so', () => {
  const waiting = [
    action({ from: ALICE, nonce: NOW }),
    evmTx({ from: BOB, nonce: 0 }),
    action({ from: ALICE, nonce: NOW + 1 }),
  ]
  world.admit(...waiting)
  const prefixOf = ({ kind, bytes }: Transaction, digits: number): string =>
    bytesToHex(transactionId(kind, bytes)).slice(0, 2 + digits)
  const [first, second] = waiting as [Transaction, Transaction]
  const prefixes = [prefixOf(second, 16), '0x0000000000000000', prefixOf(first, 16)]
  expect(world.mempool.byIdPrefix(prefixes)).toEqual([second, undefined, first])
  expect(world.mempool.byIdPrefix([])).toEqual([])
  // No digit at all is the beginning of every id.
  expect(world.mempool.byIdPrefix(['0x'])).toEqual([undefined])
})
