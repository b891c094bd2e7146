import { ed25519PublicKey } from '@openliquid/crypto'
import { bytesToHex, type Envelope, MESSAGE_KIND, type PeerId } from '@openliquid/primitives'
import { expect, test } from 'vitest'
import { encodeDelegation, signDelegation } from './delegation.ts'
import { FRAME_TYPE } from './frame.ts'
import type { HelloIdentity } from './hello.ts'
import { DELEGATION_MS, DELEGATIONS_PER_SENTRY_MAX } from './limits.ts'
import { wrapRelayed } from './relayedFrame.ts'
import { SentryRelay } from './sentryRelay.ts'

const peerIdOf = (nodeKey: Uint8Array): PeerId => bytesToHex(nodeKey).slice(2, 10)

function identityOf(seed: number): HelloIdentity {
  const secretKey = new Uint8Array(32).fill(seed)
  const nodeKey = ed25519PublicKey(secretKey)
  const genesisHash = new Uint8Array(32)
  return { self: peerIdOf(nodeKey), chainId: 1998, genesisHash, secretKey, nodeKey, peerIdOf }
}

/** Seeds below 50 are validators. */
const VALIDATORS = new Map(
  Array.from({ length: 50 }, (_, seed) => identityOf(seed)).map(({ self, nodeKey }) => [
    self,
    nodeKey,
  ]),
)
const vote = (value: number): Envelope => ({
  kind: MESSAGE_KIND.vote,
  lane: 'consensus',
  body: Uint8Array.of(value),
})

function setUp({ seed, own = [], wards = [] }: { seed: number; own?: PeerId[]; wards?: PeerId[] }) {
  const identity = identityOf(seed)
  const live = new Set<PeerId>()
  const log: string[] = []
  const sent: { to: PeerId; envelope: Envelope }[] = []
  const controls: { to: PeerId; type: number; body: Uint8Array }[] = []
  const delivered: { from: PeerId; value: number | undefined }[] = []
  const clock = { nowMs: 1_000_000 }
  const relay = new SentryRelay({
    identity,
    isOwnSentry: (peer) => own.includes(peer),
    isWard: (peer) => wards.includes(peer),
    isValidator: (peer) => VALIDATORS.has(peer),
    nodeKeyOf: (peer) => VALIDATORS.get(peer),
    isLive: (peer) => live.has(peer),
    livePeers: () => [...live],
    wallMs: () => clock.nowMs,
    control: (to, type, body) => controls.push({ to, type, body }),
    send: (to, envelope) => {
      if (!live.has(to)) return 'unreachable'
      sent.push({ to, envelope })
      return 'queued'
    },
    deliver: (from, { body }) => delivered.push({ from, value: body[0] }),
    onReach: (peer, state) => log.push(`${state} ${peer}`),
    onFault: (peer, { code }) => log.push(`${code} ${peer}`),
  })
  const connect = (peer: PeerId): void => {
    live.add(peer)
    relay.onLive(peer)
  }
  const disconnect = (peer: PeerId): void => {
    live.delete(peer)
    relay.onDown(peer)
  }
  return { identity, relay, log, sent, controls, delivered, clock, connect, disconnect }
}

const hidden = identityOf(1)
const open = identityOf(2)
const sentry = identityOf(60)
const shown = (expiryMs = 1_000_000 + DELEGATION_MS, to = sentry.self): Uint8Array =>
  encodeDelegation(signDelegation(hidden, to, expiryMs))

test('a sentry that shows a delegation brings the validator within reach, until it leaves', () => {
  const { relay, log, sent, connect, disconnect } = setUp({ seed: 2 })
  connect(sentry.self)
  expect(relay.send(hidden.self, vote(1))).toBe('unreachable')
  relay.onControl(sentry.self, FRAME_TYPE.delegation, shown())
  expect(relay.send(hidden.self, { ...vote(1), replaceKey: 'vote' })).toBe('queued')
  expect(sent[0]?.to).toBe(sentry.self)
  expect(sent[0]?.envelope.replaceKey).toBe(`${hidden.self} vote`)
  disconnect(sentry.self)
  expect(relay.send(hidden.self, vote(1))).toBe('unreachable')
  expect(log).toEqual([`connected ${hidden.self}`, `down ${hidden.self}`])
})

test('a delegation ends with its time', () => {
  const { relay, log, clock, connect } = setUp({ seed: 2 })
  connect(sentry.self)
  relay.onControl(sentry.self, FRAME_TYPE.delegation, shown(1_000_500))
  clock.nowMs = 1_000_499
  relay.beat()
  expect(relay.isReachable(hidden.self)).toBe(true)
  clock.nowMs = 1_000_500
  relay.beat()
  expect(log).toEqual([`connected ${hidden.self}`, `down ${hidden.self}`])
})

test('what another may not say is refused: a foreign delegation, an origin without one, nonsense', () => {
  const { relay, log, delivered, connect } = setUp({ seed: 2 })
  connect(sentry.self)
  const relayed = wrapRelayed({
    origin: hidden.nodeKey,
    destination: open.nodeKey,
    envelope: vote(1),
  })
  relay.onControl(sentry.self, FRAME_TYPE.delegation, shown(undefined, 'another'))
  relay.onControl(sentry.self, FRAME_TYPE.delegation, new Uint8Array(103))
  relay.onRelayed(sentry.self, relayed)
  relay.onRelayed(sentry.self, { ...relayed, body: relayed.body.subarray(0, 64) })
  expect(log).toEqual([
    `OL_RELAY_DELEGATION ${sentry.self}`,
    `OL_RELAY_DELEGATION ${sentry.self}`,
    `OL_RELAY_ORIGIN ${sentry.self}`,
    `OL_RELAY_ORIGIN ${sentry.self}`,
  ])
  expect(delivered).toEqual([])
  relay.onControl(sentry.self, FRAME_TYPE.delegation, shown())
  relay.onRelayed(sentry.self, relayed)
  expect(delivered).toEqual([{ from: hidden.self, value: 1 }])
})

test('a word about reach is believed of an own sentry only', () => {
  const reach = Uint8Array.of(1, ...open.nodeKey)
  const stranger = setUp({ seed: 1 })
  stranger.connect(sentry.self)
  stranger.relay.onControl(sentry.self, FRAME_TYPE.reach, reach)
  expect(stranger.log).toEqual([])
  const own = setUp({ seed: 1, own: [sentry.self] })
  own.connect(sentry.self)
  expect(own.controls.map(({ type }) => type)).toEqual([FRAME_TYPE.delegation])
  own.relay.onControl(sentry.self, FRAME_TYPE.reach, reach)
  own.relay.onControl(sentry.self, FRAME_TYPE.reach, Uint8Array.of(0, ...open.nodeKey))
  expect(own.log).toEqual([`connected ${open.self}`, `down ${open.self}`])
  // Renewed at half of its life.
  own.clock.nowMs += DELEGATION_MS / 2
  own.relay.beat()
  expect(own.controls.length).toBe(2)
})

test('a sentry carries only for its wards, never back, and takes only whom it is told to', () => {
  const at = setUp({ seed: 60, wards: [hidden.self] })
  at.connect(open.self)
  at.connect(hidden.self)
  const toHidden = wrapRelayed({
    origin: open.nodeKey,
    destination: hidden.nodeKey,
    envelope: vote(1),
  })
  at.relay.onRelayed(open.self, toHidden)
  expect(at.relay.dropped).toBe(1)
  at.relay.onControl(hidden.self, FRAME_TYPE.delegation, shown())
  at.relay.onRelayed(open.self, toHidden)
  expect(at.sent.map(({ to }) => to)).toEqual([hidden.self])
  const follower = identityOf(70)
  at.connect(follower.self)
  at.relay.onRelayed(follower.self, {
    ...toHidden,
    body: Uint8Array.of(...follower.nodeKey, ...toHidden.body.subarray(32)),
  })
  const back = wrapRelayed({
    origin: hidden.nodeKey,
    destination: hidden.nodeKey,
    envelope: vote(1),
  })
  at.relay.onRelayed(hidden.self, back)
  expect(at.relay.dropped).toBe(3)
  const other = setUp({ seed: 61, wards: [] })
  other.connect(hidden.self)
  const own = encodeDelegation(signDelegation(hidden, other.identity.self, 1_000_100))
  other.relay.onControl(hidden.self, FRAME_TYPE.delegation, own)
  other.connect(open.self)
  expect(other.controls).toEqual([])
})

test('one sentry speaks for a handful of validators', () => {
  const { relay, connect } = setUp({ seed: 2 })
  connect(sentry.self)
  for (let seed = 10; seed <= 10 + DELEGATIONS_PER_SENTRY_MAX; seed++) {
    const delegation = signDelegation(identityOf(seed), sentry.self, 1_000_100)
    relay.onControl(sentry.self, FRAME_TYPE.delegation, encodeDelegation(delegation))
  }
  expect(relay.reachable().length).toBe(DELEGATIONS_PER_SENTRY_MAX)
})
