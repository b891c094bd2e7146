import type { PeerId } from '@openliquid/primitives'
import { NetworkError } from './errors.ts'
import { peerIdOfMultiaddr } from './libp2pNode.ts'
import type { NetworkConfig } from './networkConfig.ts'

/** @throws {NetworkError} OL_NETWORK_CONFIG, naming the field */
export function checkConfig(config: NetworkConfig): void {
  const { nodeKey, genesisHash, listen, peers, isPrivate } = config
  if (nodeKey.length !== 32) throw configError('nodeKey', 'wants a seed of 32 bytes')
  if (genesisHash.length !== 32) throw configError('genesisHash', 'wants 32 bytes')
  for (const address of listen) checkMultiaddr('listen', address)
  for (const address of peers ?? []) checkMultiaddr('peers', address)
  if (isPrivate !== true) return
  // Whoever answers at an address without one would be admitted, or nobody.
  const nameless = (peers ?? []).find((address) => peerIdOfMultiaddr(address) === undefined)
  if (nameless === undefined && peers !== undefined && peers.length > 0) return
  throw configError('peers', 'a hidden validator wants its sentries, each with /p2p/<peer id>')
}

/** @throws {NetworkError} OL_NETWORK_CONFIG, naming the field */
export function checkMultiaddr(field: string, address: string): void {
  try {
    peerIdOfMultiaddr(address)
  } catch (cause) {
    throw configError(field, `${address} is not a multiaddr such as /ip4/127.0.0.1/tcp/9600`, cause)
  }
}

/** @throws {NetworkError} OL_NETWORK_CONFIG it is no ed25519 key */
export function checkNodeKey(field: string, nodeKey: Uint8Array): void {
  if (nodeKey.length !== 32) throw configError(field, 'wants a public key of 32 bytes')
}

/**
 * The address with the peer id behind it, so that nobody else answers there.
 *
 * @throws {NetworkError} OL_NETWORK_CONFIG it is no multiaddr, or that of another peer
 */
export function addressOfPeer(field: string, address: string, peer: PeerId): string {
  checkMultiaddr(field, address)
  const named = peerIdOfMultiaddr(address)
  if (named === undefined) return `${address}/p2p/${peer}`
  if (named !== peer) throw configError(field, `${address} is not that of ${peer}`)
  return address
}

function configError(field: string, reason: string, cause?: unknown): NetworkError {
  return new NetworkError(
    `network config, ${field}: ${reason}`,
    { code: 'OL_NETWORK_CONFIG', field, reason },
    { cause },
  )
}
