import { bytesToHex, uintToBytes } from '@openliquid/primitives'
import { SeededRandom } from '@openliquid/primitives/testing'
import { memoryStore } from '@openliquid/storage/testing'
import { expect, test } from 'vitest'
import type { EvmProof } from './evmView.ts'
import { PROOF_CHANGES_MAX } from './limits.ts'
import { EvmFixture, FIXTURE_ADDRESSES, fixtureGenesis } from './testing/index.ts'

const [alice] = FIXTURE_ADDRESSES as [Uint8Array]
const contract = new Uint8Array(20).fill(0xcc)
/** Stores in each slot from calldata[0] to below calldata[1] what calldata[2] says: 0 empties it. */
const FILL = '5f355b6040358155600101806020351160025700'
const calldata = (...words: number[]): Uint8Array =>
  Uint8Array.from(words.flatMap((word) => [...uintToBytes(word, 32)]))
const chainOf = (keepDiffs?: number): Promise<EvmFixture> =>
  EvmFixture.create({
    store: memoryStore(),
    genesis: fixtureGenesis({
      alloc: {
        ...fixtureGenesis().alloc,
        [bytesToHex(contract)]: { balance: '0', code: `0x${FILL}` },
      },
    }),
    ...(keepDiffs === undefined ? {} : { keepDiffs }),
  })

test('a proof of a past state is the one that was given when it was the newest', async () => {
  const chain = await chainOf()
  const { view } = chain.executor
  const random = new SeededRandom(7)
  const SLOTS = Array.from({ length: 12 }, (_, slot) => uintToBytes(slot, 32))
  const seen = [alice, contract, new Uint8Array(20).fill(0x99)]
  const given: {
    readonly number: bigint
    readonly address: Uint8Array
    readonly proof: EvmProof
  }[] = []
  const keep = (): void => {
    for (const address of seen) {
      given.push({ number: view.number, address, proof: view.getProof(address, SLOTS) })
    }
  }
  keep()
  for (let n = 0; n < 30; n++) {
    const from = random.integer(0, 11)
    const data = calldata(from, from + random.integer(1, 6), random.integer(0, 2))
    const payee = random.bytes(20)
    if (n % 4 === 0) seen.push(payee)
    await chain.block([
      chain.transaction({ to: payee, value: 1n, gasLimit: 21_000n }),
      chain.transaction({ to: contract, data, gasLimit: 500_000n }),
    ])
    keep()
  }
  // An account that came later is proved not to have been there, too.
  const late = seen.at(-1) as Uint8Array
  expect(view.getProof(late, [], 3n)).toMatchObject({ balance: 0n, nonce: 0n })
  for (const { number, address, proof } of given) {
    expect(view.getProof(address, SLOTS, number)).toEqual(proof)
  }
})

test('a state that is too old, or lies behind too many changes, is refused by a code', async () => {
  const chain = await chainOf(2)
  const { view } = chain.executor
  const half = PROOF_CHANGES_MAX / 2 + 1
  for (const start of [1, 1 + half]) {
    const data = calldata(start, start + half, 1)
    const { receipts } = await chain.block([
      chain.transaction({ to: contract, data, gasLimit: 29_000_000n }),
    ])
    expect(receipts[0]?.status).toBe(1)
  }
  const codeOf = (number: bigint): unknown => {
    try {
      return view.getProof(contract, [], number).nonce
    } catch (error) {
      return (error as { code: string }).code
    }
  }
  expect([0n, 1n, 2n, 3n].map(codeOf)).toEqual(['OL_EVM_PROOF', 0n, 0n, 'OL_EVM_HISTORY'])
  await chain.block([chain.transaction({ to: alice, value: 1n, gasLimit: 21_000n })])
  expect([0n, 1n].map(codeOf)).toEqual(['OL_EVM_HISTORY', 0n])
})
