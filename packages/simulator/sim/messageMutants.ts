import {
  advanceViewCodec,
  type BlockHeader,
  blockCodec,
  blockHash,
  type ConsensusMessage,
  epochChangeProofCodec,
  evidenceCodec,
  noEndorseCodec,
  payloadRoot,
  proposalCodec,
  proposalDigest,
  roundRecoveryCodec,
  sha256,
  timeoutCertificateCodec,
  timeoutDigest,
  timeoutVoteCodec,
  voteCodec,
  voteDigest,
} from '@openliquid/primitives'
import type { Cluster, Prng } from '../src/index.ts'

export type MessageKind = ConsensusMessage['kind']

/** A codec that takes the message apart from its kind: one entry per kind, which the type demands. */
interface MessageCodec {
  encode(message: ConsensusMessage): Uint8Array
  /** @throws {DecodeError} */
  decode(bytes: Uint8Array): ConsensusMessage
}

function wrong(kind: MessageKind): never {
  throw new Error(`not a ${kind}`)
}

export const MESSAGE_CODECS: { readonly [K in MessageKind]: MessageCodec } = {
  proposal: {
    encode: (m) => (m.kind === 'proposal' ? proposalCodec.encode(m.proposal) : wrong('proposal')),
    decode: (bytes) => ({ kind: 'proposal', proposal: proposalCodec.decode(bytes) }),
  },
  vote: {
    encode: (m) => (m.kind === 'vote' ? voteCodec.encode(m.vote) : wrong('vote')),
    decode: (bytes) => ({ kind: 'vote', vote: voteCodec.decode(bytes) }),
  },
  timeout: {
    encode: (m) => (m.kind === 'timeout' ? timeoutVoteCodec.encode(m.timeout) : wrong('timeout')),
    decode: (bytes) => ({ kind: 'timeout', timeout: timeoutVoteCodec.decode(bytes) }),
  },
  advanceView: {
    encode: (m) =>
      m.kind === 'advanceView' ? advanceViewCodec.encode(m.advanceView) : wrong('advanceView'),
    decode: (bytes) => ({ kind: 'advanceView', advanceView: advanceViewCodec.decode(bytes) }),
  },
  epochChange: {
    encode: (m) =>
      m.kind === 'epochChange' ? epochChangeProofCodec.encode(m.epochChange) : wrong('epochChange'),
    decode: (bytes) => ({ kind: 'epochChange', epochChange: epochChangeProofCodec.decode(bytes) }),
  },
  evidence: {
    encode: (m) => (m.kind === 'evidence' ? evidenceCodec.encode(m.evidence) : wrong('evidence')),
    decode: (bytes) => ({ kind: 'evidence', evidence: evidenceCodec.decode(bytes) }),
  },
  noEndorse: {
    encode: (m) =>
      m.kind === 'noEndorse' ? noEndorseCodec.encode(m.noEndorse) : wrong('noEndorse'),
    decode: (bytes) => ({ kind: 'noEndorse', noEndorse: noEndorseCodec.decode(bytes) }),
  },
  roundRecovery: {
    encode: (m) =>
      m.kind === 'roundRecovery'
        ? roundRecoveryCodec.encode(m.roundRecovery)
        : wrong('roundRecovery'),
    decode: (bytes) => ({ kind: 'roundRecovery', roundRecovery: roundRecoveryCodec.decode(bytes) }),
  },
  tipBlock: {
    encode: (m) => (m.kind === 'tipBlock' ? blockCodec.encode(m.block) : wrong('tipBlock')),
    decode: (bytes) => ({ kind: 'tipBlock', block: blockCodec.decode(bytes) }),
  },
}

export const MESSAGE_KINDS = Object.keys(MESSAGE_CODECS) as readonly MessageKind[]

/** Bytes that stand for a message which is not as any honest node would have sent it. */
export interface Mutant {
  readonly bytes: Uint8Array
  /** How it was made, for the report. */
  readonly how: string
}

type Path = readonly (string | number)[]

/** Values at the edges of what the fields can hold. */
const EDGES = [
  0n,
  1n,
  2n,
  127n,
  255n,
  65_535n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 53n,
  2n ** 64n - 1n,
]

/** Makes mutants of messages that were really sent: of their bytes, or of their fields with signatures made anew. */
export class Mutator {
  readonly #prng: Prng
  readonly #cluster: Cluster
  /** Whose keys the adversary has. */
  readonly #traitor: number

  constructor(cluster: Cluster, traitor: number) {
    this.#prng = cluster.prng
    this.#cluster = cluster
    this.#traitor = traitor
  }

  /** @param pool - messages of the same kind, from which parts are taken over */
  mutate(message: ConsensusMessage, pool: readonly ConsensusMessage[]): Mutant {
    const codec = MESSAGE_CODECS[message.kind]
    if (this.#prng.chance(400)) {
      const other = this.#pick(pool) ?? message
      return this.#ofBytes(codec.encode(message), codec.encode(other))
    }
    for (;;) {
      try {
        const mutant = this.#ofFields(message, pool)
        return { bytes: codec.encode(mutant.message), how: mutant.how }
      } catch {
        // What has no hash or no encoding at all cannot be sent: another one is tried.
      }
    }
  }

  #ofBytes(bytes: Uint8Array, other: Uint8Array): Mutant {
    const prng = this.#prng
    const at = prng.below(bytes.length)
    const copy = bytes.slice()
    switch (prng.below(9)) {
      case 0:
        return { bytes: bytes.slice(0, at), how: `cut at ${at}` }
      case 1: {
        const tail = Uint8Array.from({ length: 1 + prng.below(40) }, () => prng.below(256))
        return { bytes: Uint8Array.of(...bytes, ...tail), how: 'bytes behind' }
      }
      case 2:
        copy[at] = (copy[at] ?? 0) ^ (1 << prng.below(8))
        return { bytes: copy, how: `bit of ${at}` }
      case 3:
        copy[at] = prng.below(256)
        return { bytes: copy, how: `byte ${at}` }
      case 4: {
        // Where an SSZ offset stands it may now point anywhere: back, beyond the end, at its neighbour.
        const four = Math.max(0, Math.min(at, copy.length - 4))
        const view = new DataView(copy.buffer)
        if (copy.length < 4) return { bytes: copy.slice(1), how: 'first byte gone' }
        const was = view.getUint32(four, true)
        const games = [0, 4, was + 1, was - 1, was + 4, copy.length, copy.length + 1, 2 ** 32 - 1]
        view.setUint32(four, (games[prng.below(games.length)] ?? 0) >>> 0, true)
        return { bytes: copy, how: `offset at ${four}` }
      }
      case 5: {
        const end = at + prng.below(64)
        return {
          bytes: Uint8Array.of(...bytes.slice(0, at), ...bytes.slice(end)),
          how: `without ${at}…${end}`,
        }
      }
      case 6: {
        const end = at + 1 + prng.below(64)
        return {
          bytes: Uint8Array.of(...bytes.slice(0, end), ...bytes.slice(at)),
          how: `twice ${at}…${end}`,
        }
      }
      case 7:
        copy.fill(prng.chance(500) ? 0 : 255, at, at + 1 + prng.below(40))
        return { bytes: copy, how: `overwritten from ${at}` }
      default:
        return {
          bytes: Uint8Array.of(...bytes.slice(0, at), ...other.slice(at)),
          how: `spliced at ${at}`,
        }
    }
  }

  #ofFields(
    message: ConsensusMessage,
    pool: readonly ConsensusMessage[],
  ): { readonly message: ConsensusMessage; readonly how: string } {
    const how: string[] = []
    let changed = structuredClone(message)
    const count = 1 + this.#prng.below(3)
    for (let i = 0; i < count; i++) {
      const path = this.#pick(pathsOf(changed))
      if (path === undefined) break
      const value = at(changed, path)
      const foreign = this.#pick(pool)
      const transplant = foreign === undefined ? undefined : at(foreign, path)
      const next =
        transplant !== undefined && this.#prng.chance(250)
          ? structuredClone(transplant)
          : this.#other(value)
      changed = withValue(changed, path, next) as ConsensusMessage
      how.push(path.join('.'))
    }
    const repaired = this.#prng.chance(500) ? repair(changed) : changed
    const signed = this.#prng.chance(600) ? this.#sign(repaired) : repaired
    return { message: signed, how: how.join(', ') }
  }

  /** Another value in the place of one. */
  #other(value: unknown): unknown {
    const prng = this.#prng
    if (typeof value === 'bigint') {
      const steps = [value + 1n, value - 1n, value + 2n, value + 3n, value * 2n]
      const choices = prng.chance(500) ? steps : EDGES
      return choices[prng.below(choices.length)]
    }
    if (typeof value === 'number') {
      const choices = [value + 1, value - 1, 0, 1, 3, 4, 5, 199, 200, 255, 65_535]
      return choices[prng.below(choices.length)]
    }
    if (value instanceof Uint8Array) return this.#otherBytes(value)
    if (Array.isArray(value)) return this.#otherList(value)
    // An object that may be absent; where it may not, it has no encoding.
    return undefined
  }

  #otherBytes(value: Uint8Array): Uint8Array {
    const prng = this.#prng
    const copy = value.slice()
    const at = prng.below(copy.length)
    switch (prng.below(8)) {
      case 0:
        return new Uint8Array(0)
      case 1:
        return value.slice(0, at)
      case 2:
        return Uint8Array.of(...value, prng.below(256))
      case 3:
        return copy.fill(0)
      case 4:
        return copy.fill(255)
      case 5:
        return Uint8Array.of(...value, ...value)
      default:
        if (copy.length > 0) copy[at] = (copy[at] ?? 0) ^ (1 << prng.below(8))
        return copy
    }
  }

  #otherList(value: readonly unknown[]): unknown[] {
    const prng = this.#prng
    const one = value[prng.below(value.length)]
    switch (prng.below(5)) {
      case 0:
        return []
      case 1:
        return one === undefined ? [] : [...value, structuredClone(one)]
      case 2:
        return [...value].reverse()
      case 3:
        return value.slice(1)
      default:
        return value.slice(0, -1)
    }
  }

  /** Signs with the traitor's keys, so that what is behind the signature is reached too. */
  #sign(message: ConsensusMessage): ConsensusMessage {
    const { chain, schemes } = this.#cluster
    const keys = chain.keys[this.#traitor]
    if (keys === undefined) return message
    const signer = this.#traitor
    try {
      switch (message.kind) {
        case 'vote': {
          const { vote } = message
          const digest = voteDigest(chain.context, vote.epoch, vote.view, vote.blockHash)
          const signature = schemes.scheme.sign(keys.voteSecretKey, digest)
          return { kind: 'vote', vote: { ...vote, signer, signature } }
        }
        case 'timeout': {
          const { timeout } = message
          const { epoch, view, highQC } = timeout
          const digest = timeoutDigest(chain.context, epoch, view, highQC.view)
          const signature = schemes.scheme.sign(keys.voteSecretKey, digest)
          return { kind: 'timeout', timeout: { ...timeout, signer, signature } }
        }
        case 'proposal': {
          const { proposal } = message
          const { epoch, view, tc, block } = proposal
          const tcHash = tc === undefined ? undefined : sha256(timeoutCertificateCodec.encode(tc))
          const digest = proposalDigest(chain.context, epoch, view, blockHash(block.header), tcHash)
          const signature = schemes.nodeScheme.sign(keys.nodeSecretKey, digest)
          return { kind: 'proposal', proposal: { ...proposal, signature } }
        }
        default:
          return message
      }
    } catch {
      return message
    }
  }

  #pick<T>(list: readonly T[]): T | undefined {
    return list[this.#prng.below(list.length)]
  }
}

/** Makes the parts agree again that a careful forger would make agree. */
function repair(message: ConsensusMessage): ConsensusMessage {
  if (message.kind !== 'proposal') return message
  const { proposal } = message
  const { header, payload } = proposal.block
  const fixed: BlockHeader = {
    ...header,
    epoch: proposal.epoch,
    view: proposal.view,
    parentHash: header.qc.blockHash,
    payloadRoot: payloadRoot(payload),
  }
  return { kind: 'proposal', proposal: { ...proposal, block: { header: fixed, payload } } }
}

/** Every place in a message, the message itself and its kind left out. */
function pathsOf(value: unknown, prefix: Path = []): Path[] {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return []
  return Object.keys(value).flatMap((key) => {
    if (prefix.length === 0 && key === 'kind') return []
    const path = [...prefix, key]
    const inner = pathsOf(at(value, [key]), path)
    return prefix.length === 0 ? inner : [path, ...inner]
  })
}

function at(value: unknown, path: Path): unknown {
  let here: unknown = value
  for (const key of path) {
    if (typeof here !== 'object' || here === null) return undefined
    here = (here as Record<string | number, unknown>)[key]
  }
  return here
}

/** A copy with another value in one place; absent where that is undefined. */
function withValue(value: unknown, path: Path, next: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return next
  const inner = withValue(at(value, [key]), rest, next)
  if (Array.isArray(value)) return value.map((one, i) => (String(i) === String(key) ? inner : one))
  const copy = { ...(value as Record<string, unknown>) }
  if (inner === undefined) delete copy[String(key)]
  else copy[String(key)] = inner
  return copy
}
