import { OpenLiquidError } from '@openliquid/primitives'

/** Why a request was not answered with a result. */
export type RpcFault =
  | { readonly code: 'OL_RPC_PARSE'; readonly reason: string }
  | { readonly code: 'OL_RPC_DEPTH'; readonly max: number }
  | { readonly code: 'OL_RPC_REQUEST'; readonly reason: string }
  | { readonly code: 'OL_RPC_VALUES'; readonly max: number }
  | { readonly code: 'OL_RPC_BATCH_SIZE'; readonly max: number }
  | { readonly code: 'OL_RPC_METHOD_UNKNOWN'; readonly method: string }
  | { readonly code: 'OL_RPC_METHOD_UNSUPPORTED'; readonly method: string }
  | { readonly code: 'OL_RPC_PARAMS'; readonly reason: string }
  | { readonly code: 'OL_RPC_INTERNAL' }
  | { readonly code: 'OL_RPC_REVERTED'; readonly revertData: string }
  | { readonly code: 'OL_RPC_EXECUTION'; readonly reason: string }
  | { readonly code: 'OL_RPC_STATE_UNAVAILABLE'; readonly block: string }
  | { readonly code: 'OL_RPC_BLOCK_UNKNOWN'; readonly block: string }
  | { readonly code: 'OL_RPC_RANGE'; readonly from: string; readonly to: string }
  | { readonly code: 'OL_RPC_LOGS_SIZE'; readonly max: number }
  | { readonly code: 'OL_RPC_RESPONSE_SIZE'; readonly max: number }
  | { readonly code: 'OL_RPC_TIMEOUT'; readonly timeoutMs: number }
  | { readonly code: 'OL_RPC_FILTER_UNKNOWN'; readonly id: string }
  | { readonly code: 'OL_RPC_FILTERS_FULL'; readonly max: number }
  | { readonly code: 'OL_RPC_SUBSCRIPTIONS_FULL'; readonly max: number }
  | { readonly code: 'OL_RPC_SUBSCRIPTION_UNSUPPORTED'; readonly kind: string }
  | { readonly code: 'OL_RPC_RATE_LIMIT'; readonly weightPerMinute: number }
  | { readonly code: 'OL_RPC_INFO_UNKNOWN'; readonly type: string }
  | { readonly code: 'OL_RPC_INFO_UNSUPPORTED'; readonly type: string }
  | { readonly code: 'OL_RPC_HOST'; readonly host: string }
  | { readonly code: 'OL_RPC_ORIGIN'; readonly origin: string }
  | { readonly code: 'OL_RPC_HTTP_METHOD'; readonly method: string }
  | { readonly code: 'OL_RPC_PATH'; readonly path: string }
  | { readonly code: 'OL_RPC_CONTENT_TYPE'; readonly contentType: string }
  | { readonly code: 'OL_RPC_BODY_SIZE'; readonly max: number }
  | { readonly code: 'OL_RPC_CONNECTIONS_FULL'; readonly max: number }
  | { readonly code: 'OL_RPC_SIMULATION_NUMBER'; readonly number: string }
  | { readonly code: 'OL_RPC_SIMULATION_TIME'; readonly timestamp: string }
  | { readonly code: 'OL_RPC_SIMULATION_NONCE_LOW' }
  | { readonly code: 'OL_RPC_SIMULATION_NONCE_HIGH' }
  | { readonly code: 'OL_RPC_SIMULATION_BASE_FEE' }
  | { readonly code: 'OL_RPC_SIMULATION_GAS' }
  | { readonly code: 'OL_RPC_SIMULATION_FUNDS' }
  | { readonly code: 'OL_RPC_SIMULATION_BLOCK_GAS' }
  | { readonly code: 'OL_RPC_SIMULATION_INIT_CODE' }
  | { readonly code: 'OL_RPC_SIMULATION_SIZE'; readonly max: number }
  | { readonly code: 'OL_RPC_SYNC_TIMEOUT'; readonly hash: string }
  | { readonly code: 'OL_RPC_SYNC_UNREADY'; readonly hash: string }
  | { readonly code: 'OL_RPC_BUSY' }
  | { readonly code: 'OL_RPC_STOPPING' }

type RpcFaultCode = RpcFault['code']

/** JSON-RPC code and HTTP status of each fault. The JSON-RPC door answers 200 for faults of a call, docs/rpc.md. */
const CODES: Readonly<Record<RpcFaultCode, readonly [jsonRpc: number, http: number]>> = {
  OL_RPC_PARSE: [-32700, 422],
  OL_RPC_DEPTH: [-32600, 422],
  OL_RPC_REQUEST: [-32600, 422],
  OL_RPC_VALUES: [-32600, 422],
  OL_RPC_BATCH_SIZE: [-32600, 422],
  OL_RPC_METHOD_UNKNOWN: [-32601, 422],
  OL_RPC_METHOD_UNSUPPORTED: [-32601, 422],
  OL_RPC_PARAMS: [-32602, 422],
  OL_RPC_INTERNAL: [-32603, 500],
  OL_RPC_REVERTED: [3, 422],
  OL_RPC_EXECUTION: [-32000, 422],
  OL_RPC_STATE_UNAVAILABLE: [-32000, 422],
  OL_RPC_BLOCK_UNKNOWN: [-32000, 422],
  OL_RPC_RANGE: [-32005, 422],
  OL_RPC_LOGS_SIZE: [-32005, 422],
  OL_RPC_RESPONSE_SIZE: [-32005, 422],
  OL_RPC_TIMEOUT: [-32000, 504],
  OL_RPC_FILTER_UNKNOWN: [-32000, 422],
  OL_RPC_FILTERS_FULL: [-32005, 429],
  OL_RPC_SUBSCRIPTIONS_FULL: [-32005, 429],
  OL_RPC_SUBSCRIPTION_UNSUPPORTED: [-32601, 422],
  OL_RPC_RATE_LIMIT: [-32005, 429],
  OL_RPC_INFO_UNKNOWN: [-32601, 422],
  OL_RPC_INFO_UNSUPPORTED: [-32601, 422],
  OL_RPC_HOST: [-32600, 403],
  OL_RPC_ORIGIN: [-32600, 403],
  OL_RPC_HTTP_METHOD: [-32600, 405],
  OL_RPC_PATH: [-32600, 404],
  OL_RPC_CONTENT_TYPE: [-32600, 415],
  OL_RPC_BODY_SIZE: [-32600, 413],
  OL_RPC_CONNECTIONS_FULL: [-32005, 503],
  // As eth_simulateV1 fixes them.
  OL_RPC_SIMULATION_NUMBER: [-38020, 422],
  OL_RPC_SIMULATION_TIME: [-38021, 422],
  OL_RPC_SIMULATION_NONCE_LOW: [-38010, 422],
  OL_RPC_SIMULATION_NONCE_HIGH: [-38011, 422],
  OL_RPC_SIMULATION_BASE_FEE: [-38012, 422],
  OL_RPC_SIMULATION_GAS: [-38013, 422],
  OL_RPC_SIMULATION_FUNDS: [-38014, 422],
  OL_RPC_SIMULATION_BLOCK_GAS: [-38015, 422],
  OL_RPC_SIMULATION_INIT_CODE: [-38025, 422],
  OL_RPC_SIMULATION_SIZE: [-38026, 422],
  // As EIP-7966 fixes them.
  OL_RPC_SYNC_TIMEOUT: [4, 504],
  OL_RPC_SYNC_UNREADY: [5, 422],
  OL_RPC_BUSY: [-32005, 503],
  OL_RPC_STOPPING: [-32000, 503],
}

/** A request that gets an error answer. The client, not the operator, reads the message. */
export class RpcError extends OpenLiquidError<RpcFault> {
  override readonly name: string = 'RpcError'
  /** The message without the code that `OpenLiquidError` appends: the code stands in the answer's `data.code`. */
  readonly summary: string

  constructor(message: string, fault: RpcFault, options?: { readonly cause?: unknown }) {
    super(message, fault, options)
    this.summary = message
  }

  get jsonRpcCode(): number {
    return CODES[this.code][0]
  }

  get httpStatus(): number {
    return CODES[this.code][1]
  }
}

/** Why the server does not listen. */
export type RpcListenFault =
  | { readonly code: 'OL_RPC_PORT_IN_USE'; readonly host: string; readonly port: number }
  | { readonly code: 'OL_RPC_LISTEN'; readonly host: string; readonly port: number }
  | { readonly code: 'OL_RPC_REMOTE_BIND'; readonly host: string }
  | { readonly code: 'OL_RPC_CONFIG'; readonly option: string }

/** Thrown by `createRpcServer` and `start`: a setting the operator must change. */
export class RpcListenError extends OpenLiquidError<RpcListenFault> {
  override readonly name: string = 'RpcListenError'
}
