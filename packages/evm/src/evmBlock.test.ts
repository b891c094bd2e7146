import { createBlock, createBlockHeader, type HeaderData } from '@ethereumjs/block'
import { createCustomCommon, Hardfork, Mainnet } from '@ethereumjs/common'
import { createTxFromRLP } from '@ethereumjs/tx'
import { memoryStore } from '@openliquid/storage/testing'
import { expect, test } from 'vitest'
import { decodeEvmBlock, type EvmBlock, encodeEvmBlock } from './evmBlock.ts'
import { EvmFixture, FIXTURE_ADDRESSES, FIXTURE_CHAIN_ID } from './testing/index.ts'
import { probeContract } from './testing/probeContract.ts'

const [alice, bob] = FIXTURE_ADDRESSES as [Uint8Array, Uint8Array]
const common = createCustomCommon({ chainId: FIXTURE_CHAIN_ID }, Mainnet, {
  hardfork: Hardfork.Cancun,
})

function headerData({ header }: EvmBlock): HeaderData {
  const { ommersHash, transactionsRoot, receiptsRoot, prevRandao, ...same } = header
  return {
    ...same,
    coinbase: `0x${'00'.repeat(20)}`,
    uncleHash: ommersHash,
    transactionsTrie: transactionsRoot,
    receiptTrie: receiptsRoot,
    mixHash: prevRandao,
  }
}

test('ethereumjs gives a block the same hash, roots and size', async () => {
  const chain = await EvmFixture.create({ store: memoryStore() })
  const transactions = [
    chain.transaction({ type: 0, to: bob, value: 1n, nonce: 0 }),
    chain.transaction({
      type: 1,
      to: bob,
      value: 2n,
      nonce: 1,
      accessList: [{ address: alice, storageKeys: [] }],
    }),
    chain.transaction({ type: 2, data: probeContract().initCode, nonce: 2, gasLimit: 3_000_000n }),
  ]
  const { block } = await chain.block(transactions)
  const theirs = createBlock(
    {
      header: headerData(block!),
      transactions: transactions.map(({ bytes }) => createTxFromRLP(bytes, { common })),
      withdrawals: [],
    },
    { common, skipConsensusFormatValidation: true },
  )
  expect(block?.hash).toEqual(theirs.hash())
  expect(await theirs.transactionsTrieIsValid()).toBe(true)
  expect(block?.size).toBe(theirs.serialize().length)
  expect(block?.transactionHashes).toEqual(transactions.map(({ hash }) => hash))
})

test('the genesis block has a hash like any other', async () => {
  const { executor } = await EvmFixture.create({ store: memoryStore() })
  const { head } = executor.view
  const theirs = createBlockHeader(headerData(head), {
    common,
    skipConsensusFormatValidation: true,
  })
  expect(head.hash).toEqual(theirs.hash())
  expect(head.header.number).toBe(0n)
})

test('a stored block reads back as it was', async () => {
  const chain = await EvmFixture.create({ store: memoryStore() })
  const { block } = await chain.block([chain.transaction({ to: bob })])
  expect(decodeEvmBlock(encodeEvmBlock(block!))).toEqual(block)
})

test('the receipts root and bloom are those of the library’s own run', async () => {
  const { genReceiptsRoot } = await import('./testing/libraryReceipts.ts')
  const chain = await EvmFixture.create({ store: memoryStore() })
  const { block, receipts } = await chain.block([
    chain.transaction({ type: 0, to: bob, nonce: 0 }),
    chain.transaction({ data: probeContract().initCode, nonce: 1, gasLimit: 3_000_000n }),
  ])
  expect(block?.header.receiptsRoot).toEqual(await genReceiptsRoot(receipts))
})
