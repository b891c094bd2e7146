import { expect, test } from 'vitest'
import * as api from './index.ts'

test('exports', () => {
  expect(Object.keys(api)).toMatchInlineSnapshot(`
    [
      "EvmError",
      "EvmFatalError",
      "EvmTransactionError",
      "encodeEvmBlock",
      "EvmExecutor",
      "evmStateRoot",
      "decodeEvmTransaction",
      "importChain",
      "CALL_GAS_MAX",
      "FEE_HISTORY_BLOCKS_MAX",
      "LOG_TOPICS_MAX",
      "LOGS_BLOCKS_MAX",
      "LOGS_RESULTS_MAX",
      "PREDEPLOYS",
      "WRAPPED_HYPE_ADDRESS",
      "EvmRestorer",
      "evmGenesisDigest",
      "readEvmBlock",
      "evmHeadOf",
      "evmStateChunks",
      "runStateTests",
    ]
  `)
})
