/** Hostile peers for the flood figure, in a process of their own. */
import { MESSAGE_KIND, utf8ToBytes } from '@openliquid/primitives'
import { rawPeer, sayHello } from '../integration/rawPeer.ts'
import { encodeFrame } from '../src/frame.ts'
import { topicNames } from '../src/topics.ts'
import { freshBody, GENESIS_HASH } from './benchNode.ts'
import { serve } from './serve.ts'

const TICK_MS = 10
const TIMES_QUOTA = 20
const VOTES_PER_SECOND = 200
const GOSSIP_PER_SECOND = 1_000
const HOSTILE = 201
const TOPICS = 1_000_000
const TOPICS_PER_RPC = 60

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 5))
}

export class FloodNode {
  /** Messages and gossip at 20 times the quotas until the victim hangs up; milliseconds it took. */
  async flood(address: string): Promise<number> {
    const raw = await rawPeer(HOSTILE)
    const victim = await raw.host.dial(address, 5_000)
    const channel = await raw.openChannel(victim)
    await sayHello(raw, victim, channel, until)
    const topic = topicNames(GENESIS_HASH).nameOf('blocks')
    await until(() => raw.host.subscribers(topic).length > 0)
    const start = performance.now()
    const perTick = (perSecond: number): number => (perSecond * TIMES_QUOTA * TICK_MS) / 1_000
    let sentMs = start
    await new Promise<void>((resolve) => {
      const timer = setInterval(() => {
        if (!raw.host.isConnected(victim)) {
          clearInterval(timer)
          resolve()
          return
        }
        for (; sentMs < performance.now(); sentMs += TICK_MS) {
          for (let i = 0; i < perTick(VOTES_PER_SECOND); i++) {
            channel.stream.send(encodeFrame(MESSAGE_KIND.vote, freshBody(200)))
          }
          for (let i = 0; i < perTick(GOSSIP_PER_SECOND); i++) {
            raw.host.publish(topic, encodeFrame(MESSAGE_KIND.proposal, freshBody(200)))
          }
        }
      }, TICK_MS)
    })
    const tookMs = performance.now() - start
    await raw.host.stop()
    return tookMs
  }

  /** Subscribes to a million topics until all are sent or the victim hangs up; milliseconds it took. */
  async subscribe(address: string): Promise<number> {
    const raw = await rawPeer(HOSTILE + 1)
    const victim = await raw.host.dial(address, 5_000)
    const stream = await raw.host.openStream(victim, '/meshsub/1.2.0', 5_000)
    const start = performance.now()
    for (let topic = 0; topic < TOPICS && raw.host.isConnected(victim); topic += TOPICS_PER_RPC) {
      const rpc = subscriptions(topic)
      if (!stream.send(rpc)) await new Promise((resolve) => setTimeout(resolve, 1))
      else if (topic % (100 * TOPICS_PER_RPC) === 0)
        await new Promise((resolve) => setImmediate(resolve))
    }
    await until(() => !raw.host.isConnected(victim))
    const tookMs = performance.now() - start
    await raw.host.stop()
    return tookMs
  }
}

/** One RPC of gossipsub, length-prefixed protobuf: subscriptions = 1 { subscribe = 1, topic = 2 }. */
function subscriptions(first: number): Uint8Array {
  const items: number[] = []
  for (let i = first; i < first + TOPICS_PER_RPC; i++) {
    const topic = utf8ToBytes(`t${i}`)
    items.push(0x0a, 4 + topic.length, 0x08, 1, 0x12, topic.length, ...topic)
  }
  return Uint8Array.of((items.length & 0x7f) | 0x80, items.length >> 7, ...items)
}

serve('floodNode.ts', new FloodNode())
