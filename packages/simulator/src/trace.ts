import type { Effect } from '@openliquid/consensus'
import {
  advanceViewCodec,
  blockCodec,
  blockHash,
  bytesToHex,
  type ConsensusMessage,
  epochChangeProofCodec,
  evidenceCodec,
  type Hash,
  type Hex,
  noEndorseCodec,
  proposalCodec,
  roundRecoveryCodec,
  sha256,
  timeoutVoteCodec,
  unreachable,
  utf8ToBytes,
  voteCodec,
} from '@openliquid/primitives'

/** Lines kept to be shown: what led to a failure is near its end. */
const LINES_MAX = 80

/** What all nodes did, as text to read and as one hash over all of it. */
export class Trace {
  readonly #lines: string[] = []
  #hash: Hash = new Uint8Array(32)
  #count = 0

  /** Takes an effect as it is carried out. */
  add(node: number, effect: Effect, nowMs: number): void {
    this.note(`${nowMs} node ${node} ${describe(effect)}`, bytesOf(effect))
  }

  /** Takes something that happened beside the cores. */
  note(line: string, bytes: Uint8Array = new Uint8Array(0)): void {
    this.#count += 1
    this.#hash = sha256(this.#hash, utf8ToBytes(line), bytes)
    this.#lines.push(line)
    if (this.#lines.length > LINES_MAX) this.#lines.shift()
  }

  get count(): number {
    return this.#count
  }

  /** SHA-256 over every line, every message and every log record, in order. */
  get hash(): Hex {
    return bytesToHex(this.#hash)
  }

  /** The newest lines. */
  get tail(): readonly string[] {
    return this.#lines
  }
}

/** One line about an effect. */
export function describe(effect: Effect): string {
  switch (effect.kind) {
    case 'persist':
      return `persist ${effect.records.map(({ kind }) => kind).join(' ')}${effect.sync ? ', sync' : ''}`
    case 'send': {
      const to = 'validator' in effect.to ? `${effect.to.validator}` : effect.to.peer
      return `send to ${to}: ${describeMessage(effect.message)}`
    }
    case 'broadcast':
      return `broadcast ${describeMessage(effect.message)}`
    case 'setTimer':
      return `timer ${effect.timerId} at ${effect.atMs}`
    case 'commit':
      return `commit ${effect.blocks.map(({ context }) => `${context.height} (view ${context.view})`).join(', ')}`
    case 'enterView':
      return `enter view ${effect.view}, leader ${effect.leader}`
    case 'report':
      return `report ${effect.peer}: ${effect.fault.code}`
    case 'halt':
    case 'alarm':
      return `${effect.kind} ${effect.code}: ${effect.message}`
    default:
      return effect.kind
  }
}

function describeMessage(message: ConsensusMessage): string {
  switch (message.kind) {
    case 'proposal': {
      const { block, tc, view } = message.proposal
      const hash = short(blockHash(block.header))
      const entry = tc === undefined ? '' : `, TC ${tc.view}`
      return `proposal ${view} of ${hash}, height ${block.header.height}, QC ${block.header.qc.view}${entry}`
    }
    case 'vote':
      return `vote ${message.vote.view} for ${short(message.vote.blockHash)}`
    case 'timeout':
      return `timeout ${message.timeout.view}, high QC ${message.timeout.highQC.view}`
    case 'advanceView': {
      const { highQC, tc } = message.advanceView
      return `news: QC ${highQC.view}${tc === undefined ? '' : `, TC ${tc.view}`}`
    }
    default:
      return message.kind
  }
}

function short(hash: Hash): string {
  return bytesToHex(hash).slice(2, 10)
}

function bytesOf(effect: Effect): Uint8Array {
  if (effect.kind === 'send' || effect.kind === 'broadcast') return messageBytes(effect.message)
  if (effect.kind === 'persist') return sha256(...effect.records.map(({ body }) => body))
  return new Uint8Array(0)
}

function messageBytes(message: ConsensusMessage): Uint8Array {
  switch (message.kind) {
    case 'proposal':
      return proposalCodec.encode(message.proposal)
    case 'vote':
      return voteCodec.encode(message.vote)
    case 'timeout':
      return timeoutVoteCodec.encode(message.timeout)
    case 'advanceView':
      return advanceViewCodec.encode(message.advanceView)
    case 'epochChange':
      return epochChangeProofCodec.encode(message.epochChange)
    case 'evidence':
      return evidenceCodec.encode(message.evidence)
    case 'noEndorse':
      return noEndorseCodec.encode(message.noEndorse)
    case 'roundRecovery':
      return roundRecoveryCodec.encode(message.roundRecovery)
    case 'tipBlock':
      return blockCodec.encode(message.block)
    default:
      return unreachable(message)
  }
}
