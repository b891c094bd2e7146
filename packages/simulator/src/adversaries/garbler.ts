import type { ConsensusMessage, QuorumCertificate } from '@openliquid/primitives'
import type { Adversary, World } from './adversary.ts'
import { Arsenal } from './arsenal.ts'

/** A6: messages that are wrong in one place: signatures, bitmaps, views of the far future, another epoch, replays. */
export function garbler(world: World): Adversary {
  const { prng } = world
  const arsenal = new Arsenal(world)
  const heard: ConsensusMessage[] = []

  return {
    onMessage(message) {
      arsenal.see(message)
      if (heard.length < 64) heard.push(message)
      else heard[prng.below(heard.length)] = message
      if (!prng.chance(150)) return
      const old = heard[prng.below(heard.length)]
      const to = prng.below(world.nodeCount)
      if (old === undefined || to === world.node) return
      world.send(to, prng.chance(300) ? old : spoil(old, world))
    },
    onEffect: (effect) =>
      effect.kind === 'send' && prng.chance(100)
        ? [effect, { ...effect, message: spoil(effect.message, world) }]
        : [effect],
  }
}

function spoil(message: ConsensusMessage, world: World): ConsensusMessage {
  const { prng } = world
  switch (message.kind) {
    case 'vote': {
      const { vote } = message
      const changes = [
        { signature: flip(vote.signature, world) },
        { view: vote.view + BigInt(prng.below(1_000)) },
        { epoch: vote.epoch + 1n },
        { signer: prng.below(300) },
        { blockHash: flip(vote.blockHash, world) },
      ]
      return { kind: 'vote', vote: { ...vote, ...changes[prng.below(changes.length)] } }
    }
    case 'timeout': {
      const { timeout } = message
      const changes = [
        { signature: flip(timeout.signature, world) },
        { view: timeout.view + BigInt(prng.below(1_000)) },
        { epoch: timeout.epoch + 1n },
        { signer: prng.below(300) },
        { highQC: spoilQC(timeout.highQC, world) },
      ]
      return { kind: 'timeout', timeout: { ...timeout, ...changes[prng.below(changes.length)] } }
    }
    case 'proposal': {
      const { proposal } = message
      const { header, payload } = proposal.block
      const headers = [
        { view: header.view + BigInt(prng.below(9)) },
        { height: header.height + 1n },
        { executedHeight: header.executedHeight + 1n },
        { timestampMs: header.timestampMs + prng.below(1_000) },
        { stateRoot: flip(header.stateRoot, world) },
        { payloadRoot: flip(header.payloadRoot, world) },
        { proposer: prng.below(300) },
        { flags: prng.below(8) },
        { qc: spoilQC(header.qc, world) },
      ]
      const changed = { ...header, ...headers[prng.below(headers.length)] }
      return { kind: 'proposal', proposal: { ...proposal, block: { header: changed, payload } } }
    }
    case 'advanceView': {
      const { advanceView } = message
      const highQC = spoilQC(advanceView.highQC, world)
      return { kind: 'advanceView', advanceView: { ...advanceView, highQC } }
    }
    default:
      return message
  }
}

function spoilQC(qc: QuorumCertificate, world: World): QuorumCertificate {
  const { prng } = world
  const changes = [
    { signature: flip(qc.signature, world) },
    { signers: flip(qc.signers, world) },
    { signers: new Uint8Array(qc.signers.length + 1) },
    { signature: qc.signature.slice(1) },
    { view: qc.view + BigInt(1 + prng.below(1_000)) },
    { epoch: qc.epoch + 1n },
    { blockHash: flip(qc.blockHash, world) },
  ]
  return { ...qc, ...changes[prng.below(changes.length)] }
}

/** A copy with one bit turned over. */
function flip(bytes: Uint8Array, { prng }: World): Uint8Array {
  const copy = bytes.slice()
  if (copy.length === 0) return copy
  const at = prng.below(copy.length)
  copy[at] = (copy[at] as number) ^ (1 << prng.below(8))
  return copy
}
