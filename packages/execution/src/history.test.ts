import type { ExchangeEvent, FillEvent } from '@openliquid/exchange'
import { memoryStore } from '@openliquid/storage/testing'
import { expect, test } from 'vitest'
import { History } from './history.ts'

const alice = new Uint8Array(20).fill(0xaa)
const bob = new Uint8Array(20).fill(0xbb)

function fill(user: Uint8Array, tid: number): FillEvent {
  return {
    kind: 'fill',
    user,
    fill: {
      coin: 'BTC',
      px: '60000.0',
      sz: '1.0',
      side: 'B',
      time: 1,
      startPosition: '0.0',
      dir: 'Open Long',
      closedPnl: '0.0',
      hash: '0x',
      oid: 1,
      crossed: true,
      fee: '0.0',
      tid,
      feeToken: 'USDC',
      twapId: null,
    },
  }
}

test('answers receipts, events and fills of the blocks whose writes were made', async () => {
  const store = memoryStore()
  const history = new History(store)
  const actionId = new Uint8Array(32).fill(1)
  const evmId = new Uint8Array(32).fill(2)
  const evmHash = new Uint8Array(32).fill(3)
  const receipt = {
    txId: actionId,
    status: 'err',
    response: 'no',
    code: 'OL_ACTION_NONCE',
  } as const
  const events: ExchangeEvent[] = [fill(alice, 1), fill(bob, 1), fill(alice, 2)]
  await store.batch(
    history.writesOf({ height: 7n, receipts: [receipt], events, evm: [{ txId: evmId, evmHash }] }),
    { sync: true },
  )
  expect(history.outcomeOf(actionId)).toEqual({ kind: 'action', height: 7n, index: 0 })
  expect(history.receiptAt(7n, 0)).toEqual(receipt)
  expect(history.outcomeOf(evmId)).toEqual({ kind: 'evm', height: 7n, evmHash })
  expect(history.outcomeOf(evmHash)).toBeUndefined()
  expect(history.eventsAt(7n)).toEqual(events)
  expect(history.eventsAt(8n)).toEqual([])
  expect(await history.userFills(bob)).toEqual([fill(bob, 1)])
})

test('gives the fills of a user newest first, and no more than asked for', async () => {
  const store = memoryStore()
  const history = new History(store)
  for (let height = 1; height <= 300; height++) {
    const events = [fill(alice, 10 * height), fill(bob, 0), fill(alice, 10 * height + 1)]
    await store.batch(history.writesOf({ height: BigInt(height), receipts: [], events, evm: [] }), {
      sync: false,
    })
  }
  const tids = (await history.userFills(alice, 4)).map((event) => event.fill.tid)
  expect(tids).toEqual([3001, 3000, 2991, 2990])
  expect(await history.userFills(alice)).toHaveLength(600)
})
