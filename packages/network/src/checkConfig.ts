import { NetworkError } from './errors.ts'
import { peerIdOfMultiaddr } from './libp2pNode.ts'
import type { NetworkConfig } from './networkConfig.ts'

/** @throws {NetworkError} OL_NETWORK_CONFIG, naming the field */
export function checkConfig({ nodeKey, genesisHash, listen, peers }: NetworkConfig): void {
  if (nodeKey.length !== 32) throw configError('nodeKey', 'wants a seed of 32 bytes')
  if (genesisHash.length !== 32) throw configError('genesisHash', 'wants 32 bytes')
  for (const address of listen) checkMultiaddr('listen', address)
  for (const address of peers ?? []) checkMultiaddr('peers', address)
}

/** @throws {NetworkError} OL_NETWORK_CONFIG, naming the field */
export function checkMultiaddr(field: string, address: string): void {
  try {
    peerIdOfMultiaddr(address)
  } catch (cause) {
    throw configError(field, `${address} is not a multiaddr such as /ip4/127.0.0.1/tcp/9600`, cause)
  }
}

function configError(field: string, reason: string, cause?: unknown): NetworkError {
  return new NetworkError(
    `network config, ${field}: ${reason}`,
    { code: 'OL_NETWORK_CONFIG', field, reason },
    { cause },
  )
}
