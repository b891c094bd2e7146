import { GossipInbox, type GossipInboxOptions } from './gossipInbox.ts'

/** Changes to a running gossipsub that it has no options for; docs/spec/network.md, must-know pitfalls 19, 20 and 24. */

/** Peers of a topic up to which a message is forwarded to all of them, meshed or not. */
const FORWARD_TO_ALL_MAX = 6

interface ForwardingInner {
  readonly topics: ReadonlyMap<string, ReadonlySet<string>>
  selectPeersToForward?: (
    topic: string,
    source?: string,
    excluded?: ReadonlySet<string>,
  ) => Set<string>
}

/**
 * Forwards to every subscriber where there are few.
 *
 * The mesh forms a round trip after the subscription and some beats after a loss; until then gossipsub forwards nothing to the
 * new peer, and later it never tells it either. With no more subscribers than the mesh wants, all of them would be in it.
 */
export function forwardToFew(gossipsub: object): void {
  const inner = gossipsub as ForwardingInner
  const select = inner.selectPeersToForward
  if (select === undefined) return
  inner.selectPeersToForward = (topic, source, excluded) => {
    const selected = select.call(gossipsub, topic, source, excluded)
    const subscribers = inner.topics.get(topic)
    if (subscribers === undefined || subscribers.size > FORWARD_TO_ALL_MAX) return selected
    for (const peer of subscribers) {
      if (peer !== source && excluded?.has(peer) !== true) selected.add(peer)
    }
    return selected
  }
}

interface RawMessage {
  readonly topic: string
}

interface ForwardingOnceInner extends ForwardingInner {
  readonly score?: { deliverMessage(from: string, id: string, topic: string): void }
  readonly idontwants?: ReadonlyMap<string, { has(id: string): boolean }>
  sendRpcInBatch?: (to: Set<string>, rpc: object) => void
  forwardMessage?: (
    id: string,
    message: RawMessage,
    source?: string,
    excluded?: ReadonlySet<string>,
  ) => void
}

/**
 * Encodes a forwarded message once for all its receivers, as gossipsub does with a published one.
 *
 * Stock, each receiver costs an encoding and a copy of the message.
 */
export function forwardEncodedOnce(gossipsub: object): void {
  const inner = gossipsub as ForwardingOnceInner
  const { score, idontwants, sendRpcInBatch } = inner
  if (score === undefined || idontwants === undefined || sendRpcInBatch === undefined) return
  if (inner.forwardMessage === undefined) return
  inner.forwardMessage = (id, message, source, excluded) => {
    if (source !== undefined) score.deliverMessage(source, id, message.topic)
    const receivers = inner.selectPeersToForward?.(message.topic, source, excluded) ?? new Set()
    for (const peer of receivers) {
      if (idontwants.get(peer)?.has(id) === true) receivers.delete(peer)
    }
    if (receivers.size === 0) return
    sendRpcInBatch.call(gossipsub, receivers, { subscriptions: [], messages: [message] })
  }
}

interface Rpc {
  readonly subscriptions?: readonly { readonly topic?: string }[]
}

interface GossipPeer {
  toString(): string
}

/** As far as it is read. */
interface GossipStream {
  pause(): void
  resume(): void
  abort(error: Error): void
  close(): Promise<void>
  addEventListener(type: 'message', listener: (event: { data: ByteList }) => void): void
}

interface ByteList {
  subarray(): Uint8Array
}

interface ReadingInner {
  readonly peers: ReadonlyMap<string, GossipPeer>
  readonly streamsInbound?: Map<string, { close(): Promise<void> }>
  isStarted(): boolean
  decodeRpc?: (bytes: Uint8Array) => Rpc
  handleReceivedRpc?: (from: GossipPeer, rpc: Rpc) => Promise<unknown>
  createInboundStream?: (peer: GossipPeer, stream: GossipStream) => void
}

/** Who is asked and told about RPCs. */
export type RpcWatcher = Pick<GossipInboxOptions, 'allowRpc' | 'onFault'>

/** Reads what peers say through an inbox, which refuses and takes turns, and tells of topics there are none of. */
export function readThroughInbox(
  gossipsub: object,
  topics: ReadonlySet<string>,
  watcher: RpcWatcher,
): void {
  const inner = gossipsub as ReadingInner
  const { decodeRpc, handleReceivedRpc, streamsInbound } = inner
  if (decodeRpc === undefined || handleReceivedRpc === undefined) return
  if (streamsInbound === undefined || inner.createInboundStream === undefined) return
  const inbox = new GossipInbox({
    ...watcher,
    nextTurn: setImmediate,
    handle: (peer, bytes) => {
      const from = inner.peers.get(peer)
      if (from === undefined) return
      let rpc: Rpc
      try {
        rpc = decodeRpc.call(gossipsub, bytes)
      } catch {
        watcher.onFault(peer, 'malformed')
        return
      }
      const isForeign = rpc.subscriptions?.some(
        ({ topic }) => topic === undefined || !topics.has(topic),
      )
      if (isForeign === true) watcher.onFault(peer, 'topics')
      else handleReceivedRpc.call(gossipsub, from, rpc).catch(() => undefined)
    },
  })
  inner.createInboundStream = (peer, stream) => {
    const id = peer.toString()
    if (!inner.isStarted() || !inner.peers.has(id)) return
    // The newest is the one that the peer sends on.
    streamsInbound
      .get(id)
      ?.close()
      .catch(() => undefined)
    const take = inbox.open(id, {
      pause: () => stream.pause(),
      resume: () => {
        try {
          stream.resume()
        } catch {
          // It tells of room; the connection has ended meanwhile, and its close event tells that.
        }
      },
      abort: (reason) => stream.abort(new Error(reason)),
    })
    stream.addEventListener('message', ({ data }) => take(data.subarray()))
    streamsInbound.set(id, { close: () => closeStream(stream) })
  }
}

async function closeStream(stream: GossipStream): Promise<void> {
  try {
    await stream.close()
  } catch (cause) {
    stream.abort(cause instanceof Error ? cause : new Error('close failed'))
  }
}
