import { expect, test } from 'vitest'
import * as api from './index.ts'

test('the package exports exactly this', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "DEV_ACCOUNTS",
      "DEV_CHAIN_ID",
      "DEV_MNEMONIC",
      "EXIT_CODE",
      "NODE_METRICS",
      "NodeError",
      "createNode",
      "devGenesis",
      "exitCodeOf",
      "prepareLocalNetwork",
      "silentLogger",
    ]
  `)
})
