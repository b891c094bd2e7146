/** The compliance suite over real sockets with Noise, and over memory without encryption. */
import type { Transport, TransportHandlers } from '@openliquid/primitives'
import { describeTransport, type TransportFixture } from '@openliquid/primitives/testing'
import { describe, it, vi } from 'vitest'
import { createWiredNetworkManager } from '../src/createNetworkManager.ts'
import { createNetworkManager, type NetworkConfig, type NetworkManager } from '../src/index.ts'
import { CHAIN_ID, GENESIS_HASH, QUICK, seedOf, validatorSetOf } from './cluster.ts'
import { memoryWiring } from './memoryWiring.ts'

const MANY = { perSecond: 100_000, burst: 100_000 }
const PLENTY = { perSecond: 1e9, burst: 1e9 }
const QUOTAS = {
  consensusMessages: MANY,
  consensusBytes: PLENTY,
  transactionMessages: MANY,
  gossipMessages: MANY,
  rpcs: MANY,
  transactionBytes: PLENTY,
}

function configOf(index: number, nodes: number, listen: string): NetworkConfig {
  return {
    nodeKey: seedOf(index),
    chainId: CHAIN_ID,
    genesisHash: GENESIS_HASH,
    validatorSet: validatorSetOf(nodes),
    listen: [listen],
    sameHost: true,
    quotas: QUOTAS,
    timing: QUICK,
  }
}

/** Every node dials those that started before it. */
function fixtureOf(managers: readonly NetworkManager[]): TransportFixture {
  const isSubscribed = (manager: NetworkManager): boolean =>
    (['blocks', 'transactions', 'qcs'] as const).every(
      (topic) => manager.subscribers(topic).length === managers.length - 1,
    )
  return {
    transports: managers satisfies readonly Transport[],
    async start(index: number, handlers: TransportHandlers) {
      const manager = managers[index]!
      await manager.start(handlers)
      for (const other of managers.slice(0, index)) {
        const nodeKey = validatorSetOf(managers.length).validators[managers.indexOf(other)]!.nodeKey
        manager.addValidator({ nodeKey, multiaddrs: other.multiaddrs() })
      }
    },
    isGossipReady: () => managers.every(isSubscribed),
    async until(condition) {
      await vi.waitUntil(condition, { timeout: 10_000, interval: 5 })
    },
    async close() {
      await Promise.all(managers.map((manager) => manager.stop()))
    },
  }
}

describeTransport(
  'libp2p over TCP with Noise',
  async ({ nodes }) =>
    fixtureOf(
      Array.from({ length: nodes }, (_, index) =>
        createNetworkManager(configOf(index, nodes, '/ip4/127.0.0.1/tcp/0')),
      ),
    ),
  { describe, it },
)

let created = 0
describeTransport(
  'libp2p over memory',
  async ({ nodes }) =>
    fixtureOf(
      Array.from({ length: nodes }, (_, index) =>
        createWiredNetworkManager(
          configOf(index, nodes, `/memory/compliance-${created++}`),
          memoryWiring(),
        ),
      ),
    ),
  { describe, it },
)
