import { expect, test } from 'vitest'
import * as api from './index.ts'

test('exports exactly these names', () => {
  expect(Object.keys(api).sort()).toMatchInlineSnapshot(`
    [
      "ANSWER_BYTES_MAX",
      "DEFAULT_QUOTAS",
      "DEFAULT_TIMING",
      "NETWORK_METRICS",
      "NetworkError",
      "REQUEST_BYTES_MAX",
      "channelBytesMax",
      "createNetworkManager",
      "gossipBytesMax",
      "peerIdFromNodeKey",
    ]
  `)
})
