// The package as it is built, alone in a process: no loader, no test code. Told its peers on the command line.
import { createNetworkManager } from '@openliquid/network'

const { nodeKey, chainId, genesisHash, validatorSet, peers, timing, warmUpMs, measureMs } =
  await new Promise((resolve) => process.once('message', resolve))
const network = createNetworkManager({
  nodeKey,
  chainId,
  genesisHash,
  validatorSet,
  peers,
  listen: [],
  ...(timing === undefined ? {} : { timing }),
  sameHost: true,
})
await network.start({
  onGossip: () => 'accept',
  onMessage: () => undefined,
  onRequest: async () => undefined,
  onPeer: () => undefined,
})
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
while (network.peers().length < peers.length) await wait(100)
process.channel?.unref()
// A node that idles has worked before: its code is compiled.
const vote = { kind: 2, lane: 'consensus', body: new Uint8Array(200) }
for (let round = 0; round < 2_000; round++) {
  for (const peer of network.peers()) network.send(peer, vote)
  await new Promise((resolve) => setImmediate(resolve))
}
await wait(warmUpMs)
globalThis.gc?.()
// The collector's own threads go on for a while.
await wait(2_000)
const before = process.cpuUsage()
await wait(measureMs)
const { user, system } = process.cpuUsage(before)
if (network.peers().length !== peers.length) throw new Error('a peer was lost')
process.send?.({ cpuMs: (user + system) / 1_000 })
process.disconnect?.()
await network.stop()
