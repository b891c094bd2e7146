import { bytesToHex, type Hex, uintToBytes } from '@openliquid/primitives'
import { memoryStore } from '@openliquid/storage/testing'
import { describe, expect, test } from 'vitest'
import type { EvmPayloadTransaction, EvmTransition } from './evmTransition.ts'
import { EvmFixture, fixtureGenesis } from './testing/index.ts'
import { callData, probeContract } from './testing/probeContract.ts'

// Shows that the engine `sync` does on every transaction what the engine `reference` does: receipts with gas, status
// and logs, and every byte of state that a block writes.

/** Deterministic numbers below `bound`. */
function numbers(seed: number): (bound: number) => number {
  let state = seed >>> 0
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * bound)
  }
}

const CONTRACTS = 24

function contractAddress(index: number): Uint8Array {
  return uintToBytes(0x1_0000 + index, 20)
}

/** Instructions that do something when their arguments are small; the rest of the 256 come in as single bytes. */
const PLAIN = [
  0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x10, 0x11, 0x12, 0x13, 0x14,
  0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x20, 0x30, 0x32, 0x33, 0x34, 0x35, 0x36,
  0x37, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3e, 0x3f, 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46,
  0x47, 0x48, 0x49, 0x4a, 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x58, 0x59, 0x5a, 0x5b, 0x5c, 0x5d,
  0x5e, 0x5f, 0x80, 0x81, 0x82, 0x83, 0x90, 0x91, 0x92, 0xa0, 0xa1, 0xa2, 0xa3, 0xa4,
]
const CALLS = [0xf1, 0xf2, 0xf4, 0xfa]

/** A program of small pushes, instructions, calls of other contracts, creations, jumps and now and then any byte. */
function randomCode(next: (bound: number) => number): Uint8Array {
  const code: number[] = []
  const push = (value: number): void => {
    if (value < 256) code.push(0x60, value)
    else code.push(0x62, value >> 16, (value >> 8) & 0xff, value & 0xff)
  }
  // A stack to begin with, or most programs would underflow at once.
  for (let n = 0; n < 10; n++) push(next(50))
  const length = 10 + next(60)
  for (let i = 0; i < length; i++) {
    for (let n = next(4); n > 0; n--) push(next(3) === 0 ? next(70_000) : next(40))
    const kind = next(40)
    if (kind < 28) code.push(PLAIN[next(PLAIN.length)] as number)
    else if (kind < 32) {
      for (let n = 0; n < 4; n++) push(next(64))
      if (next(2) === 0) push(next(3))
      push(0x1_0000 + next(CONTRACTS + 1))
      push(next(60_000))
      code.push(CALLS[next(CALLS.length)] as number)
    } else if (kind < 34) {
      push(code.length + 5)
      push(next(2))
      code.push(0x90, 0x57, 0x5b)
    } else if (kind < 36) {
      push(next(32))
      push(0)
      push(0)
      code.push(next(2) === 0 ? 0xf0 : 0xf5)
    } else if (kind === 36) {
      push(next(64))
      push(next(64))
      code.push([0xf3, 0xfd, 0x00, 0xff][next(4)] as number)
    } else if (kind === 37) {
      code.push(next(256))
    } else {
      push(next(30))
      push(next(4))
      code.push(0x55)
    }
  }
  return Uint8Array.from(code)
}

async function bothEngines(options: {
  readonly alloc: ReturnType<typeof fixtureGenesis>['alloc']
}): Promise<EvmFixture[]> {
  const genesis = fixtureGenesis(options)
  return [
    await EvmFixture.create({ store: memoryStore(), genesis, engine: 'reference' }),
    await EvmFixture.create({ store: memoryStore(), genesis, engine: 'sync' }),
  ]
}

async function compare(
  chains: readonly EvmFixture[],
  make: (chain: EvmFixture) => EvmPayloadTransaction[],
): Promise<EvmTransition> {
  const [reference, sync] = [
    await chains[0]!.block(make(chains[0]!)),
    await chains[1]!.block(make(chains[1]!)),
  ]
  expect(sync.receipts).toEqual(reference.receipts)
  expect(sync).toEqual(reference)
  return reference
}

test.each([1, 2, 3])('random programs, seed %i', async (seed) => {
  const next = numbers(seed)
  const { alloc } = fixtureGenesis()
  const contracts = Array.from({ length: CONTRACTS }, (_, index) => [
    bytesToHex(contractAddress(index)),
    { balance: '1000', code: bytesToHex(randomCode(next)) as Hex },
  ])
  const chains = await bothEngines({ alloc: { ...alloc, ...Object.fromEntries(contracts) } })
  let successes = 0
  for (let block = 0; block < 3; block++) {
    const plan = Array.from({ length: CONTRACTS }, (_, index) => ({
      to: contractAddress(index),
      gasLimit: BigInt(60_000 + next(200_000)),
      value: BigInt(next(3)),
      data: Uint8Array.from({ length: next(70) }, () => next(256)),
    }))
    const { receipts } = await compare(chains, (chain) => {
      const nonce = BigInt(block * (CONTRACTS + 2))
      const calls = plan.map((call, index) =>
        chain.transaction({ ...call, nonce: nonce + BigInt(index) }),
      )
      const made = [0, 1].map((n) =>
        chain.transaction({
          data: randomCode(numbers(seed * 100 + block * 2 + n)),
          gasLimit: 300_000n,
          nonce: nonce + BigInt(CONTRACTS + n),
        }),
      )
      return [...calls, ...made]
    })
    successes += receipts.filter(({ status }) => status === 1).length
  }
  // The programs are worth comparing only while not all of them fail.
  expect(successes).toBeGreaterThan(5)
})

describe('compiled code', () => {
  test.each([
    ['storage and events', callData('store(uint256,uint256)', 3, 4)],
    ['a loop', callData('count(uint256)', 50)],
    ['a revert with a reason', callData('refuse(string)', [Uint8Array.of(65, 66)])],
    ['a custom error', callData('refuseCode(uint256)', 7)],
    ['out of gas', callData('spin()')],
    ['nested frames that revert', callData('writeInside(bytes)', [Uint8Array.of(1, 0, 0, 7)])],
    ['creation and destruction', callData('bearAndEnd()')],
    ['CREATE2', callData('bear(bytes32)', 5)],
    [
      'precompiles',
      callData('read(address,bytes,uint256)', uintToBytes(2, 20), [new Uint8Array(33)], 50_000),
    ],
  ])('%s', async (_what, data) => {
    const chains = await bothEngines({ alloc: fixtureGenesis().alloc })
    const deployed = await compare(chains, (chain) => [
      chain.transaction({ data: probeContract().initCode, gasLimit: 3_000_000n }),
    ])
    const to = deployed.receipts[0]!.contractAddress!
    for (let n = 0; n < 2; n++) {
      await compare(chains, (chain) => [chain.transaction({ to, data, gasLimit: 400_000n })])
    }
  })

  test('calls nested to the limit of their gas', async () => {
    // Calls itself with all its gas, then stores.
    const code = '0x5f5f5f5f5f305af1600101600055' as Hex
    const at = contractAddress(0)
    const { alloc } = fixtureGenesis()
    const chains = await bothEngines({
      alloc: { ...alloc, [bytesToHex(at)]: { balance: '0', code } },
    })
    const { receipts } = await compare(chains, (chain) => [
      chain.transaction({ to: at, gasLimit: 25_000_000n }),
    ])
    expect(receipts[0]?.status).toBe(1)
  })
})

test('a long call lets others run', async () => {
  const chain = await EvmFixture.create({ store: memoryStore() })
  const { receipts } = await chain.block([
    chain.transaction({ data: probeContract().initCode, gasLimit: 3_000_000n }),
  ])
  let turns = 0
  const timer = setInterval(() => turns++, 0)
  const data = callData('count(uint256)', 20_000)
  await chain.executor.view.call({ to: receipts[0]!.contractAddress!, data })
  clearInterval(timer)
  expect(turns).toBeGreaterThan(3)
})
