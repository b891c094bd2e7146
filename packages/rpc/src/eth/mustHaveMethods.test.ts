// Every method that docs/spec/evm.md §12 asks for is served, and docs/rpc.md names it.
import { readFileSync } from 'node:fs'
import { EvmFixture, FIXTURE_ADDRESSES } from '@openliquid/evm/testing'
import { bytesToHex } from '@openliquid/primitives'
import { memoryStore } from '@openliquid/storage/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { memoryChain } from '../../test/memoryChainView.ts'
import { call, type Json, startServer } from '../../test/testServer.ts'

const documentOf = (path: string): string =>
  readFileSync(new URL(`../../../../docs/${path}`, import.meta.url), 'utf8')
const NAME = /\b(?:web3|net|eth|debug|trace|txpool|rpc)_\w+/g

const specified = new Set(
  (documentOf('spec/evm.md').split('\n## 12. ')[1] ?? '').split('\n## 13. ')[0]?.match(NAME),
)
const documented = new Set(documentOf('rpc.md').match(NAME))

const alice = bytesToHex(FIXTURE_ADDRESSES[0]!)
const bob = bytesToHex(FIXTURE_ADDRESSES[1]!)
const SLOT = `0x${'00'.repeat(32)}`

let fixture: EvmFixture
let hash: string
let blockHash: string
beforeAll(async () => {
  fixture = await EvmFixture.create({ store: memoryStore() })
  const { receipts } = await fixture.block([
    fixture.transaction({ to: FIXTURE_ADDRESSES[1]!, value: 5n, gasLimit: 21_000n }),
  ])
  hash = bytesToHex(receipts[0]!.transactionHash)
  blockHash = bytesToHex(fixture.executor.view.head.hash)
})

/** Parameters that a method has a result for. */
function paramsOf(method: string): readonly unknown[] {
  const transfer = { from: alice, to: bob, value: '0x1' }
  const groups: readonly (readonly [RegExp, readonly unknown[]])[] = [
    [/^web3_sha3$/, ['0x']],
    [/^eth_feeHistory$/, ['0x1', 'latest', [50]]],
    [/^eth_(getBalance|getCode|getTransactionCount)$/, [alice, 'latest']],
    [/^eth_getStorageAt$/, [alice, SLOT, 'latest']],
    [/^eth_getStorageValues$/, [{ [alice]: [SLOT] }, 'latest']],
    [/^eth_getProof$/, [alice, [SLOT], 'latest']],
    [/^eth_(call|estimateGas|createAccessList)$/, [transfer, 'latest']],
    [/^eth_simulateV1$/, [{ blockStateCalls: [{ calls: [transfer] }] }, 'latest']],
    [/^eth_getBlockByHash$/, [blockHash, true]],
    [/^eth_getHeaderByHash$/, [blockHash]],
    [/^debug_traceBlockByHash$/, [blockHash, {}]],
    [/^eth_getHeaderByNumber$/, ['latest']],
    [/^eth_getBlockByNumber$/, ['latest', true]],
    [/^eth_get(BlockReceipts|BlockTransactionCountByNumber|UncleCountByBlockNumber)$/, ['latest']],
    [
      /^eth_get(BlockTransactionCountByHash|UncleCountByBlockHash|SystemTxsByBlockHash)$/,
      [blockHash],
    ],
    [/^eth_getSystemTxsByBlockNumber$/, ['latest']],
    [/ByBlockHashAndIndex$/, [blockHash, '0x0']],
    [/ByBlockNumberAndIndex$/, ['latest', '0x0']],
    [/^(eth|debug|trace)_(get|trace|getRaw)?(transaction|Transaction)(ByHash|Receipt)?$/, [hash]],
    [/^eth_getRawTransactionByHash$/, [hash]],
    [/^eth_getTransactionBySenderAndNonce$/, [alice, '0x0']],
    [/^eth_usingBigBlocks$|^txpool_contentFrom$/, [alice]],
    [/^eth_(getLogs|newFilter)$/, [{}]],
    [/^eth_uninstallFilter$/, ['0x1']],
    [/^debug_traceBlockByNumber$/, ['0x1', {}]],
    [/^debug_traceCall$/, [transfer, 'latest', {}]],
    [/^debug_getRaw(Block|Header|Receipts)$/, ['latest']],
    [/^debug_storageRangeAt$/, [blockHash, 0, alice, SLOT, 1]],
    [/^debug_codeByHash$/, [hash]],
    [/^trace_block$/, ['0x1']],
    [/^trace_filter$/, [{ fromBlock: '0x1', toBlock: '0x1' }]],
    [/^trace_call$/, [transfer, ['trace'], 'latest']],
    [/^trace_replayBlockTransactions$/, ['0x1', ['trace']]],
  ]
  return groups.find(([name]) => name.test(method))?.[1] ?? []
}

/** Methods that only answer to what went before, or on a WebSocket: they say what is missing. */
const NEEDS: Readonly<Record<string, number>> = {
  eth_sendRawTransaction: -32602,
  eth_sendRawTransactionSync: -32602,
  eth_getFilterChanges: -32602,
  eth_getFilterLogs: -32602,
  eth_subscribe: -32602,
  eth_unsubscribe: -32602,
}

describe('the methods that tools call', () => {
  it('are specified, and all of them are in the documentation', () => {
    expect(specified.size).toBeGreaterThanOrEqual(79)
    expect([...specified].filter((method) => !documented.has(method))).toEqual([])
  })

  it('are all served, and answer with a result', async () => {
    const { server } = await startServer(
      { serveDebug: true },
      memoryChain({}, fixture.executor.view),
    )
    const answers: Record<string, Json> = {}
    for (const method of specified) {
      const { result, error } = await call(server, method, paramsOf(method))
      const wanted = NEEDS[method]
      if (wanted === undefined ? result === undefined : error?.code !== wanted) {
        answers[method] = error ?? result
      }
    }
    expect(answers).toEqual({})
  })
})
