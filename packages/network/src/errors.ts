import { OpenLiquidError, type PeerId } from '@openliquid/primitives'

/** Why the network could not do what its user asked. */
export type NetworkFailure =
  | { readonly code: 'OL_NETWORK_CONFIG'; readonly field: string; readonly reason: string }
  | { readonly code: 'OL_NETWORK_LISTEN'; readonly multiaddrs: readonly string[] }
  | { readonly code: 'OL_NETWORK_NOT_RUNNING' }
  | { readonly code: 'OL_NETWORK_KIND'; readonly kind: number }
  | {
      readonly code: 'OL_NETWORK_BODY_SIZE'
      readonly kind: number
      readonly size: number
      readonly max: number
    }
  | { readonly code: 'OL_NETWORK_DIAL'; readonly address: string }
  | { readonly code: 'OL_NETWORK_STREAM'; readonly peer: PeerId; readonly protocol: string }
  | { readonly code: 'OL_REQUEST_UNREACHABLE'; readonly peer: PeerId; readonly kind: number }
  | {
      readonly code: 'OL_REQUEST_TIMEOUT'
      readonly peer: PeerId
      readonly kind: number
      readonly timeoutMs: number
    }
  | {
      readonly code: 'OL_REQUEST_REFUSED'
      readonly peer: PeerId
      readonly kind: number
      readonly reason: RefusalReason
    }
  | { readonly code: 'OL_REQUEST_DISCONNECTED'; readonly peer: PeerId; readonly kind: number }
  | { readonly code: 'OL_REQUEST_BUSY'; readonly peer: PeerId; readonly kind: number }
  | {
      readonly code: 'OL_REQUEST_ANSWER'
      readonly peer: PeerId
      readonly kind: number
      readonly fault: string
    }

/** Why the other side does not answer a request. */
export type RefusalReason = 'refused' | 'busy' | 'rate' | 'stranger' | 'size' | 'malformed'

/** Thrown by the network for what its user or operator can mend or must retry. */
export class NetworkError extends OpenLiquidError<NetworkFailure> {
  override readonly name: string = 'NetworkError'
}

/** What another node did against the protocol; a value, never thrown. */
export interface PeerFault {
  readonly code: PeerFaultCode
  readonly detail: string
}

/** What went wrong on a connection before it was known whose it is; a value, never thrown. */
export interface AddressFault {
  readonly code: 'OL_CONNECTION_HALF_OPEN'
  readonly detail: string
}

/** Every code of a PeerFault. */
export type PeerFaultCode =
  | 'OL_FRAME_SIZE'
  | 'OL_FRAME_FLAGS'
  | 'OL_FRAME_TYPE'
  | 'OL_FRAME_TIMEOUT'
  | 'OL_HELLO_TIMEOUT'
  | 'OL_HELLO_MALFORMED'
  | 'OL_HELLO_VERSION'
  | 'OL_HELLO_CHAIN'
  | 'OL_HELLO_GENESIS'
  | 'OL_HELLO_KEY'
  | 'OL_HELLO_SIGNATURE'
  | 'OL_HELLO_RATE'
  | 'OL_CHANNEL_GOODBYE'
  | 'OL_CHANNEL_SILENT'
  | 'OL_CHANNEL_MISSING'
  | 'OL_CHANNEL_TWIN'
  | 'OL_GOSSIP_MISSING'
  | 'OL_GOSSIP_MALFORMED'
  | 'OL_GOSSIP_REJECTED'
  | 'OL_RATE_LIMIT'
  | 'OL_RELAY_DELEGATION'
  | 'OL_RELAY_ORIGIN'

export function peerFault(code: PeerFaultCode, detail: string): PeerFault {
  return { code, detail }
}
