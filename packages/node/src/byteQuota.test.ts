import { expect, it } from 'vitest'
import { ByteQuota } from './byteQuota.ts'
import { QUOTA_PEERS_MAX } from './limits.ts'

it('serves each peer its bytes per second, one second saved up at most', () => {
  let nowMs = 0
  const quota = new ByteQuota(() => nowMs, 1_000)
  expect(quota.allows('a')).toBe(true)
  quota.charge('a', 999)
  expect(quota.allows('a')).toBe(true)
  quota.charge('a', 2_001)
  expect(quota.allows('a')).toBe(false)
  expect(quota.allows('b')).toBe(true)
  nowMs = 2_000
  expect(quota.allows('a')).toBe(false)
  nowMs = 2_001
  expect(quota.allows('a')).toBe(true)
  nowMs = 1_000_000
  quota.charge('a', 1_000)
  expect(quota.allows('a')).toBe(false)
})

it('remembers a bounded number of peers', () => {
  const quota = new ByteQuota(() => 0, 1)
  quota.charge('first', 2)
  for (let i = 0; i < QUOTA_PEERS_MAX; i++) quota.charge(`p${i}`, 2)
  expect(quota.allows('first')).toBe(true)
  expect(quota.allows(`p${QUOTA_PEERS_MAX - 1}`)).toBe(false)
})
