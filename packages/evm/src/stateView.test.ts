import { verifyMerkleProof } from '@ethereumjs/mpt'
import {
  bytesToHex,
  bytesToUint,
  keccak256,
  uintToBytes,
  utf8ToBytes,
} from '@openliquid/primitives'
import { memoryStore } from '@openliquid/storage/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { encodeTrieAccount } from './account.ts'
import type { EvmError } from './errors.ts'
import { encodeRlp, uintToRlp } from './rlp.ts'
import { EvmFixture, FIXTURE_ADDRESSES } from './testing/index.ts'
import { callData, probeContract } from './testing/probeContract.ts'
import type { EvmCallFrame, EvmTrace } from './traceTypes.ts'

const [alice, bob] = FIXTURE_ADDRESSES as [Uint8Array, Uint8Array]
const ORACLE = uintToBytes(0x807, 20)
const store = memoryStore()
let chain: EvmFixture
let probe: Uint8Array

/** A contract whose answer is another in every block. */
const precompile = {
  address: ORACLE,
  name: 'price',
  run: (_input: Uint8Array, _gas: bigint, reader: { readonly height: bigint }) => ({
    ok: true as const,
    gasUsed: 2_000n,
    output: uintToBytes(reader.height, 32),
  }),
}

beforeAll(async () => {
  let height = 0n
  const exchange = {
    get height() {
      return height
    },
    positionOf: () => undefined,
  }
  chain = await EvmFixture.create({
    store,
    precompiles: [precompile],
    exchange: exchange as never,
  })
  const deployed = await chain.block([
    chain.transaction({ data: probeContract().initCode, gasLimit: 3_000_000n }),
  ])
  probe = deployed.receipts[0]!.contractAddress!
  for (let n = 2n; n <= 6n; n++) {
    height = n
    const read = callData('read(address,bytes,uint256)', ORACLE, [new Uint8Array(32)], 50_000)
    await chain.block([
      chain.transaction({ to: probe, data: callData('store(uint256,uint256)', 1, n) }),
      chain.transaction({ to: bob, value: n, gasLimit: 21_000n }, 2),
      chain.transaction({ to: probe, data: read }, 1),
    ])
  }
})

describe('past states', () => {
  test('balances, nonces, slots and calls are those after their block', async () => {
    const { view } = chain.executor
    for (let number = 2n; number <= 6n; number++) {
      const past = view.at(number)
      expect(past.number).toBe(number)
      expect(past.getNonce(alice)).toBe(number)
      const value = await past.call({ to: probe, data: callData('values(uint256)', 1) })
      expect(value).toMatchObject({ status: 'success', output: uintToBytes(number, 32) })
      const read = callData('read(address,bytes,uint256)', ORACLE, [new Uint8Array(32)], 50_000)
      const price = await past.call({ to: probe, data: read })
      const output = price.status === 'success' ? price.output : new Uint8Array(0)
      expect(bytesToUint(output.slice(-32))).toBe(number)
    }
    expect(view.at(0n).getCode(probe)).toHaveLength(0)
    expect(view.at(1n).getCode(probe).length).toBeGreaterThan(0)
    const sums = [2n, 3n, 4n].map(
      (n) => view.at(n).getBalance(bob) - view.at(n - 1n).getBalance(bob),
    )
    expect(sums.every((sum) => sum < 10n)).toBe(true)
  })

  test('blocks that are too old or not there are refused', async () => {
    const short = await EvmFixture.create({ store: memoryStore(), keepDiffs: 2 })
    for (let n = 0; n < 5; n++) {
      await short.block([short.transaction({ to: bob, value: 1n, gasLimit: 21_000n })])
    }
    const { view } = short.executor
    expect(view.oldestState).toBe(3n)
    expect(view.at(3n).getNonce(alice)).toBe(3n)
    const codeOf = (number: bigint): string | undefined => {
      try {
        view.at(number)
      } catch (error) {
        return (error as EvmError).code
      }
      return undefined
    }
    expect([2n, 6n, -1n].map(codeOf)).toEqual(Array(3).fill('OL_EVM_HISTORY'))
  })
})

describe('proofs', () => {
  test('accounts and slots verify against the state root with @ethereumjs/mpt', async () => {
    const { view } = chain.executor
    const slot = keccak256(new Uint8Array([...uintToBytes(1, 32), ...uintToBytes(0, 32)]))
    const missing = uintToBytes(99, 32)
    const proof = view.getProof(probe, [slot, missing])
    const key = keccak256(probe)
    const account = await verifyMerkleProof(key, [...proof.accountProof], { useKeyHashing: false })
    expect(account).toEqual(encodeTrieAccount({ ...proof, incarnation: 0 }))
    expect(keccak256(proof.accountProof[0]!)).toEqual(view.head.header.stateRoot)
    const [stored, absent] = proof.storageProofs
    expect(stored?.value).toBe(6n)
    expect(await verifyMerkleProof(keccak256(slot), [...stored!.proof])).toEqual(
      encodeRlp(uintToRlp(6n)),
    )
    expect(keccak256(stored!.proof[0]!)).toEqual(proof.storageRoot)
    expect(absent?.value).toBe(0n)
    expect(await verifyMerkleProof(keccak256(missing), [...absent!.proof])).toBeNull()
    const nobody = view.getProof(uintToBytes(0x123456, 20), [slot])
    expect(nobody.nonce).toBe(0n)
    expect(await verifyMerkleProof(keccak256(nobody.address), [...nobody.accountProof])).toBeNull()
  })
})

describe('calls as if', () => {
  test('accounts and the block environment were others', async () => {
    const { view } = chain.executor
    const to = uintToBytes(0x9999, 20)
    // NUMBER, TIMESTAMP, COINBASE, BASEFEE and slot 1, as five words.
    const code = Uint8Array.from([
      ...[0x43, 0x5f, 0x52, 0x42, 0x60, 32, 0x52, 0x41, 0x60, 64, 0x52, 0x48, 0x60, 96, 0x52],
      ...[0x60, 1, 0x54, 0x60, 128, 0x52, 0x60, 160, 0x5f, 0xf3],
    ])
    const result = await view.call({
      to,
      stateOverrides: [
        {
          address: to,
          code,
          stateDiff: [{ slot: uintToBytes(1, 32), value: uintToBytes(77, 32) }],
        },
      ],
      blockOverrides: { number: 1_000n, timestamp: 5n, coinbase: bob, baseFeePerGas: 9n },
    })
    const words = [0, 1, 2, 3, 4].map((n) =>
      result.status === 'success' ? bytesToUint(result.output.slice(32 * n, 32 * n + 32)) : -1n,
    )
    expect(words).toEqual([1_000n, 5n, bytesToUint(bob), 9n, 77n])
    const slots = [{ slot: uintToBytes(1, 32), value: new Uint8Array(0) }]
    const both = { address: to, state: slots, stateDiff: slots }
    await expect(view.call({ to, stateOverrides: [both] })).rejects.toMatchObject({
      code: 'OL_EVM_OVERRIDE',
    })
    const rich = [{ address: alice, balance: 10n ** 30n }]
    const paid = await view.call({ from: alice, to: bob, value: 10n ** 29n, stateOverrides: rich })
    expect(paid.status).toBe('success')
  })

  test('an access list names what is reached, and makes the call cheaper', async () => {
    const { view } = chain.executor
    const request = { from: alice, to: probe, data: callData('store(uint256,uint256)', 1, 9) }
    const { accessList, result } = await view.createAccessList(request)
    expect(result.status).toBe('success')
    expect(accessList.map(({ address }) => bytesToHex(address))).toEqual([bytesToHex(probe)])
    expect(accessList[0]?.storageKeys).toHaveLength(1)
  })

  test('a sequence sees what came before in it', async () => {
    const { view } = chain.executor
    const set = (value: number) => ({
      from: alice,
      to: probe,
      data: callData('store(uint256,uint256)', 1, value),
    })
    const get = { to: probe, data: callData('values(uint256)', 1) }
    const simulation = await view.simulate([
      { calls: [set(41), get] },
      { blockOverrides: { timestamp: 99n }, calls: [get, set(42), get] },
    ])
    const [first, second] = simulation.status === 'success' ? simulation.blocks : []
    expect(first?.block.header.number).toBe(view.number + 1n)
    expect(second?.block.header).toMatchObject({ number: view.number + 2n, timestamp: 99n })
    const output = (at: number): bigint => {
      const result = second?.calls[at]?.result
      return result?.status === 'success' ? bytesToUint(result.output) : -1n
    }
    expect([output(0), output(2)]).toEqual([41n, 42n])
    expect(second?.calls[1]?.logs).toHaveLength(1)
    expect(await view.call(get)).toMatchObject({ output: uintToBytes(6, 32) })
    const many = { calls: Array.from({ length: 1_001 }, () => get) }
    await expect(view.simulate([many])).rejects.toMatchObject({ code: 'OL_EVM_SIMULATION' })
  })

  test('a call that runs too long is stopped by its signal, and the next one runs', async () => {
    const { view } = chain.executor
    const stop = new AbortController()
    setImmediate(() => stop.abort())
    const slow = { to: probe, data: callData('spin()'), signal: stop.signal }
    expect(await view.call(slow)).toMatchObject({ status: 'refused', code: 'OL_EVM_CALL_TIME' })
    expect(await view.call({ to: probe, data: callData('values(uint256)', 1) })).toMatchObject({
      status: 'success',
    })
  })
})

describe('traces', () => {
  const hashOf = (number: bigint, index: number): Uint8Array =>
    chain.executor.view.getReceipts(number)![index]!.transactionHash

  test('messages with their gas, logs and errors', async () => {
    const { view } = chain.executor
    const receipt = view.getReceipts(3n)![0]!
    const trace = await view.traceTransaction(receipt.transactionHash, {
      tracer: 'call',
      withLog: true,
    })
    const call = (trace as Extract<EvmTrace, { tracer: 'call' }>).call
    expect(call).toMatchObject({
      type: 'CALL',
      from: alice,
      to: probe,
      gas: 1_000_000n,
      gasUsed: receipt.gasUsed,
      failure: undefined,
    })
    const { address, topics, data } = receipt.logs[0]!
    expect(call.logs).toEqual([{ address, topics, data, position: 0 }])

    const inside = await view.traceCall(
      { from: alice, to: probe, data: callData('writeInside(bytes)', [Uint8Array.of(1)]) },
      view.number,
      { tracer: 'call', withLog: true },
    )
    const outer = (inside as Extract<EvmTrace, { tracer: 'call' }>).call
    expect(outer.calls.map(({ type }: EvmCallFrame) => type)).toEqual(['CALL', 'CALL', 'CALL'])
    expect(outer.calls[1]).toMatchObject({ failure: 'revert', calls: [{ logs: [] }] })
    expect(outer.calls[0]?.logs).toHaveLength(1)

    const made = await view.traceCall(
      { from: alice, to: probe, data: callData('bearAndEnd()') },
      view.number,
      {
        tracer: 'call',
      },
    )
    const types = (frame: EvmCallFrame): string[] => [frame.type, ...frame.calls.flatMap(types)]
    expect(types((made as Extract<EvmTrace, { tracer: 'call' }>).call)).toEqual([
      'CALL',
      'CREATE',
      'CALL',
      'SELFDESTRUCT',
    ])
  })

  test('the state before and after, replaying what precompiles answered', async () => {
    const { view } = chain.executor
    const trace = await view.traceTransaction(hashOf(4n, 0), { tracer: 'prestate', diffMode: true })
    const { before, after } = trace as Extract<EvmTrace, { tracer: 'prestate' }>
    const slot = keccak256(new Uint8Array([...uintToBytes(1, 32), ...uintToBytes(0, 32)]))
    const at = (list: typeof before | undefined) =>
      list?.find(({ address }) => bytesToHex(address) === bytesToHex(probe))?.storage
    expect(at(before)).toEqual([{ slot, value: uintToBytes(3, 32) }])
    expect(at(after)).toEqual([{ slot, value: uintToBytes(4, 32) }])
    const all = await view.traceTransaction(hashOf(4n, 0), { tracer: 'prestate' })
    const seen = (all as Extract<EvmTrace, { tracer: 'prestate' }>).before
    expect(seen.map(({ address }) => bytesToHex(address))).toContain(bytesToHex(alice))
    const receipt = view.getReceipts(4n)![2]!
    const read = await view.traceTransaction(receipt.transactionHash, { tracer: 'call' })
    expect((read as Extract<EvmTrace, { tracer: 'call' }>).call).toMatchObject({
      gasUsed: receipt.gasUsed,
      calls: [{ type: 'STATICCALL', to: ORACLE, output: uintToBytes(4, 32) }],
    })
  })

  test('single steps, selectors, nothing; a whole block in order', async () => {
    const { view } = chain.executor
    const struct = await view.traceTransaction(hashOf(3n, 0), {
      tracer: 'struct',
      withMemory: true,
    })
    const { steps, gasUsed } = struct as Extract<EvmTrace, { tracer: 'struct' }>
    expect(gasUsed).toBe(view.getReceipts(3n)![0]!.gasUsed)
    expect(steps[0]).toMatchObject({ pc: 0, depth: 1, stack: [] })
    expect(steps.some(({ op, storage }) => op === 'SSTORE' && storage?.length === 1)).toBe(true)
    const short = await view.traceTransaction(hashOf(3n, 0), { tracer: 'struct', limit: 3 })
    expect((short as Extract<EvmTrace, { tracer: 'struct' }>).steps).toHaveLength(3)

    const four = await view.traceTransaction(hashOf(3n, 0), { tracer: '4byte' })
    expect((four as Extract<EvmTrace, { tracer: '4byte' }>).selectors).toEqual([
      {
        selector: keccak256(utf8ToBytes('store(uint256,uint256)')).slice(0, 4),
        argumentBytes: 64,
        count: 1,
      },
    ])
    const block = await view.traceBlock(5n, { tracer: 'noop' })
    expect(block.map(({ transactionHash }) => transactionHash)).toEqual(
      [0, 1, 2].map((index) => hashOf(5n, index)),
    )
    await expect(view.traceBlock(99n, { tracer: 'noop' })).rejects.toMatchObject({
      code: 'OL_EVM_TRACE',
    })
  })
})
