import { bytesToHex, type Hash, type Hex } from '@openliquid/primitives'
import type { TransactionOutcome } from './blockResult.ts'
import { ExecutionError, type MempoolError } from './errors.ts'
import { RECEIPT_WAITERS_MAX } from './limits.ts'

interface Waiter {
  resolve(outcome: TransactionOutcome): void
  reject(error: Error): void
}

/** Requests that wait for the block of their transaction. */
export class ReceiptWaiters {
  readonly #waiting = new Map<Hex, Set<Waiter>>()
  #count = 0

  /**
   * @throws {ExecutionError} OL_RECEIPT_TIMEOUT, OL_RECEIPT_WAITERS, OL_EXECUTION_STOPPED
   * @throws {MempoolError} the transaction was dropped
   */
  wait(txId: Hash, timeoutMs: number): Promise<TransactionOutcome> {
    const key = bytesToHex(txId)
    if (this.#count >= RECEIPT_WAITERS_MAX) {
      throw new ExecutionError('too many requests wait for receipts; ask again later', {
        code: 'OL_RECEIPT_WAITERS',
        waitersMax: RECEIPT_WAITERS_MAX,
      })
    }
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#remove(key, waiter)
        reject(
          new ExecutionError(
            `transaction ${key} was not executed within ${timeoutMs} ms; it still waits: ask for its receipt later`,
            { code: 'OL_RECEIPT_TIMEOUT', txId: key, timeoutMs },
          ),
        )
      }, timeoutMs)
      const waiter: Waiter = {
        resolve: (outcome) => {
          clearTimeout(timer)
          resolve(outcome)
        },
        reject: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      }
      const waiters = this.#waiting.get(key) ?? new Set()
      waiters.add(waiter)
      this.#waiting.set(key, waiters)
      this.#count += 1
    })
  }

  resolve(outcome: TransactionOutcome): void {
    for (const waiter of this.#take(bytesToHex(outcome.txId))) waiter.resolve(outcome)
  }

  reject(txId: Hash, error: MempoolError): void {
    for (const waiter of this.#take(bytesToHex(txId))) waiter.reject(error)
  }

  /** Nothing more will be executed. */
  stop(error: ExecutionError): void {
    for (const key of [...this.#waiting.keys()]) {
      for (const waiter of this.#take(key)) waiter.reject(error)
    }
  }

  #take(key: Hex): ReadonlySet<Waiter> {
    const waiters = this.#waiting.get(key) ?? new Set()
    this.#waiting.delete(key)
    this.#count -= waiters.size
    return waiters
  }

  #remove(key: Hex, waiter: Waiter): void {
    const waiters = this.#waiting.get(key)
    if (waiters?.delete(waiter) !== true) return
    this.#count -= 1
    if (waiters.size === 0) this.#waiting.delete(key)
  }
}
