import { expect, it } from 'vitest'
import * as exchange from './index.ts'
import * as testing from './testing/index.ts'

it('exports what is public, and no more', () => {
  expect(Object.keys(exchange).sort()).toMatchInlineSnapshot(`
    [
      "BATCH_MAX",
      "BOOK_LEVELS_SHOWN_MAX",
      "CORE_WRITER_DELAY_MS",
      "CORE_WRITER_QUEUE_MAX",
      "CoreRanges",
      "CoreStateError",
      "EMPTY_ROOT",
      "ExchangeMachine",
      "GenesisCoreError",
      "MISSING_ORDER",
      "NONCES_MAX",
      "NONCE_AGE_MS_MAX",
      "NONCE_LEAD_MS_MAX",
      "NONCE_TEXTS",
      "ORACLE_BUCKET_MS",
      "accountKey",
      "actionClass",
      "coreKeyRange",
      "coreRangeRoot",
      "openOrderKey",
      "oracleBucketOf",
      "positionKey",
      "spotBalanceKey",
      "verifyCoreProof",
    ]
  `)
  expect(Object.keys(testing).sort()).toMatchInlineSnapshot(`
    [
      "ASSETS",
      "GENESIS_MS",
      "NaiveOrderBook",
      "NaiveTriggerBook",
      "TOKENS",
      "TestExchange",
      "applyStep",
      "prng",
      "randomStep",
      "testContext",
      "testCore",
      "testGenesis",
      "testUser",
      "testUserHex",
      "testValidators",
    ]
  `)
})
