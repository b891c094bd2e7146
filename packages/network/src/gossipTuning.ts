import { GossipInbox, type GossipInboxOptions } from './gossipInbox.ts'
import { COALESCE_BYTES_MAX, GOSSIP_PACE_MS, RPC_MESSAGES_MAX } from './limits.ts'

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
  readonly data?: Uint8Array
}

/** What leaves together, to the same peers. */
interface Parcel {
  readonly receivers: Set<string>
  messages: RawMessage[]
  bytes: number
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
 * Encodes a forwarded message once for all its receivers, as gossipsub does with a published one, and sends what is forwarded
 * in one turn to the same peers as one RPC.
 *
 * Stock, each receiver costs an encoding and a copy of the message, and each message a packet to each of them.
 */
export function forwardEncodedOnce(gossipsub: object): void {
  const inner = gossipsub as ForwardingOnceInner
  const { score, idontwants, sendRpcInBatch } = inner
  if (score === undefined || idontwants === undefined || sendRpcInBatch === undefined) return
  if (inner.forwardMessage === undefined) return
  const parcels = new Map<string, Parcel>()
  const send = (parcel: Parcel): void => {
    const { receivers, messages } = parcel
    parcel.messages = []
    parcel.bytes = 0
    // It takes out of the set whom it cannot send to.
    sendRpcInBatch.call(gossipsub, new Set(receivers), { subscriptions: [], messages })
  }
  const sendAll = (): void => {
    for (const parcel of parcels.values()) send(parcel)
    parcels.clear()
  }
  inner.forwardMessage = (id, message, source, excluded) => {
    if (source !== undefined) score.deliverMessage(source, id, message.topic)
    const receivers = inner.selectPeersToForward?.(message.topic, source, excluded) ?? new Set()
    for (const peer of receivers) {
      if (idontwants.get(peer)?.has(id) === true) receivers.delete(peer)
    }
    if (receivers.size === 0) return
    // After the verdicts of all that was handled in this turn.
    if (parcels.size === 0) process.nextTick(sendAll)
    const key = [...receivers].join()
    const parcel = parcels.get(key) ?? { receivers, messages: [], bytes: 0 }
    parcels.set(key, parcel)
    const size = message.data?.length ?? 0
    const isFull = parcel.messages.length === RPC_MESSAGES_MAX
    if (isFull || (parcel.bytes > 0 && parcel.bytes + size > COALESCE_BYTES_MAX)) send(parcel)
    parcel.messages.push(message)
    parcel.bytes += size
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
  addEventListener(type: 'close', listener: () => void): void
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
export type RpcWatcher = Pick<GossipInboxOptions, 'allowRpc' | 'mayHandle' | 'onFault'>

/**
 * Reads what peers say through an inbox, which refuses and takes turns, and tells of topics there are none of.
 *
 * @returns wants every beat
 */
export function readThroughInbox(
  gossipsub: object,
  topics: ReadonlySet<string>,
  watcher: RpcWatcher,
): Pick<GossipInbox, 'beat'> | undefined {
  const inner = gossipsub as ReadingInner
  const { decodeRpc, handleReceivedRpc, streamsInbound } = inner
  if (decodeRpc === undefined || handleReceivedRpc === undefined) return undefined
  if (streamsInbound === undefined || inner.createInboundStream === undefined) return undefined
  const inbox = new GossipInbox({
    ...watcher,
    nextTurn: setImmediate,
    later: (run) => void setTimeout(run, GOSSIP_PACE_MS).unref(),
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
    const sink = inbox.open(id, {
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
    stream.addEventListener('message', ({ data }) => sink.read(data.subarray()))
    stream.addEventListener('close', () => sink.close())
    streamsInbound.set(id, { close: () => closeStream(stream) })
  }
  return inbox
}

async function closeStream(stream: GossipStream): Promise<void> {
  try {
    await stream.close()
  } catch (cause) {
    stream.abort(cause instanceof Error ? cause : new Error('close failed'))
  }
}
