import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MerklePatriciaTrie } from '@ethereumjs/mpt'
import {
  bytesToHex,
  bytesToUint,
  CORE_WRITER_ADDRESS,
  equalBytes,
  hexToBytes,
  type KeyValueStore,
  keccak256,
  type L1Precompile,
  uintToBytes,
  utf8ToBytes,
} from '@openliquid/primitives'
import { openStore } from '@openliquid/storage'
import { memoryStore } from '@openliquid/storage/testing'
import { describe, expect, test } from 'vitest'
import { decodeAccount, encodeTrieAccount } from './account.ts'
import type { EvmError } from './errors.ts'
import { EvmExecutor } from './evmExecutor.ts'
import type { EvmTransition } from './evmTransition.ts'
import { encodeRlp } from './rlp.ts'
import { NO_EXCHANGE } from './testing/evmFixture.ts'
import { EvmFixture, FIXTURE_ADDRESSES, FIXTURE_CHAIN_ID, fixtureGenesis } from './testing/index.ts'
import { callData, probeContract } from './testing/probeContract.ts'

const [alice, bob, carol] = FIXTURE_ADDRESSES as [Uint8Array, Uint8Array, Uint8Array]
const HYPE = 10n ** 18n
const GWEI = 10n ** 9n

/** The root that @ethereumjs/mpt builds of every account and slot in the store's flat tables. */
async function oracleRoot(store: KeyValueStore): Promise<Uint8Array> {
  const accounts = new MerklePatriciaTrie()
  for await (const [key, value] of store.entries(prefix('a'))) {
    const record = decodeAccount(value)
    const address = key.slice(2)
    const storage = new MerklePatriciaTrie()
    const owner = Uint8Array.of(
      ...prefix('s').gte,
      ...address,
      ...uintToBytes(record.incarnation, 4),
    )
    for await (const [slotKey, slotValue] of store.entries({ gte: owner })) {
      if (!equalBytes(slotKey.subarray(0, owner.length), owner)) break
      await storage.put(keccak256(slotKey.slice(owner.length)), encodeRlp(slotValue))
    }
    expect(bytesToHex(record.storageRoot)).toBe(bytesToHex(storage.root()))
    await accounts.put(keccak256(address), encodeTrieAccount(record))
  }
  return accounts.root()
}

function prefix(table: string): { gte: Uint8Array; lt: Uint8Array } {
  const code = table.charCodeAt(0)
  return { gte: Uint8Array.of(0x65, code), lt: Uint8Array.of(0x65, code + 1) }
}

async function contents(store: KeyValueStore): Promise<string[]> {
  const lines: string[] = []
  for await (const [key, value] of store.entries({}))
    lines.push(`${bytesToHex(key)} ${bytesToHex(value)}`)
  return lines
}

/** A chain with the probe deployed. */
async function withProbe(options: Partial<Parameters<typeof EvmFixture.create>[0]> = {}): Promise<{
  chain: EvmFixture
  store: KeyValueStore
  probe: Uint8Array
  deployed: EvmTransition
}> {
  const store = options.store ?? memoryStore()
  const chain = await EvmFixture.create({ ...options, store })
  const deployed = await chain.block([
    chain.transaction({ data: probeContract().initCode, gasLimit: 3_000_000n }),
  ])
  const probe = deployed.receipts[0]?.contractAddress
  if (probe === undefined) throw new Error('the probe has no address')
  return { chain, store, probe, deployed }
}

describe('transactions', () => {
  test.each([0, 1, 2] as const)(
    'a transfer of type %i moves value and burns the fee',
    async (type) => {
      const store = memoryStore()
      const chain = await EvmFixture.create({ store })
      const { view } = chain.executor
      const fees = { maxFeePerGas: 3n * GWEI, maxPriorityFeePerGas: GWEI }
      const transaction = chain.transaction({
        type,
        to: bob,
        value: HYPE,
        gasLimit: 21_000n,
        ...fees,
      })
      const { receipts, skipped, block } = await chain.block([transaction])
      // Types 0 and 1 pay their whole price, type 2 the base fee of 1 gwei and its tip.
      const price = type === 2 ? 2n * GWEI : 3n * GWEI
      expect(skipped).toEqual([])
      expect(receipts[0]).toMatchObject({
        transactionHash: keccak256(transaction.bytes),
        transactionIndex: 0,
        blockNumber: 1n,
        blockHash: block?.hash,
        type,
        from: alice,
        to: bob,
        status: 1,
        gasUsed: 21_000n,
        cumulativeGasUsed: 21_000n,
        effectiveGasPrice: price,
        logs: [],
      })
      expect(view.getBalance(alice)).toBe(9_999n * HYPE - 21_000n * price)
      expect(view.getBalance(bob)).toBe(10_001n * HYPE)
      expect(view.getNonce(alice)).toBe(1n)
      // The base fee is gone, the tip is with nobody: at the zero address.
      expect(view.getBalance(new Uint8Array(20))).toBe(21_000n * (price - GWEI))
      expect(chain.executor.evmRoot).toEqual(await oracleRoot(store))
    },
  )

  test('a contract is deployed, called, emits an event and has a receipt', async () => {
    const { chain, probe, deployed } = await withProbe()
    const { view } = chain.executor
    expect(deployed.receipts[0]).toMatchObject({ status: 1, contractAddress: probe })
    expect(view.getCode(probe)).toEqual(probeContract().runtimeCode)
    const data = callData('store(uint256,uint256)', 5, 77)
    const { receipts, block } = await chain.block([chain.transaction({ to: probe, data })])
    expect(receipts[0]?.status).toBe(1)
    expect(receipts[0]?.logs).toEqual([
      {
        address: probe,
        topics: [
          keccak256(utf8ToBytes('Stored(address,uint256,uint256)')),
          uintToBytes(bytesToUint(alice), 32),
          uintToBytes(5, 32),
        ],
        data: uintToBytes(77, 32),
        blockNumber: 2n,
        blockHash: block?.hash,
        timestamp: block?.header.timestamp,
        transactionHash: receipts[0]?.transactionHash,
        transactionIndex: 0,
        logIndex: 0,
      },
    ])
    const slot = keccak256(Uint8Array.of(...uintToBytes(5, 32), ...uintToBytes(0, 32)))
    expect(view.getStorage(probe, slot)).toEqual(uintToBytes(77, 32))
    expect(view.getReceipt(receipts[0]!.transactionHash)).toEqual(receipts[0])
  })

  test('a reverted transaction pays, leaves no logs and changes nothing else', async () => {
    const { chain, probe } = await withProbe()
    const data = callData('writeAndRevert(bytes)', [Uint8Array.of(1, 0, 0, 7)])
    const { receipts, coreWriterLogs } = await chain.block([chain.transaction({ to: probe, data })])
    expect(receipts[0]).toMatchObject({ status: 0, logs: [] })
    expect(receipts[0]?.gasUsed).toBeLessThan(1_000_000n)
    expect(coreWriterLogs).toEqual([])
    expect(chain.executor.view.getNonce(alice)).toBe(2n)
  })

  test('out of gas takes all gas', async () => {
    const { chain, probe } = await withProbe()
    const data = callData('spin()')
    const { receipts } = await chain.block([
      chain.transaction({ to: probe, data, gasLimit: 90_000n }),
    ])
    expect(receipts[0]).toMatchObject({ status: 0, gasUsed: 90_000n })
    expect(chain.executor.view.getStorage(probe, uintToBytes(1, 32))).toEqual(new Uint8Array(32))
  })

  test('an access list makes its slots warm and costs its price', async () => {
    const { chain, probe } = await withProbe()
    const data = callData('count(uint256)', 1)
    const accessList = [{ address: probe, storageKeys: [uintToBytes(1, 32)] }]
    const { receipts } = await chain.block([
      chain.transaction({ to: probe, data, nonce: 1 }),
      chain.transaction({ to: probe, data, nonce: 2 }),
      chain.transaction({ to: probe, data, nonce: 3, type: 1, accessList }),
    ])
    const [, cold, warm] = receipts.map(({ gasUsed }) => gasUsed)
    // 2400 for the address, which the call warms anyway, 1900 for the slot, whose first read is 2000 cheaper (EIP-2930).
    expect((warm as bigint) - (cold as bigint)).toBe(2_400n + 1_900n - 2_000n)
  })

  test('opcodes see the block: number, time, zero coinbase and randomness, base fee, limit, parent hash', async () => {
    const { chain, probe } = await withProbe()
    const { view } = chain.executor
    const result = await view.call({ to: probe, data: callData('environment()'), gasPrice: 0n })
    if (result.status !== 'success') throw new Error(result.status)
    const words = Array.from({ length: 7 }, (_, n) =>
      bytesToUint(result.output.subarray(32 * n, 32 * n + 32)),
    )
    const { header } = view.head
    const genesis = view.getBlockByNumber(0n)
    expect(words).toEqual([
      1n,
      header.timestamp,
      0n,
      0n,
      0n,
      30_000_000n,
      bytesToUint(genesis!.hash),
    ])
  })

  test('a contract that is made and ended in one transaction leaves nothing', async () => {
    const { chain, store, probe } = await withProbe()
    const data = callData('bearAndEnd()')
    const { receipts } = await chain.block([chain.transaction({ to: probe, data, value: HYPE })])
    expect(receipts[0]?.status).toBe(1)
    const child = keccak256(encodeRlp([probe, Uint8Array.of(1)])).slice(12)
    expect(chain.executor.view.getCode(child)).toHaveLength(0)
    expect(chain.executor.evmRoot).toEqual(await oracleRoot(store))
  })

  test('ending an older contract moves its value and keeps its code (EIP-6780)', async () => {
    const { chain, store, probe } = await withProbe()
    const { view } = chain.executor
    const bear = callData('bear(bytes32)', 1)
    const born = await view.call({ to: probe, data: bear })
    if (born.status !== 'success') throw new Error(born.status)
    const child = born.output.slice(12)
    await chain.block([chain.transaction({ to: probe, data: bear })])
    await chain.block([chain.transaction({ to: child, value: 5n, nonce: 2 })])
    const code = view.getCode(child)
    expect(code.length).toBeGreaterThan(0)
    await chain.block([
      chain.transaction({ to: probe, data: callData('endChild(address)', child) }),
    ])
    expect(view.getCode(child)).toEqual(code)
    expect(view.getStorage(child, new Uint8Array(32))).toEqual(uintToBytes(7, 32))
    // The same salt again meets the child that is still there.
    expect(await view.call({ to: probe, data: bear })).not.toMatchObject({ status: 'success' })
    expect(chain.executor.evmRoot).toEqual(await oracleRoot(store))
  })

  test('point evaluation is refused: a chain without blobs has no proofs', async () => {
    const { chain } = await withProbe()
    const result = await chain.executor.view.call({
      to: uintToBytes(0x0a, 20),
      data: new Uint8Array(192),
    })
    expect(result.status).toBe('failed')
  })
})

describe('skips', () => {
  test('gapped and used nonces leave no trace', async () => {
    const chain = await EvmFixture.create({ store: memoryStore() })
    const first = chain.transaction({ to: bob, nonce: 0 })
    const { receipts, skipped, block } = await chain.block([
      chain.transaction({ to: bob, nonce: 1 }),
      first,
      first,
      chain.transaction({ to: bob, nonce: 1 }),
      chain.transaction({ to: bob, nonce: 3 }),
    ])
    expect(skipped.map(({ index, reason }) => [index, reason])).toEqual([
      [0, { code: 'OL_EVM_SKIP_NONCE_TOO_HIGH', nonce: 1n, expected: 0n }],
      [2, { code: 'OL_EVM_SKIP_NONCE_TOO_LOW', nonce: 0n, expected: 1n }],
      [4, { code: 'OL_EVM_SKIP_NONCE_TOO_HIGH', nonce: 3n, expected: 2n }],
    ])
    expect(receipts).toHaveLength(2)
    expect(block?.transactionHashes).toHaveLength(2)
    expect(block?.header.gasUsed).toBe(42_000n)
  })

  test('a sender without funds for gas, price and value', async () => {
    const chain = await EvmFixture.create({ store: memoryStore() })
    const transaction = chain.transaction({ to: bob, value: 10_000n * HYPE, gasLimit: 21_000n })
    const { skipped, block } = await chain.block([transaction])
    expect(skipped[0]?.reason).toMatchObject({ code: 'OL_EVM_SKIP_FUNDS' })
    expect(block).toBeUndefined()
  })

  test('a maximum fee below the base fee', async () => {
    const chain = await EvmFixture.create({ store: memoryStore() })
    const transaction = chain.transaction({ to: bob, maxFeePerGas: GWEI - 1n })
    const { skipped } = await chain.block([transaction])
    expect(skipped[0]?.reason).toEqual({
      code: 'OL_EVM_SKIP_BASE_FEE',
      maxFee: GWEI - 1n,
      baseFee: GWEI,
    })
  })

  test('a gas limit above what the block has left', async () => {
    const chain = await EvmFixture.create({ store: memoryStore() })
    const { skipped, receipts } = await chain.block([
      chain.transaction({ to: bob, gasLimit: 21_000n }),
      chain.transaction({ to: bob, gasLimit: 30_000_000n - 20_999n }, 1),
      chain.transaction({ to: bob, gasLimit: 30_000_000n - 21_000n }, 2),
    ])
    expect(skipped).toMatchObject([{ index: 1, reason: { code: 'OL_EVM_SKIP_BLOCK_GAS' } }])
    expect(receipts).toHaveLength(2)
  })

  test('more transactions of one sender than the nonce window has', async () => {
    const genesis = fixtureGenesis({ nonceWindow: 2 })
    const chain = await EvmFixture.create({ store: memoryStore(), genesis })
    const { skipped } = await chain.block(
      [0, 1, 2].map((nonce) => chain.transaction({ to: bob, nonce })),
    )
    expect(skipped).toMatchObject([
      { index: 2, reason: { code: 'OL_EVM_SKIP_NONCE_WINDOW', window: 2 } },
    ])
  })

  test('a sender that has code (EIP-3607)', async () => {
    const { alloc } = fixtureGenesis()
    const balance = HYPE.toString()
    const genesis = fixtureGenesis({
      alloc: { ...alloc, [bytesToHex(alice)]: { balance, code: '0x00' } },
    })
    const chain = await EvmFixture.create({ store: memoryStore(), genesis })
    const { skipped } = await chain.block([chain.transaction({ to: bob, nonce: 0 })])
    expect(skipped).toMatchObject([{ reason: { code: 'OL_EVM_SKIP_SENDER_HAS_CODE' } }])
  })

  test('bytes that are no transaction of this chain', async () => {
    const chain = await EvmFixture.create({ store: memoryStore() })
    const good = chain.transaction({ to: bob })
    const { skipped } = await chain.block([{ ...good, bytes: good.bytes.subarray(1) }])
    expect(skipped).toMatchObject([{ reason: { code: 'OL_EVM_SKIP_MALFORMED' } }])
  })
})

describe('precompiles', () => {
  const ticker: L1Precompile = {
    address: uintToBytes(0x0807, 20),
    name: 'ticker',
    run(input, gasLimit, reader) {
      if (gasLimit < 6_160n) return { ok: false, reason: 'outOfGas' }
      if (input.length !== 32) return { ok: false, reason: 'invalidInput' }
      return { ok: true, gasUsed: 6_160n, output: uintToBytes(reader.height, 32) }
    },
  }
  const exchange = { ...NO_EXCHANGE, height: 41n }
  const read = (input: Uint8Array, gas: bigint): Uint8Array =>
    callData('read(address,bytes,uint256)', ticker.address, [input], gas)

  test('STATICCALL reads the exchange and costs what the precompile says', async () => {
    const { chain, probe } = await withProbe({ precompiles: [ticker], exchange })
    const data = read(new Uint8Array(32), 100_000n)
    const result = await chain.executor.view.call({ to: probe, data })
    if (result.status !== 'success') throw new Error(result.status)
    const word = (n: number): bigint => bytesToUint(result.output.subarray(32 * n, 32 * n + 32))
    expect([word(0), word(4)]).toEqual([1n, 41n])
    const gasUsed = word(2)
    expect(gasUsed).toBeGreaterThan(6_160n + 100n)
    expect(gasUsed).toBeLessThan(6_160n + 1_000n)
  })

  test.each([
    ['invalid input', new Uint8Array(31), 50_000n],
    ['too little gas', new Uint8Array(32), 6_159n],
  ])('%s burns the gas of the frame and nothing more', async (_what, input, gasGiven) => {
    const { chain, probe } = await withProbe({ precompiles: [ticker], exchange })
    const { receipts } = await chain.block([
      chain.transaction({ to: probe, data: read(input, gasGiven) }),
    ])
    expect(receipts[0]?.status).toBe(1)
    // The probe stores 2 when the read failed.
    expect(chain.executor.view.getStorage(probe, uintToBytes(1, 32))).toEqual(uintToBytes(2, 32))
    const call = await chain.executor.view.call({ to: probe, data: read(input, gasGiven) })
    if (call.status !== 'success') throw new Error(call.status)
    const gasUsed = bytesToUint(call.output.subarray(64, 96))
    expect(gasUsed).toBeGreaterThanOrEqual(gasGiven)
    expect(gasUsed).toBeLessThan(gasGiven + 1_000n)
    expect(bytesToUint(call.output.subarray(96, 128))).toBe(0n)
  })

  test('an address between precompiles is an empty account', async () => {
    const { chain } = await withProbe({
      precompiles: [{ ...ticker, address: uintToBytes(0x0805, 20) }, ticker],
      exchange,
    })
    const result = await chain.executor.view.call({
      to: uintToBytes(0x0806, 20),
      data: Uint8Array.of(1),
    })
    expect(result).toMatchObject({ status: 'success', output: new Uint8Array(0), gasUsed: 21_016n })
  })
})

describe('CoreWriter', () => {
  const action = hexToBytes(`0x01000007${'0f4240'.padStart(64, '0')}${'1'.padStart(64, '0')}`)

  test('a basic call costs about 47,000 gas', async () => {
    const chain = await EvmFixture.create({ store: memoryStore() })
    const data = callData('sendRawAction(bytes)', [action])
    const { receipts } = await chain.block([chain.transaction({ to: CORE_WRITER_ADDRESS, data })])
    expect(receipts[0]?.gasUsed).toBeGreaterThan(46_000n)
    expect(receipts[0]?.gasUsed).toBeLessThan(49_500n)
  })

  test('the log names the caller and carries the action', async () => {
    const chain = await EvmFixture.create({ store: memoryStore() })
    const data = callData('sendRawAction(bytes)', [action])
    const { coreWriterLogs, receipts } = await chain.block([
      chain.transaction({ to: CORE_WRITER_ADDRESS, data }),
      chain.transaction(
        { to: CORE_WRITER_ADDRESS, data: callData('sendRawAction(bytes)', [new Uint8Array(0)]) },
        1,
      ),
    ])
    expect(coreWriterLogs).toEqual([
      { evmTxHash: receipts[0]?.transactionHash, logIndex: 0, user: alice, data: action },
      { evmTxHash: receipts[1]?.transactionHash, logIndex: 1, user: bob, data: new Uint8Array(0) },
    ])
  })

  test('a frame that reverts gives no action, the frames around it do', async () => {
    const { chain, probe } = await withProbe()
    const data = callData('writeInside(bytes)', [action])
    const { coreWriterLogs } = await chain.block([chain.transaction({ to: probe, data })])
    expect(coreWriterLogs.map(({ user, logIndex }) => [user, logIndex])).toEqual([
      [probe, 0],
      [probe, 1],
    ])
  })

  test('the same log of another contract is no action', async () => {
    const { alloc } = fixtureGenesis()
    const chain = await EvmFixture.create({ store: memoryStore() })
    const code = bytesToHex(chain.executor.view.getCode(CORE_WRITER_ADDRESS)) as `0x${string}`
    const imposter = bytesToHex(new Uint8Array(20).fill(0x34))
    const genesis = fixtureGenesis({ alloc: { ...alloc, [imposter]: { balance: '0', code } } })
    const other = await EvmFixture.create({ store: memoryStore(), genesis })
    const data = callData('sendRawAction(bytes)', [action])
    const { coreWriterLogs, receipts } = await other.block([
      other.transaction({ to: hexToBytes(imposter), data }),
    ])
    expect(receipts[0]?.logs).toHaveLength(1)
    expect(coreWriterLogs).toEqual([])
  })
})

describe('state', () => {
  test('the root is what @ethereumjs/mpt builds of the same accounts, over many blocks', async () => {
    const { chain, store, probe } = await withProbe()
    for (let round = 0; round < 8; round++) {
      const nonce = chain.executor.view.getNonce(alice)
      const stored = [0n, 1n, 2n, 3n].map((n) =>
        chain.transaction({
          to: probe,
          nonce: nonce + n,
          // Every third value is zero: slots come and go.
          data: callData(
            'store(uint256,uint256)',
            BigInt((round * 5 + Number(n)) % 7),
            BigInt((round + Number(n)) % 3),
          ),
        }),
      )
      const fresh = keccak256(Uint8Array.of(round)).slice(0, 20)
      await chain.block([...stored, chain.transaction({ to: fresh, value: 1n }, 1)])
      expect(chain.executor.evmRoot).toEqual(await oracleRoot(store))
    }
  })

  test('genesis accounts have code, storage and nonces; CoreWriter is deployed', async () => {
    const store = memoryStore()
    const address = bytesToHex(new Uint8Array(20).fill(9))
    const storage = {
      [bytesToHex(uintToBytes(1, 32))]: bytesToHex(uintToBytes(5, 32)) as `0x${string}`,
    }
    const alloc = { [address]: { balance: '3', nonce: 4, code: '0x6001' as const, storage } }
    const chain = await EvmFixture.create({ store, genesis: fixtureGenesis({ alloc }) })
    const { view } = chain.executor
    const account = hexToBytes(address)
    expect(view.getBalance(account)).toBe(3n)
    expect(view.getNonce(account)).toBe(4n)
    expect(view.getCode(account)).toEqual(hexToBytes('0x6001'))
    expect(view.getStorage(account, uintToBytes(1, 32))).toEqual(uintToBytes(5, 32))
    expect(view.getCode(CORE_WRITER_ADDRESS).length).toBeGreaterThan(100)
    expect(view.head.header.stateRoot).toEqual(await oracleRoot(store))
  })

  test('storage without code and nonce makes a creation collide (EIP-7610)', async () => {
    const target = keccak256(encodeRlp([alice, new Uint8Array(0)])).slice(12)
    const { alloc } = fixtureGenesis()
    const storage = {
      [bytesToHex(uintToBytes(1, 32))]: bytesToHex(uintToBytes(5, 32)) as `0x${string}`,
    }
    const genesis = fixtureGenesis({
      alloc: { ...alloc, [bytesToHex(target)]: { balance: '1', storage } },
    })
    const chain = await EvmFixture.create({ store: memoryStore(), genesis })
    const { receipts } = await chain.block([
      chain.transaction({ data: probeContract().initCode, gasLimit: 3_000_000n }),
    ])
    expect(receipts[0]).toMatchObject({ status: 0, gasUsed: 3_000_000n })
    expect(chain.executor.view.getCode(target)).toHaveLength(0)
  })
})

describe('crash and restart', () => {
  async function drive(
    chain: EvmFixture,
    probe: Uint8Array,
    rounds: readonly number[],
  ): Promise<string[]> {
    const hashes: string[] = []
    for (const round of rounds) {
      const data = callData('store(uint256,uint256)', round, round + 1)
      const { block } = await chain.block([chain.transaction({ to: probe, data })])
      hashes.push(bytesToHex(block!.hash))
    }
    return hashes
  }

  test('a restarted executor goes on exactly where it was', async () => {
    const straight = await withProbe()
    const expected = await drive(straight.chain, straight.probe, [0, 1, 2, 3, 4, 5])

    const { chain, store, probe } = await withProbe()
    const first = await drive(chain, probe, [0, 1, 2])
    const restarted = await EvmFixture.create({ store })
    expect(restarted.executor.view.head).toEqual(chain.executor.view.head)
    expect([...first, ...(await drive(restarted, probe, [3, 4, 5]))]).toEqual(expected)
    expect(await contents(store)).toEqual(await contents(straight.store))
  })

  test('applying alone leaves the store as it was: a crash before the batch loses nothing', async () => {
    const { chain, store } = await withProbe()
    const before = await contents(store)
    const lost = await chain.apply([chain.transaction({ to: bob, value: 1n })])
    expect(await contents(store)).toEqual(before)
    const restarted = await EvmFixture.create({ store })
    const again = await restarted.block([restarted.transaction({ to: bob, value: 1n })])
    expect(again.block?.hash).toEqual(lost.block?.hash)
    expect(again.writes).toEqual(lost.writes)
  })

  test('a crash between the batch and accept loses nothing either', async () => {
    const { chain, store } = await withProbe()
    const transition = await chain.apply([chain.transaction({ to: bob, value: 1n })])
    await store.batch(transition.writes, { sync: true })
    const restarted = await EvmFixture.create({ store })
    expect(restarted.executor.view.head.hash).toEqual(transition.block?.hash)
  })

  test('readers see a block when it is accepted, not when it is applied or on disk', async () => {
    const { chain, store } = await withProbe()
    const { executor } = chain
    const { view } = executor
    const before = view.getBalance(bob)
    const transaction = chain.transaction({ to: bob, value: 5n })
    const transition = await chain.apply([transaction])
    for (const step of [
      async () => undefined,
      () => store.batch(transition.writes, { sync: true }),
    ]) {
      await step()
      expect(view.getBalance(bob)).toBe(before)
      expect(view.getNonce(alice)).toBe(1n)
      expect(view.getReceipt(transaction.hash)).toBeUndefined()
      expect(view.getBlockByNumber(2n)).toBeUndefined()
      expect(view.getBlockByHash(transition.block!.hash)).toBeUndefined()
    }
    executor.accept(transition)
    expect(view.getBalance(bob)).toBe(before + 5n)
    expect(view.getReceipt(transaction.hash)).toEqual(transition.receipts[0])
  })

  test('a call keeps the state it started with while blocks are accepted', async () => {
    const { chain, probe } = await withProbe()
    const data = callData('values(uint256)', 1)
    const running = chain.executor.view.call({ to: probe, data })
    const stored = callData('store(uint256,uint256)', 1, 9)
    await chain.block([chain.transaction({ to: probe, data: stored })])
    expect(await running).toMatchObject({ status: 'success', output: new Uint8Array(32) })
    expect(await chain.executor.view.call({ to: probe, data })).toMatchObject({
      output: uintToBytes(9, 32),
    })
  })

  test('blocks may be applied ahead and are accepted in order', async () => {
    const { chain } = await withProbe()
    const one = await chain.apply([chain.transaction({ to: bob, value: 1n, nonce: 1 })])
    const two = await chain.apply([chain.transaction({ to: bob, value: 1n, nonce: 2 })])
    expect(two.block?.header.parentHash).toEqual(one.block?.hash)
    expect(() => chain.executor.accept(two)).toThrow('in the order')
  })

  test('accepting two blocks that were applied ahead', async () => {
    const { chain, store } = await withProbe()
    const transitions = [
      await chain.apply([chain.transaction({ to: bob, value: 1n, nonce: 1 })]),
      await chain.apply([chain.transaction({ to: bob, value: 1n, nonce: 2 })]),
    ]
    await store.batch(
      transitions.flatMap(({ writes }) => writes),
      { sync: true },
    )
    for (const transition of transitions) chain.executor.accept(transition)
    expect(chain.executor.view.getBalance(bob)).toBe(10_000n * HYPE + 2n)
    expect(chain.executor.evmRoot).toEqual(await oracleRoot(store))
  })

  test('a LevelDB folder that is closed and opened goes on as a store that never was', async () => {
    const straight = await withProbe()
    const expected = await drive(straight.chain, straight.probe, [0, 1, 2, 3])

    const folder = await mkdtemp(join(tmpdir(), 'openliquid-evm-'))
    const first = await openStore(folder)
    const { chain, probe } = await withProbe({ store: first })
    const hashes = await drive(chain, probe, [0, 1])
    await first.close()
    const second = await openStore(folder)
    const restarted = await EvmFixture.create({ store: second })
    hashes.push(...(await drive(restarted, probe, [2, 3])))
    expect(hashes).toEqual(expected)
    expect(restarted.executor.evmRoot).toEqual(await oracleRoot(second))
    await second.close()
    await rm(folder, { recursive: true })
  })

  test('another genesis on the same store is refused', async () => {
    const store = memoryStore()
    await EvmFixture.create({ store })
    const genesis = fixtureGenesis({ nonceWindow: 7 })
    await expect(EvmFixture.create({ store, genesis })).rejects.toMatchObject({
      code: 'OL_EVM_GENESIS_MISMATCH',
    })
  })
})

describe('lanes and blocks', () => {
  const lanes = [
    { periodMs: 1_000, gasLimit: 3_000_000, baseFee: '1000000000', baseFeeMin: '100000000' },
    { periodMs: 60_000, gasLimit: 30_000_000, baseFee: '2000000000', baseFeeMin: '100000000' },
  ]

  test('each lane has its gas limit and base fee, the numbers are shared', async () => {
    const chain = await EvmFixture.create({
      store: memoryStore(),
      genesis: fixtureGenesis({ lanes }),
    })
    const { view } = chain.executor
    await chain.block([chain.transaction({ to: bob })], 0)
    await chain.block([chain.transaction({ to: bob })], 1)
    const blocks = [1n, 2n].map((number) => view.getBlockByNumber(number)!)
    expect(blocks.map(({ lane }) => lane)).toEqual([0, 1])
    expect(blocks.map(({ header }) => header.gasLimit)).toEqual([3_000_000n, 30_000_000n])
    expect(blocks.map(({ header }) => header.baseFeePerGas)).toEqual([GWEI, 2n * GWEI])
    expect(blocks[1]?.header.parentHash).toEqual(blocks[0]?.hash)
    // Blocks far below their target: each lane's own fee falls by almost an eighth.
    expect(view.getBaseFee(0)).toBe(876_750_000n)
    expect(view.getBaseFee(1)).toBe(1_750_350_000n)
  })

  test('a lane with a period makes empty blocks, and its base fee stops at the floor', async () => {
    const chain = await EvmFixture.create({
      store: memoryStore(),
      genesis: fixtureGenesis({ lanes }),
    })
    for (let n = 0; n < 25; n++) await chain.block([], 0)
    const { view } = chain.executor
    expect(view.head.header.number).toBe(25n)
    expect(view.head.header.baseFeePerGas).toBe(100_000_000n)
    expect(view.getBaseFee(1)).toBe(2n * GWEI)
  })

  test('a lane without period makes no block of nothing', async () => {
    const chain = await EvmFixture.create({ store: memoryStore() })
    const { evmRoot, evmStateRoot } = chain.executor
    expect(await chain.block([])).toEqual({
      evmRoot,
      evmStateRoot,
      stateRoot: evmStateRoot,
      systemReceipts: [],
      receipts: [],
      writes: [],
      coreWriterLogs: [],
      skipped: [],
    })
    expect(chain.executor.view.head.header.number).toBe(0n)
  })

  test('a lane that does not exist is a fault of the caller', async () => {
    const chain = await EvmFixture.create({ store: memoryStore() })
    await expect(chain.block([], 1)).rejects.toMatchObject({ code: 'OL_EVM_LANE' })
  })
})

describe('genesis is checked', () => {
  const good = fixtureGenesis()
  test.each([
    ['no lanes', { lanes: [] }],
    ['a gas limit of 0', { lanes: [{ ...good.lanes[0]!, gasLimit: 0 }] }],
    ['a base fee below its floor', { lanes: [{ ...good.lanes[0]!, baseFee: '1' }] }],
    ['a negative balance', { alloc: { [bytesToHex(alice)]: { balance: '-1' } } }],
    [
      'a balance of 2^256',
      { alloc: { [bytesToHex(alice)]: { balance: (1n << 256n).toString() } } },
    ],
    ['a short address', { alloc: { '0x01': { balance: '1' } } }],
    [
      'an address twice',
      {
        alloc: {
          [bytesToHex(carol)]: { balance: '1' },
          [bytesToHex(carol).toUpperCase().replace('0X', '0x')]: { balance: '1' },
        },
      },
    ],
    ['a nonce window of 0', { nonceWindow: 0 }],
  ])('%s', async (_what, changes) => {
    const error: unknown = await EvmExecutor.create({
      store: memoryStore(),
      genesis: fixtureGenesis(changes),
      chainId: FIXTURE_CHAIN_ID,
      genesisTimeMs: 0,
      precompiles: [],
    }).catch((caught: unknown) => caught)
    expect((error as EvmError).code).toBe('OL_EVM_GENESIS')
  })
})

test('a failing disk stops the node instead of the block', async () => {
  const store = memoryStore()
  let fails = false
  const faulty: KeyValueStore = {
    get(key) {
      if (fails) throw new Error('the disk is gone')
      return store.get(key)
    },
    getMany: (keys) => store.getMany(keys),
    entries: (range) => store.entries(range),
    batch: (writes, options) => store.batch(writes, options),
    close: () => store.close(),
  }
  const chain = await EvmFixture.create({ store: faulty })
  const transaction = chain.transaction({ to: bob })
  fails = true
  await expect(chain.apply([transaction])).rejects.toMatchObject({ code: 'OL_EVM_FATAL' })
})
