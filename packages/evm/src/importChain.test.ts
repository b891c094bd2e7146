import { createBlock } from '@ethereumjs/block'
import { createCommonFromGethGenesis, parseGethGenesisState } from '@ethereumjs/common'
import { createLegacyTx } from '@ethereumjs/tx'
import { Account, Address } from '@ethereumjs/util'
import { buildBlock, createVM } from '@ethereumjs/vm'
import { addressOf } from '@openliquid/crypto'
import { bytesToHex, concatBytes, uintToBytes } from '@openliquid/primitives'
import { beforeAll, describe, expect, test } from 'vitest'
import { importChain } from './importChain.ts'
import { TEST_SECRET_KEYS } from './testing/index.ts'

const KEY = TEST_SECRET_KEYS[0] as Uint8Array
const SENDER = addressOf(KEY)
const BOB = uintToBytes(0xb0b, 20)
const BLOCKS = 3

const genesis = {
  config: {
    chainId: 77,
    homesteadBlock: 0,
    eip150Block: 0,
    eip155Block: 0,
    eip158Block: 0,
    byzantiumBlock: 0,
    constantinopleBlock: 0,
    petersburgBlock: 0,
    istanbulBlock: 0,
    berlinBlock: 0,
    londonBlock: 0,
    terminalTotalDifficulty: 0,
    terminalTotalDifficultyPassed: true,
    shanghaiTime: 0,
  },
  nonce: '0x0',
  timestamp: '0x1',
  extraData: '0x',
  gasLimit: '0x1c9c380',
  difficulty: '0x0',
  mixHash: `0x${'00'.repeat(32)}`,
  coinbase: `0x${'00'.repeat(20)}`,
  baseFeePerGas: '0x7',
  alloc: { [bytesToHex(SENDER)]: { balance: '0xde0b6b3a7640000' } },
}

let blocks: Uint8Array[]

/** A short chain that ethereumjs builds. */
beforeAll(async () => {
  const file = genesis as unknown as Parameters<typeof createCommonFromGethGenesis>[0]
  const common = createCommonFromGethGenesis(file, { chain: 'made' })
  const vm = await createVM({ common })
  for (const address of Object.keys(parseGethGenesisState(file))) {
    const account = new Account(0n, 10n ** 18n)
    await vm.stateManager.putAccount(new Address(Buffer.from(address.slice(2), 'hex')), account)
  }
  const stateRoot = await vm.stateManager.getStateRoot()
  const header = { ...common.genesis(), number: 0n, stateRoot }
  let parent = createBlock({ header } as never, { common, setHardfork: true })
  blocks = [parent.serialize()]
  for (let n = 1; n <= BLOCKS; n++) {
    const builder = await buildBlock(vm, {
      parentBlock: parent,
      headerData: { timestamp: 1n + BigInt(n), gasLimit: 30_000_000n },
      withdrawals: [],
      blockOpts: { calcDifficultyFromHeader: undefined as never, putBlockIntoBlockchain: false },
    })
    const transfer = {
      nonce: n - 1,
      gasPrice: 100n,
      gasLimit: 21_000n,
      to: new Address(BOB),
      value: 5n,
    }
    await builder.addTransaction(createLegacyTx(transfer, { common }).sign(KEY))
    parent = (await builder.build()).block
    blocks.push(parent.serialize())
  }
})

describe('an ordinary chain', () => {
  test.each([0, 1])('is executed and checked block by block, from export %i', async (from) => {
    const chain = await importChain(genesis, concatBytes(...blocks.slice(from)))
    expect(chain).toMatchObject({ number: 3n, transactions: 3, gasUsed: 63_000n })
    expect(await chain.state.getBalance(BOB)).toBe(15n)
    expect(await chain.state.getNonce(SENDER)).toBe(3n)
    expect(await chain.state.getCode(BOB)).toHaveLength(0)
  })

  test('is refused when a block is missing, changed or cut off, and when the genesis is another', async () => {
    const refused = { code: 'OL_EVM_IMPORT' }
    const [, one, two, three] = blocks as [Uint8Array, Uint8Array, Uint8Array, Uint8Array]
    await expect(importChain(genesis, concatBytes(one, three))).rejects.toMatchObject(refused)
    await expect(importChain(genesis, concatBytes(one, two.slice(0, -1)))).rejects.toMatchObject(
      refused,
    )
    const changed = two.slice()
    changed[120] = (changed[120] as number) ^ 1
    await expect(importChain(genesis, concatBytes(one, changed))).rejects.toMatchObject(refused)
    const other = { ...genesis, alloc: {} }
    await expect(importChain(other, concatBytes(...blocks))).rejects.toMatchObject(refused)
    await expect(importChain({}, new Uint8Array(0))).rejects.toMatchObject(refused)
  })
})
