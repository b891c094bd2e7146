import { describe, expect, test, vi } from 'vitest'
import type { TransactionOutcome } from './blockResult.ts'
import { ExecutionError, MempoolError } from './errors.ts'
import { ReceiptWaiters } from './receiptWaiters.ts'

const txId = new Uint8Array(32).fill(7)
const outcome: TransactionOutcome = {
  kind: 'action',
  txId,
  height: 3n,
  receipt: { txId, status: 'ok', response: { type: 'default' } },
}

describe('a request that waits for a receipt', () => {
  test('is answered by the block, whoever else waits', async () => {
    const waiters = new ReceiptWaiters()
    const both = Promise.all([waiters.wait(txId, 1_000), waiters.wait(txId, 1_000)])
    waiters.resolve({ ...outcome, txId: new Uint8Array(32) })
    waiters.resolve(outcome)
    expect(await both).toEqual([outcome, outcome])
  })

  test('learns that the transaction was dropped', async () => {
    const waiters = new ReceiptWaiters()
    const waiting = waiters.wait(txId, 1_000)
    waiters.reject(txId, new MempoolError('nonce too low', { code: 'OL_MEMPOOL_KNOWN' }))
    await expect(waiting).rejects.toMatchObject({ reason: 'nonce too low' })
  })

  test('gets a coded error in time, and a later block finds nobody', async () => {
    vi.useFakeTimers()
    try {
      const waiters = new ReceiptWaiters()
      const waiting = expect(waiters.wait(txId, 10_000)).rejects.toMatchObject({
        code: 'OL_RECEIPT_TIMEOUT',
        data: { timeoutMs: 10_000 },
      })
      await vi.advanceTimersByTimeAsync(10_000)
      await waiting
      waiters.resolve(outcome)
    } finally {
      vi.useRealTimers()
    }
  })

  test('is told when nothing more will be executed', async () => {
    const waiters = new ReceiptWaiters()
    const waiting = waiters.wait(txId, 1_000)
    waiters.stop(new ExecutionError('stopped', { code: 'OL_EXECUTION_STOPPED' }))
    await expect(waiting).rejects.toMatchObject({ code: 'OL_EXECUTION_STOPPED' })
  })
})
