import { blocksAnswerCodec, type PeerId } from '@openliquid/primitives'
import { expect, it } from 'vitest'
import { BlockFetcher } from './blockFetcher.ts'
import type { UntimedInput } from './eventLoop.ts'
import { FETCH_DEMOTION_MS } from './limits.ts'

const request = { fromHeight: 1n, bytesMax: 1_000 }
const empty = blocksAnswerCodec.encode({ blocks: [] })

function fetcherOf(answers: Readonly<Record<PeerId, Uint8Array | undefined>>) {
  const asked: PeerId[] = []
  const pushed: UntimedInput[] = []
  const clock = { nowMs: 0 }
  const fetcher = new BlockFetcher(
    {
      peers: () => Object.keys(answers),
      validatorPeer: (index) => `v${index}`,
      request: async (peer) => {
        asked.push(peer)
        const answer = answers[peer]
        if (answer === undefined) throw new Error('too slow')
        return answer
      },
    },
    { clock: () => clock.nowMs, push: (input) => pushed.push(input) },
  )
  return { asked, pushed, clock, fetcher }
}

it('asks the validators named first, then others, until one answers', async () => {
  const { asked, fetcher, pushed } = fetcherOf({
    f: empty,
    v0: undefined,
    v1: Uint8Array.of(9),
    v2: empty,
  })
  await fetcher.fetch({ requestId: 1, validators: [1, 0, 2], request })
  expect(asked).toEqual(['v1', 'v0', 'v2'])
  expect(pushed).toMatchObject([{ kind: 'blocksFetched', requestId: 1, from: 'v2' }])
})

it('asks those that failed, or served what does not verify, after all others for a while', async () => {
  const { asked, clock, fetcher } = fetcherOf({ v0: undefined, v1: empty, v2: empty })
  await fetcher.fetch({ requestId: 1, validators: [0, 1, 2], request })
  expect(asked.splice(0)).toEqual(['v0', 'v1'])
  fetcher.demote('v1')
  await fetcher.fetch({ requestId: 2, validators: [0, 1, 2], request })
  expect(asked.splice(0)).toEqual(['v2'])
  clock.nowMs = FETCH_DEMOTION_MS
  await fetcher.fetch({ requestId: 3, validators: [0, 1, 2], request })
  expect(asked.splice(0)).toEqual(['v0', 'v1'])
})

it('says so when nobody answers', async () => {
  const { fetcher, pushed } = fetcherOf({ v0: undefined })
  await fetcher.fetch({ requestId: 4, validators: [0], request })
  expect(pushed).toEqual([{ kind: 'fetchFailed', requestId: 4 }])
})
