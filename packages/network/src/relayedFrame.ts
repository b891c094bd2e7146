import { concatBytes, type Envelope } from '@openliquid/primitives'
import { FRAME_TYPE, MESSAGE_KIND_MAX } from './frame.ts'
import { channelBytesMax } from './limits.ts'

const KEY_BYTES = 32
/** Origin, destination, kind: what stands before the body of a relayed message. */
export const RELAYED_HEAD_BYTES: number = 2 * KEY_BYTES + 1

/** A channel message on its way through sentries; docs/wire.md, sentries. */
export interface RelayedFrame {
  /** Node key of who sent it. */
  readonly origin: Uint8Array
  /** Node key of whom it is for. */
  readonly destination: Uint8Array
  readonly envelope: Envelope
}

/** The message as an envelope for the next hop, in its own lane. */
export function wrapRelayed({ origin, destination, envelope }: RelayedFrame): Envelope {
  const { kind, lane, body } = envelope
  return {
    kind: FRAME_TYPE.relayed,
    lane,
    body: concatBytes(origin, destination, Uint8Array.of(kind), body),
  }
}

/** `undefined` when the bytes are no message that a channel could carry. */
export function unwrapRelayed({ lane, body }: Envelope): RelayedFrame | undefined {
  const kind = body[RELAYED_HEAD_BYTES - 1]
  if (kind === undefined || kind < 1 || kind > MESSAGE_KIND_MAX) return undefined
  const inner = body.subarray(RELAYED_HEAD_BYTES)
  if (inner.length > channelBytesMax(kind)) return undefined
  return {
    origin: body.subarray(0, KEY_BYTES),
    destination: body.subarray(KEY_BYTES, 2 * KEY_BYTES),
    envelope: { kind, lane, body: inner },
  }
}
