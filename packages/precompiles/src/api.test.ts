import { expect, test } from 'vitest'
import * as api from './index.ts'

test('exports', () => {
  expect(Object.keys(api)).toMatchInlineSnapshot(`
    [
      "CORE_WRITER_ADDRESS",
      "RAW_ACTION_TOPIC",
      "decodeCoreWriterLog",
      "coreReceiveData",
      "EvmLinks",
      "RECEIVED_TOPIC",
      "TRANSFER_TOPIC",
      "tokenTransferData",
      "precompileGas",
      "readPrecompiles",
    ]
  `)
})
