import type { PeerId } from '@openliquid/primitives'
import {
  FOLLOWERS_INBOUND_MAX,
  FOLLOWERS_PER_ADDRESS_MAX,
  FOLLOWERS_PER_SUBNET_MAX,
} from './limits.ts'

/** Why a connection is not taken. */
export type Denial = 'banned' | 'not allowed' | 'full' | 'address' | 'subnet'

export interface AdmissionOptions {
  /** Only these, the configured peers and the validators; everybody when absent. */
  readonly allowList: ReadonlySet<PeerId> | undefined
  /** Many nodes behind one address: no caps. */
  readonly sameHost: boolean
  isBanned(peer: PeerId): boolean
  /** Validators and configured peers: always room. */
  isReserved(peer: PeerId): boolean
}

/**
 * Who may connect: bans, allow-list, caps of followers together, per address and per /24 or /48.
 *
 * Validators and configured peers are never counted, so followers cannot take their places.
 * @see docs/spec/network.md, admission
 */
export class Admission {
  readonly #options: AdmissionOptions
  /** Address of each connection that a follower opened to us. */
  readonly #inbound = new Map<object, { readonly peer: PeerId; readonly address: string }>()

  constructor(options: AdmissionOptions) {
    this.#options = options
  }

  /** @param address - IP of a peer that connects to us, `undefined` when we connect or it has none */
  denial(peer: PeerId, address: string | undefined): Denial | undefined {
    const { allowList, sameHost, isBanned, isReserved } = this.#options
    if (isBanned(peer)) return 'banned'
    if (isReserved(peer)) return undefined
    if (allowList !== undefined && !allowList.has(peer)) return 'not allowed'
    if (sameHost || address === undefined) return undefined
    const subnet = subnetOf(address)
    let all = 0
    let sameAddress = 0
    let sameSubnet = 0
    for (const other of this.#inbound.values()) {
      if (other.peer === peer || isReserved(other.peer)) continue
      all++
      if (other.address === address) sameAddress++
      if (subnetOf(other.address) === subnet) sameSubnet++
    }
    if (all >= FOLLOWERS_INBOUND_MAX) return 'full'
    if (sameAddress >= FOLLOWERS_PER_ADDRESS_MAX) return 'address'
    return sameSubnet >= FOLLOWERS_PER_SUBNET_MAX ? 'subnet' : undefined
  }

  /** @param connection - any object that stands for it */
  onInbound(connection: object, peer: PeerId, address: string): void {
    this.#inbound.set(connection, { peer, address })
  }

  onClosed(connection: object): void {
    this.#inbound.delete(connection)
  }
}

/** The /24 of an IPv4 address, the /48 of an IPv6 address. */
export function subnetOf(address: string): string {
  if (!address.includes(':')) return address.split('.').slice(0, 3).join('.')
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const ending = tail === '' ? [] : tail.split(':')
    while (groups.length + ending.length < 8) groups.push('0')
    groups.push(...ending)
  }
  return groups
    .slice(0, 3)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}
