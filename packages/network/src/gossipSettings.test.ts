import { expect, test } from 'vitest'
import { gossipSettings } from './gossipSettings.ts'
import { RPC_BYTES_MAX } from './limits.ts'

const TOPICS = ['one', 'two', 'three']
const settingsOf = (sameHost: boolean): ReturnType<typeof gossipSettings> =>
  gossipSettings({ topics: TOPICS, sameHost, scoreOf: (peer) => peer.length })

test('messages are not signed, not forwarded unseen, and of our topics only', () => {
  expect(settingsOf(false)).toMatchObject({
    globalSignaturePolicy: 'StrictNoSign',
    asyncValidation: true,
    allowedTopics: TOPICS,
    seenTTL: 60_000,
    doPX: false,
  })
})

test('everything that a peer makes us decode or keep has an end', () => {
  const settings = settingsOf(false)
  for (const limit of Object.values(settings.decodeRpcLimits ?? {})) {
    expect(limit).toBeLessThanOrEqual(1_000)
  }
  expect(Object.keys(settings.decodeRpcLimits ?? {})).toHaveLength(7)
  expect(settings.maxInboundDataLength).toBe(RPC_BYTES_MAX)
  expect(settings).toMatchObject({
    maxTopicBytesPerPeer: expect.any(Number),
    maxOutboundBufferSize: expect.any(Number),
    idontwantMaxMessages: expect.any(Number),
  })
})

test('many peers on one address cost a score, but not on one host', () => {
  expect(settingsOf(true).scoreParams).toMatchObject({ IPColocationFactorWeight: 0 })
  // Gossipsub's own.
  expect(settingsOf(false).scoreParams).not.toHaveProperty('IPColocationFactorWeight')
})

test('our own score is part of theirs', () => {
  const { appSpecificScore, appSpecificWeight } = settingsOf(false).scoreParams ?? {}
  expect(appSpecificScore?.('four')).toBe(4)
  expect(appSpecificWeight).toBe(1)
})

test('the same bytes on two topics are two messages, on one topic one', async () => {
  const { msgIdFn } = settingsOf(false)
  const idOf = async (topic: string, data: Uint8Array): Promise<Uint8Array | undefined> =>
    msgIdFn?.({ topic, data } as Parameters<NonNullable<typeof msgIdFn>>[0])
  const data = Uint8Array.of(1, 2, 3)
  expect(await idOf('one', data)).toEqual(await idOf('one', data.slice()))
  expect(await idOf('one', data)).toHaveLength(20)
  expect(await idOf('one', data)).not.toEqual(await idOf('two', data))
  // The length of the topic is part of it.
  expect(await idOf('on', Uint8Array.of(101, 1))).not.toEqual(await idOf('one', Uint8Array.of(1)))
})
