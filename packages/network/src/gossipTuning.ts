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

/** What an RPC of a peer did wrong. */
export type RpcFault = 'malformed' | 'topics'

interface Rpc {
  readonly messages?: readonly object[]
  readonly subscriptions?: readonly { readonly topic?: string }[]
}

interface RpcInner {
  decodeRpc?: (bytes: Uint8Array) => Rpc
  handleReceivedRpc?: (from: { toString(): string }, rpc: Rpc) => Promise<unknown>
}

const MALFORMED: Rpc = {}

/** Who is asked and told about RPCs. */
export interface RpcWatcher {
  /** False: it is dropped, before anything in it is hashed or remembered. */
  allowRpc(from: string, bytes: number, messages: number): boolean
  /** Once an RPC; nothing of it is taken. */
  onGossipFault(from: string, fault: RpcFault): void
}

/** Counts RPCs, which gossipsub does not, and tells of those that do not decode or name topics there are none of. */
export function watchRpcs(
  gossipsub: object,
  topics: ReadonlySet<string>,
  watcher: RpcWatcher,
): void {
  const inner = gossipsub as RpcInner
  const { decodeRpc, handleReceivedRpc } = inner
  if (decodeRpc === undefined || handleReceivedRpc === undefined) return
  /** An RPC is decoded and handled in the same turn. */
  let size = 0
  inner.decodeRpc = (bytes) => {
    size = bytes.length
    try {
      return decodeRpc.call(gossipsub, bytes)
    } catch {
      return MALFORMED
    }
  }
  inner.handleReceivedRpc = async (from, rpc) => {
    const peer = from.toString()
    if (!watcher.allowRpc(peer, size, rpc.messages?.length ?? 0)) return
    if (rpc === MALFORMED) {
      watcher.onGossipFault(peer, 'malformed')
      return
    }
    const isForeign = rpc.subscriptions?.some(
      ({ topic }) => topic === undefined || !topics.has(topic),
    )
    if (isForeign === true) {
      watcher.onGossipFault(peer, 'topics')
      return
    }
    await handleReceivedRpc.call(gossipsub, from, rpc)
  }
}
