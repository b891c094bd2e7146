import { expect, it } from 'vitest'
import * as api from './index.ts'

it('exports these names', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "DEFAULT_RPC_LIMITS",
      "PUBLIC_RPC_LIMITS",
      "RPC_METRICS",
      "RpcError",
      "RpcListenError",
      "createRpcServer",
    ]
  `)
})
