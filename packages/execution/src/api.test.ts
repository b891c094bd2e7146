import { expect, test } from 'vitest'
import * as execution from './index.ts'

test('exports exactly these names', () => {
  expect(Object.keys(execution)).toMatchInlineSnapshot(`
    [
      "EvmError",
      "AccountValuer",
      "Application",
      "isEmptyPayload",
      "ExecutionError",
      "MempoolError",
      "TransactionError",
      "History",
      "CANDLE_INTERVALS",
      "candleSpan",
      "Mempool",
      "EXECUTION_METRICS",
      "makeSnapshot",
      "StateRestorer",
      "combineRoots",
      "readStateSyncBase",
      "TransactionReader",
    ]
  `)
})
