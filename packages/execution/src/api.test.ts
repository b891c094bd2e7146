import { expect, test } from 'vitest'
import * as execution from './index.ts'

test('exports exactly these names', () => {
  expect(Object.keys(execution)).toMatchInlineSnapshot(`
    [
      "EvmError",
      "Application",
      "isEmptyPayload",
      "ExecutionError",
      "MempoolError",
      "TransactionError",
      "History",
      "Mempool",
      "EXECUTION_METRICS",
      "combineRoots",
      "TransactionReader",
    ]
  `)
})
