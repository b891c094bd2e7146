import { ed25519Scheme as scheme } from '@openliquid/crypto'
import { sha256, uintToBytes } from '@openliquid/primitives'
import { expect, it } from 'vitest'
import { ConsensusCore, type ConsensusInput, createChain, DEFAULT_PARAMS } from './index.ts'
import { EMPTY_PAYLOAD as payload } from './testing/index.ts'

it('four validators in memory commit and execute one chain', () => {
  const secrets = [1, 2, 3, 4].map((i) => sha256(Uint8Array.of(i)))
  const validators = secrets.map(scheme.publicKeyOf).map((key, i) => {
    return { address: uintToBytes(i + 1, 20), stake: 1n, voteKey: key, nodeKey: key }
  })
  const root = sha256(Uint8Array.of(0))
  const chain = createChain({ chainId: 7, timeMs: 0, stateRoot: root, validators })
  const cores = secrets.map((key) => {
    const self = { voteSecretKey: key, nodeSecretKey: key }
    return new ConsensusCore({ ...chain, params: DEFAULT_PARAMS, scheme, nodeScheme: scheme, self })
  })
  const roots = cores.map(() => [root])
  const queue = cores.map((_, to): [number, object] => [to, { kind: 'start' }])
  for (let nowMs = 1_000; roots.some(({ length }) => length <= 20); nowMs += 1) {
    const [me, input] = queue.shift()!
    const push = (to: number, next: object): unknown => queue.push([to, next])
    for (const effect of cores[me]!.step({ ...input, nowMs } as ConsensusInput)) {
      if (effect.kind === 'buildPayload')
        push(me, { kind: 'payloadBuilt', view: effect.view, payload })
      if (effect.kind === 'send' || effect.kind === 'broadcast') {
        const only = effect.kind === 'send' && 'validator' in effect.to ? effect.to.validator : -1
        const to = only >= 0 ? [only] : [0, 1, 2, 3].filter((index) => index !== me)
        for (const one of to) push(one, { kind: 'message', from: `${me}`, message: effect.message })
      }
      for (const { block, blockHash } of effect.kind === 'commit' ? effect.blocks : []) {
        const stateRoot = sha256(roots[me]!.at(-1)!, blockHash)
        roots[me]!.push(stateRoot)
        push(me, { kind: 'executed', height: block.header.height, stateRoot })
      }
    }
  }
  for (const own of roots) expect(own.slice(0, 21)).toEqual(roots[0]!.slice(0, 21))
})
