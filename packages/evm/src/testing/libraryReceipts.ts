import { MerklePatriciaTrie } from '@ethereumjs/mpt'
import { RLP } from '@ethereumjs/rlp'
import { Bloom, encodeReceipt } from '@ethereumjs/vm'
import type { EvmReceipt } from '../receipts.ts'

/** Receipts root as ethereumjs makes it, with its own blooms: what ours is compared with. */
export async function genReceiptsRoot(receipts: readonly EvmReceipt[]): Promise<Uint8Array> {
  const trie = new MerklePatriciaTrie()
  for (const [index, receipt] of receipts.entries()) {
    const bloom = new Bloom()
    for (const { address, topics } of receipt.logs) {
      bloom.add(address)
      for (const topic of topics) bloom.add(topic)
    }
    const encoded = encodeReceipt(
      {
        status: receipt.status,
        cumulativeBlockGasUsed: receipt.cumulativeGasUsed,
        bitvector: bloom.bitvector,
        logs: receipt.logs.map(({ address, topics, data }) => [address, [...topics], data]),
      },
      receipt.type,
    )
    await trie.put(RLP.encode(index), encoded)
  }
  return trie.root()
}
