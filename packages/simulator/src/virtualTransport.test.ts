import { describeTransport } from '@openliquid/primitives/testing'
import { describe, expect, it } from 'vitest'
import { Prng } from './prng.ts'
import { Scheduler } from './scheduler.ts'
import { steadyLinks, VirtualNetwork } from './virtualNetwork.ts'
import { virtualTransports } from './virtualTransport.ts'

const PATIENCE_MS = 60_000

function create(links = steadyLinks(5)) {
  const scheduler = new Scheduler(0)
  const network = new VirtualNetwork(scheduler, new Prng(1), links)
  /** Virtual time goes on only here; promises have their turn between two tasks. */
  const until = async (condition: () => boolean): Promise<void> => {
    const endMs = scheduler.nowMs + PATIENCE_MS
    while (!condition()) {
      for (let turn = 0; turn < 5; turn++) await Promise.resolve()
      if (condition()) return
      if (!scheduler.runNext(endMs)) throw new Error('nothing more happens')
    }
  }
  return { scheduler, network, until }
}

describeTransport(
  'the virtual network',
  async ({ nodes }) => {
    const { scheduler, network, until } = create()
    const transports = virtualTransports(scheduler, network, nodes)
    return {
      transports,
      start: (index, handlers) => transports[index]!.start(handlers),
      isGossipReady: () => true,
      until,
      async close() {
        await Promise.all(transports.map((transport) => transport.stop()))
      },
    }
  },
  { describe, it },
)

it('keeps the order and delivers at most once where links lose, repeat and reorder', async () => {
  const wild = { delayMsMin: 1, delayMsMax: 50, lossPermille: 100, duplicatePermille: 200 }
  const { scheduler, network, until } = create(wild)
  const [first, second] = virtualTransports(scheduler, network, 2)
  const received: number[] = []
  const handlers = {
    onGossip: () => 'accept' as const,
    onMessage: (_: string, { body }: { readonly body: Uint8Array }) => received.push(body[0]!),
    onRequest: async () => undefined,
    onPeer: () => undefined,
  }
  await first!.start(handlers)
  await second!.start(handlers)
  await until(() => first!.peers().length === 1)
  for (let i = 0; i < 200; i++) {
    first!.send(second!.self, { kind: 2, lane: 'consensus', body: Uint8Array.of(i) })
    const endMs = scheduler.nowMs + 20
    while (scheduler.runNext(endMs));
    scheduler.advanceTo(endMs)
  }
  while (scheduler.runNext(PATIENCE_MS));
  expect(received.length).toBeGreaterThan(20)
  expect(received).toEqual([...new Set(received)].sort((a, b) => a - b))
})
