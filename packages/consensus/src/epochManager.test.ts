import { ed25519Scheme as scheme } from '@openliquid/crypto'
import {
  type ConsensusMessage,
  equalBytes,
  nextSetOf,
  sha256,
  uintToBytes,
  type ValidatorInfo,
  type ValidatorSet,
} from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { createChain, DEFAULT_PARAMS } from './chain.ts'
import { ConsensusCore } from './core.ts'
import type { ConsensusInput } from './input.ts'
import { EMPTY_PAYLOAD as payload } from './testing/index.ts'

const secrets = [1, 2, 3, 4, 5, 6].map((i) => sha256(Uint8Array.of(i)))
const members: ValidatorInfo[] = secrets.map(scheme.publicKeyOf).map((key, index) => ({
  index,
  address: uintToBytes(index + 1, 20),
  stake: 5n,
  voteKey: key,
  nodeKey: key,
}))
const root = sha256(Uint8Array.of(0))
const chain = createChain({
  chainId: 7,
  timeMs: 0,
  stateRoot: root,
  validators: members.slice(0, 4),
})
const params = { ...DEFAULT_PARAMS, epochDurationMs: 600 }

/** Nodes that hear each other at once, and an application that names the members of the next epoch. */
class World {
  readonly cores = secrets.map((key) => {
    const self = { voteSecretKey: key, nodeSecretKey: key }
    return new ConsensusCore({ ...chain, params, scheme, nodeScheme: scheme, self })
  })
  readonly sets: ValidatorSet[][] = secrets.map(() => [chain.validatorSet])
  readonly signed = secrets.map(() => new Set<bigint>())
  readonly commits = secrets.map(() => new Map<bigint, Uint8Array>())
  readonly codes: string[] = []
  readonly #named: (node: number) => readonly ValidatorInfo[]
  readonly #queue: [number, object][] = secrets.map((_, to) => [to, { kind: 'start' }])
  #nowMs = 0

  constructor(named: (node: number) => readonly ValidatorInfo[]) {
    this.#named = named
  }

  run(until: () => boolean): void {
    for (let steps = 0; !until(); steps++) {
      if (steps > 30_000) throw new Error('stuck')
      const [me, input] = this.#queue.shift() ?? [0, { kind: 'peerConnected', peer: '1' }]
      if (steps % 6 === 0) this.#nowMs += 1
      this.#step(me, { ...input, nowMs: this.#nowMs } as ConsensusInput)
    }
  }

  #step(me: number, input: ConsensusInput): void {
    const push = (to: number, next: object): void => {
      if (to !== me || !('message' in next)) this.#queue.push([to, next])
    }
    for (const effect of this.cores[me]!.step(input)) {
      if (effect.kind === 'enterEpoch') this.sets[me]!.push(effect.validatorSet)
      if (effect.kind === 'halt') this.codes.push(effect.code)
      if (effect.kind === 'buildPayload') {
        push(me, { kind: 'payloadBuilt', view: effect.view, payload })
      }
      if (effect.kind === 'send' || effect.kind === 'broadcast') {
        const { message } = effect
        this.#note(me, message)
        const next = { kind: 'message', from: `${me}`, message }
        if (effect.kind === 'broadcast') for (const to of secrets.keys()) push(to, next)
        else if ('peer' in effect.to) push(Number(effect.to.peer), next)
        else push(this.#nodeOf(me, effect.to.validator), next)
      }
      if (effect.kind !== 'commit') continue
      for (const { block, blockHash } of effect.blocks) {
        const { height } = block.header
        const stateRoot = sha256(this.commits[me]!.get(height - 1n) ?? root, blockHash)
        this.commits[me]!.set(height, stateRoot)
        push(me, { kind: 'executed', height, stateRoot, validators: this.#named(me) })
      }
    }
  }

  #note(me: number, message: ConsensusMessage): void {
    if (message.kind === 'vote') this.signed[me]!.add(message.vote.epoch)
    if (message.kind === 'proposal') this.signed[me]!.add(message.proposal.epoch)
  }

  #nodeOf(me: number, index: number): number {
    const { voteKey } = this.sets[me]!.at(-1)!.validators[index]!
    return members.findIndex((member) => equalBytes(member.voteKey, voteKey))
  }
}

describe('a changing validator set (§8)', () => {
  it('those named join and sign, those left out sign no more, all follow one chain', () => {
    const named = [1, 3, 4, 5].map((i) => members[i]!)
    const world = new World(() => named)
    world.run(() => world.cores.every(({ status }) => status.epoch >= 4n && status.view > 5n))
    expect(world.codes).toEqual([])
    for (const index of [0, 2]) expect([...world.signed[index]!]).toEqual([1n])
    for (const index of [4, 5]) expect(world.signed[index]!.has(1n)).toBe(false)
    for (const index of [4, 5]) expect(world.signed[index]!.has(3n)).toBe(true)
    for (const sets of world.sets) {
      expect(sets[1]).toEqual(nextSetOf(chain.validatorSet, named))
      expect(sets[1]?.validators.map(({ index }) => index)).toEqual([0, 1, 2, 3])
    }
    const heights = world.commits.map(({ size }) => size)
    for (let height = 1n; height <= BigInt(Math.min(...heights)); height += 1n) {
      for (const own of world.commits) {
        expect(own.get(height)).toEqual(world.commits[0]!.get(height))
      }
    }
  })

  it.each([
    ['empty', []],
    ['with a key twice', [members[0]!, { ...members[1]!, voteKey: members[0]!.voteKey }]],
    ['with somebody without stake', [{ ...members[0]!, stake: 0n }]],
    ['out of order', [members[1]!, members[0]!]],
  ])('the old members carry over where the set named is %s', (_, named) => {
    expect(nextSetOf(chain.validatorSet, named)).toEqual({ ...chain.validatorSet, epoch: 2n })
  })

  it('whoever executes another next set than the quorum does not enter the epoch: it halts (B7)', () => {
    const world = new World((node) => (node === 3 ? members.slice(0, 3) : members.slice(0, 4)))
    world.run(() => world.codes.length > 0)
    expect(world.codes).toEqual(['OL_CONSENSUS_STATE_ROOT'])
    expect(world.cores[3]?.status).toMatchObject({ isHalted: true, epoch: 1n })
  })
})
