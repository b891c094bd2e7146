import { randomBytes } from 'node:crypto'
import { expect, test, vi } from 'vitest'
import { createNetworkManager, type NetworkManager } from '../../packages/network/src/index.ts'
import {
  type Envelope,
  hexToBytes,
  MESSAGE_KIND,
  proposalCodec,
  type Topic,
  type TransportHandlers,
  timeoutVoteCodec,
  transactionBatchCodec,
  voteCodec,
} from '../../packages/primitives/src/index.ts'
import { SeededRandom, sample } from '../../packages/primitives/src/testing/index.ts'
import type { LocalCluster } from './localCluster.ts'

const handlers: TransportHandlers = {
  onGossip: () => 'ignore',
  onMessage: () => undefined,
  onRequest: async () => undefined,
  onPeer: () => undefined,
}

/** Tests that a stranger with a connection can harm nobody. */
export function testHostilePeer(cluster: () => LocalCluster): void {
  async function stranger(genesisHash?: Uint8Array): Promise<NetworkManager> {
    const { multiaddrs, genesisHash: own } = await cluster().status(0)
    const manager = createNetworkManager({
      nodeKey: new Uint8Array(randomBytes(32)),
      chainId: 1_998,
      genesisHash: genesisHash ?? hexToBytes(own),
      listen: [],
      peers: multiaddrs,
      sameHost: true,
    })
    await manager.start(handlers)
    return manager
  }

  test('garbage, forgeries and replays of a peer change nothing and stop nobody', async () => {
    const network = await stranger()
    try {
      await vi.waitFor(() => expect(network.peers()).toHaveLength(1), { timeout: 10_000 })
      const [victim] = network.peers()
      const random = new SeededRandom(1)
      const bodies: [topic: Topic, kind: number, body: Uint8Array][] = [
        ['blocks', MESSAGE_KIND.proposal, new Uint8Array(randomBytes(1_000))],
        ['blocks', MESSAGE_KIND.proposal, proposalCodec.encode(sample.proposal(random))],
        ['qcs', MESSAGE_KIND.advanceView, new Uint8Array(randomBytes(500))],
        ['qcs', MESSAGE_KIND.vote, voteCodec.encode(sample.vote(random))],
        ['transactions', MESSAGE_KIND.transactions, new Uint8Array(randomBytes(64))],
        [
          'transactions',
          MESSAGE_KIND.transactions,
          transactionBatchCodec.encode([sample.transaction(random)]),
        ],
      ]
      for (const [topic, kind, body] of bodies) {
        network.publish(topic, { kind, lane: 'consensus', body })
      }
      const direct: Omit<Envelope, 'lane'>[] = [
        { kind: MESSAGE_KIND.vote, body: voteCodec.encode(sample.vote(random)) },
        { kind: MESSAGE_KIND.timeout, body: timeoutVoteCodec.encode(sample.timeoutVote(random)) },
        { kind: MESSAGE_KIND.vote, body: new Uint8Array(1_000) },
        { kind: 127, body: new Uint8Array(10) },
      ]
      for (const envelope of direct) network.send(victim!, { ...envelope, lane: 'consensus' })
      const options = { timeoutMs: 2_000, answerBytesMax: 1_000_000 }
      const malformed = network.request(victim!, MESSAGE_KIND.getBlocks, new Uint8Array(7), options)
      await expect(malformed).rejects.toMatchObject({ code: expect.stringMatching(/^OL_REQUEST_/) })
      await cluster().reach((await cluster().executedHeight(0)) + 2)
    } finally {
      await network.stop()
    }
  })

  test('a node of another chain gets no channel', async () => {
    const network = await stranger(new Uint8Array(32).fill(1))
    try {
      // Whoever reads the other's hello first ends it.
      await vi.waitFor(
        async () => {
          const refused = await cluster().metric(0, 'network_faults_total', 'OL_HELLO_GENESIS')
          expect(refused + network.stats().faults).toBeGreaterThan(0)
        },
        { timeout: 10_000 },
      )
      expect(network.peers()).toEqual([])
    } finally {
      await network.stop()
    }
  })
}
