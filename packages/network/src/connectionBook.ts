import type { PeerId } from '@openliquid/primitives'

/** Connections that opened within this time come of simultaneous dials. */
const SAME_AGE_MS = 5_000

/** What tells several connections to one peer apart. */
export interface Standing {
  readonly status: string
  readonly direction: 'inbound' | 'outbound'
  readonly timeline: { readonly open: number }
}

/** What an opened connection means. */
export type Opened<C> =
  | { readonly kind: 'first' }
  /** Streams go to the one that is kept, then the others are closed. */
  | { readonly kind: 'several'; readonly kept: C; readonly surplus: readonly C[] }
  | { readonly kind: 'none' }

/** What a closed connection means: the last one, one that was to be closed, or one whose streams nobody moved. */
export type Closed = 'last' | 'surplus' | 'lost' | 'unknown'

/**
 * The connections to each peer, and which of several stays.
 *
 * Of two of the same age the one that the smaller peer id dialled, so that both sides keep the same; else the newer.
 * @see docs/spec/network.md, must-know pitfall 21
 */
export class ConnectionBook<C extends Standing> {
  readonly #self: PeerId
  readonly #connections = new Map<PeerId, Set<C>>()
  /** Where several stood. */
  readonly #kept = new Map<PeerId, C>()
  readonly #surplus = new Set<C>()

  constructor(self: PeerId) {
    this.#self = self
  }

  has(peer: PeerId): boolean {
    return this.#connections.has(peer)
  }

  of(peer: PeerId): Iterable<C> {
    return this.#connections.get(peer) ?? []
  }

  all(): C[] {
    return [...this.#connections.values()].flatMap((connections) => [...connections])
  }

  /** The one for new streams. */
  usable(peer: PeerId): C | undefined {
    const kept = this.#kept.get(peer)
    if (kept?.status === 'open') return kept
    return [...this.of(peer)].find(({ status }) => status === 'open')
  }

  onOpen(peer: PeerId, connection: C): Opened<C> {
    const connections = this.#connections.get(peer)
    if (connections === undefined) {
      this.#connections.set(peer, new Set([connection]))
      return { kind: 'first' }
    }
    connections.add(connection)
    const [kept, ...surplus] = [...connections]
      .filter(({ status }) => status === 'open')
      .sort((a, b) => this.#rank(a, b, peer))
    if (kept === undefined || surplus.length === 0) return { kind: 'none' }
    this.#kept.set(peer, kept)
    this.#surplus.delete(kept)
    for (const other of surplus) this.#surplus.add(other)
    return { kind: 'several', kept, surplus }
  }

  onClose(peer: PeerId, connection: C): Closed {
    const connections = this.#connections.get(peer)
    if (connections?.delete(connection) !== true) return 'unknown'
    const wasSurplus = this.#surplus.delete(connection)
    if (connections.size > 0) return wasSurplus ? 'surplus' : 'lost'
    this.#connections.delete(peer)
    this.#kept.delete(peer)
    return 'last'
  }

  #rank(a: C, b: C, peer: PeerId): number {
    const newerMs = b.timeline.open - a.timeline.open
    if (Math.abs(newerMs) > SAME_AGE_MS) return newerMs
    const isOfSmaller = ({ direction }: C): boolean =>
      (direction === 'outbound') === this.#self < peer
    return Number(isOfSmaller(b)) - Number(isOfSmaller(a)) || newerMs
  }
}
