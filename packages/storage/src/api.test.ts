import { expect, test } from 'vitest'
import * as storage from './index.ts'
import * as testing from './testing/index.ts'

test('exports exactly these names', () => {
  expect(Object.keys(storage)).toMatchInlineSnapshot(`
    [
      "BlockStore",
      "LOG_KIND",
      "openConsensusLog",
      "StoreError",
      "WalError",
      "heightToBytes",
      "KEYSPACE",
      "keyspaceRange",
      "metaKey",
      "openStore",
      "STORE_SCHEMA",
      "LOG_BODY_BYTES_MAX",
      "LOG_SEGMENT_BYTES_MAX",
    ]
  `)
  expect(Object.keys(testing)).toMatchInlineSnapshot(`
    [
      "nodeLogIo",
      "findRecordBeyond",
      "readRecord",
      "readSegmentHeader",
      "SEGMENT_HEADER_BYTES",
      "faultyStore",
      "memoryStore",
      "storeCompliance",
    ]
  `)
})
