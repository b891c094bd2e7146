import { concatBytes, type PeerId, utf8ToBytes } from '@openliquid/primitives'
import {
  ADDRESS_BYTES_MAX,
  DISCOVERY_ADDRESSES_MAX,
  DISCOVERY_DIALS_MAX,
  DISCOVERY_INTERVAL_MAX,
  DISCOVERY_VALIDATOR_DIALS_MAX,
  PEERS_WANTED,
} from './limits.ts'

/** Kind of the request for addresses; answered here, never handed to the user. */
export const PEERS_REQUEST_KIND = 0x7f

export interface DiscoveryOptions {
  readonly self: PeerId
  livePeers(): readonly PeerId[]
  isConnected(peer: PeerId): boolean
  /** Validators that this node needs and cannot reach. */
  missing(): ReadonlySet<PeerId>
  /** Addresses that the peer told of itself, with its peer id; none for those that must not be advertised. */
  addressesOf(peer: PeerId): Promise<readonly string[]>
  /** Never throws, whatever the text. */
  peerIdOf(address: string): PeerId | undefined
  ask(peer: PeerId): Promise<Uint8Array>
  /** @param address - multiaddr, or the peer id of a peer whose address is known */
  dial(address: string): Promise<unknown>
  /** Uniform in [0, 1). */
  random(): number
}

/**
 * Finds peers by asking those that are admitted for the addresses of theirs.
 *
 * A node with too few peers asks one at a time and dials a handful of what it hears; a validator asks on until it reaches all
 * others, because its votes go to each of them in turn. Whoever answers there has to pass the hello like everybody, so a lie
 * costs a dial.
 * @see docs/spec/network.md, discovery
 */
export class Discovery {
  readonly #options: DiscoveryOptions
  #isAsking = false
  /** Steps between two questions: doubled by each answer without news, one again when a peer is lost or found. */
  #interval = 1
  #sinceAsked = 0
  #peersBefore = 0
  #missingBefore = 0
  /** Dials of found peers under way. */
  #dials = 0

  constructor(options: DiscoveryOptions) {
    this.#options = options
  }

  /** One step; called now and then. */
  async tick(): Promise<void> {
    const { livePeers, missing, ask, random } = this.#options
    const peers = livePeers()
    const { size } = missing()
    if (peers.length !== this.#peersBefore || size !== this.#missingBefore) this.#interval = 1
    this.#peersBefore = peers.length
    this.#missingBefore = size
    this.#sinceAsked++
    if (this.#sinceAsked < this.#interval) return
    const peer = peers[Math.floor(random() * peers.length)]
    const hasEnough = size === 0 && peers.length >= PEERS_WANTED
    if (this.#isAsking || peer === undefined || hasEnough) return
    this.#isAsking = true
    this.#sinceAsked = 0
    try {
      const addresses = decodeAddresses(await ask(peer))
      const dials = await this.#dialNew(addresses ?? [], PEERS_WANTED - peers.length)
      this.#interval = dials > 0 ? 1 : Math.min(4 * this.#interval, DISCOVERY_INTERVAL_MAX)
    } catch {
      // A peer that does not answer is asked again later, or another is.
    } finally {
      this.#isAsking = false
    }
  }

  /** Somebody else told of a peer: it is dialled while too few are there, a missing validator always. */
  onFound(peer: PeerId): void {
    const { self, isConnected, livePeers, missing, dial } = this.#options
    if (peer === self || isConnected(peer) || this.#dials >= DISCOVERY_DIALS_MAX) return
    if (livePeers().length >= PEERS_WANTED && !missing().has(peer)) return
    this.#dials++
    const done = (): void => {
      this.#dials--
    }
    dial(peer).then(done, done)
  }

  /** What a peer that asks is told: addresses of others, in random order. */
  async answer(asker: PeerId): Promise<Uint8Array> {
    const { livePeers, addressesOf, random } = this.#options
    const others = livePeers().filter((peer) => peer !== asker)
    const told: string[] = []
    for (let i = others.length; i > 0 && told.length < DISCOVERY_ADDRESSES_MAX; i--) {
      const [peer] = others.splice(Math.floor(random() * i), 1)
      if (peer !== undefined) told.push(...(await addressesOf(peer)))
    }
    return encodeAddresses(told.slice(0, DISCOVERY_ADDRESSES_MAX))
  }

  /** @param wanted - peers that are no missing validators */
  async #dialNew(addresses: readonly string[], wanted: number): Promise<number> {
    const { self, isConnected, missing, peerIdOf, dial } = this.#options
    const needed = missing()
    const left = {
      needed: DISCOVERY_VALIDATOR_DIALS_MAX,
      others: Math.min(wanted, DISCOVERY_DIALS_MAX),
    }
    const tried = new Set<PeerId>([self])
    const dials: Promise<unknown>[] = []
    for (const address of addresses) {
      const peer = peerIdOf(address)
      if (peer === undefined || tried.has(peer) || isConnected(peer)) continue
      const kind = needed.has(peer) ? 'needed' : 'others'
      if (left[kind] <= 0) continue
      left[kind]--
      tried.add(peer)
      dials.push(dial(address).catch(() => undefined))
    }
    await Promise.all(dials)
    return dials.length
  }
}

/** u8 count, then each address as UTF-8 behind a length byte. Longer addresses are left out. */
export function encodeAddresses(addresses: readonly string[]): Uint8Array {
  const parts = addresses
    .map((address) => utf8ToBytes(address))
    .filter(({ length }) => length <= ADDRESS_BYTES_MAX)
    .slice(0, DISCOVERY_ADDRESSES_MAX)
  return concatBytes(
    Uint8Array.of(parts.length),
    ...parts.map((part) => concatBytes(Uint8Array.of(part.length), part)),
  )
}

/** `undefined` for anything that is no such list. */
export function decodeAddresses(bytes: Uint8Array): string[] | undefined {
  const [count = 0] = bytes
  if (bytes.length === 0 || count > DISCOVERY_ADDRESSES_MAX) return undefined
  const addresses: string[] = []
  let at = 1
  for (let i = 0; i < count; i++) {
    const length = bytes[at]
    if (length === undefined || length > ADDRESS_BYTES_MAX) return undefined
    const part = bytes.subarray(at + 1, at + 1 + length)
    if (part.length < length) return undefined
    // Only what a multiaddr can hold.
    if (part.some((byte) => byte < 0x21 || byte > 0x7e)) return undefined
    addresses.push(String.fromCharCode(...part))
    at += 1 + length
  }
  return at === bytes.length ? addresses : undefined
}
