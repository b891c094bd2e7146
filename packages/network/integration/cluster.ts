import { ed25519PublicKey } from '@openliquid/crypto'
import type {
  Envelope,
  GossipVerdict,
  PeerId,
  Topic,
  TransportHandlers,
  ValidatorSet,
} from '@openliquid/primitives'
import { createWiredNetworkManager } from '../src/createNetworkManager.ts'
import {
  createNetworkManager,
  type NetworkConfig,
  type NetworkManager,
  type NetworkTiming,
} from '../src/index.ts'
import type { MemoryWire } from './memoryWire.ts'
import { memoryWiring } from './memoryWiring.ts'

/** Quick clocks, so that states change within a test's patience. */
export const QUICK: Partial<NetworkTiming> = {
  heartbeatMs: 200,
  redialDelayMsMin: 50,
  redialDelayMsMax: 300,
}

export const CHAIN_ID = 1998
export const GENESIS_HASH: Uint8Array = new Uint8Array(32).fill(7)

export function seedOf(index: number): Uint8Array {
  return new Uint8Array(32).fill(index + 1)
}

export function validatorSetOf(count: number): ValidatorSet {
  const validators = Array.from({ length: count }, (_, index) => ({
    index,
    address: new Uint8Array(20).fill(index + 1),
    stake: 100n,
    voteKey: new Uint8Array(32).fill(index + 1),
    nodeKey: ed25519PublicKey(seedOf(index)),
  }))
  return { epoch: 1n, validators, totalStake: 100n * BigInt(count) }
}

/** Where the node listens that has no socket. */
export function memoryAddress(index: number): string {
  return `/memory/openliquid-${index}`
}

/** A manager with everything it told. */
export interface TestNode extends AsyncDisposable {
  readonly manager: NetworkManager
  readonly gossip: { readonly from: PeerId; readonly topic: Topic; readonly envelope: Envelope }[]
  readonly messages: { readonly from: PeerId; readonly envelope: Envelope }[]
  readonly states: { readonly peer: PeerId; readonly state: string }[]
  readonly faults: string[]
  verdict: (envelope: Envelope) => GossipVerdict | Promise<GossipVerdict>
  answer: (kind: number, body: Uint8Array) => Promise<Uint8Array | undefined>
  start(): Promise<void>
}

export function testNode(
  index: number,
  config: Partial<NetworkConfig> & {
    readonly isMemory?: boolean
    /** What can cut the memory. */
    readonly wire?: MemoryWire
  } = {},
): TestNode {
  const { wire, isMemory = wire !== undefined, ...overrides } = config
  const full: NetworkConfig = {
    nodeKey: seedOf(index),
    chainId: CHAIN_ID,
    genesisHash: GENESIS_HASH,
    listen: [isMemory ? memoryAddress(index) : '/ip4/127.0.0.1/tcp/0'],
    sameHost: true,
    timing: QUICK,
    ...overrides,
  }
  const manager = isMemory
    ? createWiredNetworkManager(full, memoryWiring(wire))
    : createNetworkManager(full)
  const node: TestNode = {
    manager,
    gossip: [],
    messages: [],
    states: [],
    faults: [],
    verdict: () => 'accept',
    answer: async (_kind, body) => body,
    start: () => {
      void collectFaults(node)
      return manager.start(handlersOf(node))
    },
    [Symbol.asyncDispose]: () => manager.stop(),
  }
  return node
}

function handlersOf(node: TestNode): TransportHandlers {
  return {
    onGossip: (from, topic, envelope) => {
      node.gossip.push({ from, topic, envelope })
      return node.verdict(envelope)
    },
    onMessage: (from, envelope) => {
      node.messages.push({ from, envelope })
    },
    onRequest: (_from, kind, body) => node.answer(kind, body),
    onPeer: (peer, state) => {
      node.states.push({ peer, state })
    },
  }
}

async function collectFaults(node: TestNode): Promise<void> {
  for await (const event of node.manager.events()) {
    const isFault = event.kind === 'peerFault' || event.kind === 'addressFault'
    if (isFault) node.faults.push(event.code)
  }
}

export function body(size: number, fill: number): Uint8Array {
  const bytes = new Uint8Array(size)
  new DataView(bytes.buffer).setUint32(0, fill)
  return bytes
}

export function numberOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(0)
}
