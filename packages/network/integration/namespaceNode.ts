/** A node in a process and a network namespace of its own; tells what happens, one JSON line an event. */
import { createNetworkManager } from '../src/index.ts'
import { CHAIN_ID, GENESIS_HASH, seedOf, validatorSetOf } from './cluster.ts'
import type { NamespaceConfig } from './namespaces.ts'

const { index, count, addresses, mdns } = JSON.parse(process.argv[2] ?? '') as NamespaceConfig
const listen = addresses[index] ?? ''
const manager = createNetworkManager({
  nodeKey: seedOf(index),
  chainId: CHAIN_ID,
  genesisHash: GENESIS_HASH,
  validatorSet: validatorSetOf(count),
  listen: [listen],
  // Who has multicast DNS has to find the others by it.
  ...(mdns === undefined
    ? { peers: addresses.filter((address) => address !== listen) }
    : { mdns, discovery: false }),
  head: { headHeight: BigInt(index), committedHeight: 0n, epoch: 1n },
  sameHost: true,
})
const tell = (line: object): void => {
  process.stdout.write(
    `${JSON.stringify(line, (_, value) => (typeof value === 'bigint' ? `${value}` : value))}\n`,
  )
}
void (async () => {
  for await (const event of manager.events()) if (event.kind !== 'peerFault') tell(event)
})()
await manager.start({
  onGossip: () => 'accept',
  onMessage: () => undefined,
  onRequest: async () => undefined,
  onPeer: () => undefined,
})
process.stdin.on('end', () => process.exit(0))
process.stdin.resume()
