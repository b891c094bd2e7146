import {
  advanceViewCodec,
  blockCodec,
  bytesToHex,
  type ConsensusMessage,
  DecodeError,
  type Envelope,
  epochChangeProofCodec,
  evidenceCodec,
  MESSAGE_KIND,
  noEndorseCodec,
  proposalCodec,
  roundRecoveryCodec,
  timeoutVoteCodec,
  unreachable,
  voteCodec,
} from '@openliquid/primitives'

/** A consensus message as the network carries it. */
export function messageToEnvelope(message: ConsensusMessage): Envelope {
  switch (message.kind) {
    case 'proposal':
      return {
        kind: MESSAGE_KIND.proposal,
        lane: 'blocks',
        body: proposalCodec.encode(message.proposal),
      }
    case 'vote':
      // A vote that still waits for its leader when the next one comes is of a view that is over.
      return {
        kind: MESSAGE_KIND.vote,
        lane: 'consensus',
        replaceKey: 'vote',
        body: voteCodec.encode(message.vote),
      }
    case 'timeout':
      // A newer timeout says all that a queued older one would.
      return {
        kind: MESSAGE_KIND.timeout,
        lane: 'consensus',
        replaceKey: 'timeout',
        body: timeoutVoteCodec.encode(message.timeout),
      }
    case 'advanceView':
      return {
        kind: MESSAGE_KIND.advanceView,
        lane: 'consensus',
        body: advanceViewCodec.encode(message.advanceView),
      }
    case 'epochChange':
      return {
        kind: MESSAGE_KIND.epochChange,
        lane: 'consensus',
        body: epochChangeProofCodec.encode(message.epochChange),
      }
    case 'noEndorse':
      return {
        kind: MESSAGE_KIND.noEndorse,
        lane: 'consensus',
        body: noEndorseCodec.encode(message.noEndorse),
      }
    case 'roundRecovery':
      return {
        kind: MESSAGE_KIND.roundRecovery,
        lane: 'consensus',
        body: roundRecoveryCodec.encode(message.roundRecovery),
      }
    case 'tipBlock':
      return { kind: MESSAGE_KIND.tipBlock, lane: 'blocks', body: blockCodec.encode(message.block) }
    case 'evidence':
      return {
        kind: MESSAGE_KIND.evidence,
        lane: 'consensus',
        body: evidenceCodec.encode(message.evidence),
      }
    default:
      return unreachable(message)
  }
}

/** @throws {DecodeError} unknown kind, or bytes that are not what the kind says */
export function envelopeToMessage({ kind, body }: Envelope): ConsensusMessage {
  switch (kind) {
    case MESSAGE_KIND.proposal:
      return { kind: 'proposal', proposal: proposalCodec.decode(body) }
    case MESSAGE_KIND.vote:
      return { kind: 'vote', vote: voteCodec.decode(body) }
    case MESSAGE_KIND.timeout:
      return { kind: 'timeout', timeout: timeoutVoteCodec.decode(body) }
    case MESSAGE_KIND.advanceView:
      return { kind: 'advanceView', advanceView: advanceViewCodec.decode(body) }
    case MESSAGE_KIND.epochChange:
      return { kind: 'epochChange', epochChange: epochChangeProofCodec.decode(body) }
    case MESSAGE_KIND.noEndorse:
      return { kind: 'noEndorse', noEndorse: noEndorseCodec.decode(body) }
    case MESSAGE_KIND.roundRecovery:
      return { kind: 'roundRecovery', roundRecovery: roundRecoveryCodec.decode(body) }
    case MESSAGE_KIND.tipBlock:
      return { kind: 'tipBlock', block: blockCodec.decode(body) }
    case MESSAGE_KIND.evidence:
      return { kind: 'evidence', evidence: evidenceCodec.decode(body) }
    default:
      throw new DecodeError(`no consensus message has kind ${kind}`, {
        code: 'OL_DECODE_MALFORMED',
        what: 'consensus message',
        reason: `kind ${kind} of ${bytesToHex(body.subarray(0, 8))}…`,
      })
  }
}
