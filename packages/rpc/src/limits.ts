/** Bounds of the door. All in config; the defaults are those of docs/spec/ecosystem.md §8. */
export interface RpcLimits {
  /** Body of a JSON-RPC request or size of one WebSocket message on `/` and `/evm`. */
  readonly jsonRpcBodyBytesMax: number
  /** Body of `/info` and `/exchange`, or size of one WebSocket message on `/ws`. */
  readonly infoBodyBytesMax: number
  /** Calls in one JSON-RPC batch. */
  readonly batchCallsMax: number
  /** Bytes of one answer; a batch counts as one answer. */
  readonly responseBytesMax: number
  /** TCP connections, WebSockets included. */
  readonly connectionsMax: number
  readonly webSocketsMax: number
  /** Per WebSocket. */
  readonly subscriptionsMax: number
  /** Until the headers are complete. */
  readonly headersTimeoutMs: number
  /**
   * How long a connection is kept for a next request. Longer than proxies and pools of clients keep theirs: whoever lets
   * go first must be the client, or a request runs into the closing of its connection.
   */
  readonly keepAliveTimeoutMs: number
  /** Until the request is complete, and again until its answer is. */
  readonly requestTimeoutMs: number
  /** How long `/exchange` and eth_sendRawTransactionSync wait for a committed receipt. */
  readonly receiptTimeoutMs: number
  /** How long one eth_call, or any other message that is only tried out, may run. */
  readonly callTimeoutMs: number
  /** Blocks one eth_getLogs or filter may span. */
  readonly logBlocksMax: number
  /** Logs one answer may hold. */
  readonly logsMax: number
  /** Installed filters, all clients together. */
  readonly filtersMax: number
  /** A filter that nobody polls for so long is removed. */
  readonly filterIdleMs: number
  /** Request weight per minute and client address; 0 switches the limit off. */
  readonly weightPerMinute: number
  /** Subscriptions on one WebSocket of `/ws`. */
  readonly exchangeSubscriptionsMax: number
  /** WebSockets of `/ws` that one client address has open; 0 switches the limit off. */
  readonly clientWebSocketsMax: number
  /** WebSockets of `/ws` that one client address opens in a minute; 0 switches the limit off. */
  readonly clientWebSocketsPerMinute: number
  /** Subscriptions on `/ws` that one client address has; 0 switches the limit off. */
  readonly clientSubscriptionsMax: number
  /** Users that the subscriptions of one client address follow; 0 switches the limit off. */
  readonly clientUsersMax: number
  /** Messages on `/ws` that one client address sends in a minute; 0 switches the limit off. */
  readonly clientMessagesPerMinute: number
}

/** Limits that may be 0, which is off. */
export const OPTIONAL_LIMITS: ReadonlySet<string> = new Set([
  'weightPerMinute',
  'clientWebSocketsMax',
  'clientWebSocketsPerMinute',
  'clientSubscriptionsMax',
  'clientUsersMax',
  'clientMessagesPerMinute',
])

export const DEFAULT_RPC_LIMITS: RpcLimits = {
  jsonRpcBodyBytesMax: 5 * 1024 * 1024,
  infoBodyBytesMax: 1024 * 1024,
  batchCallsMax: 1_000,
  responseBytesMax: 25 * 1024 * 1024,
  connectionsMax: 500,
  webSocketsMax: 100,
  subscriptionsMax: 100,
  headersTimeoutMs: 5_000,
  keepAliveTimeoutMs: 65_000,
  requestTimeoutMs: 10_000,
  receiptTimeoutMs: 10_000,
  callTimeoutMs: 2_000,
  logBlocksMax: 10_000,
  logsMax: 10_000,
  filtersMax: 1_000,
  filterIdleMs: 300_000,
  weightPerMinute: 0,
  exchangeSubscriptionsMax: 1_000,
  clientWebSocketsMax: 0,
  clientWebSocketsPerMinute: 0,
  clientSubscriptionsMax: 0,
  clientUsersMax: 0,
  clientMessagesPerMinute: 0,
}

/** Limits by client address for a server that strangers reach; docs/spec/hyperliquid.md §8.2. */
export const PUBLIC_RPC_LIMITS: Partial<RpcLimits> = {
  weightPerMinute: 1_200,
  clientWebSocketsMax: 10,
  clientWebSocketsPerMinute: 30,
  clientSubscriptionsMax: 1_000,
  clientUsersMax: 10,
  clientMessagesPerMinute: 2_000,
}

/** The deepest legal request (a signed multi-sig action with trigger orders in a batch) nests 9 levels; state overrides 6. */
export const JSON_DEPTH_MAX = 64

/** Names and values of one request: a full body of state overrides has 80,000. They take the parser some 10 ms. */
export const JSON_VALUES_MAX = 131_072

/**
 * How long a question for the receipt of a waiting transaction is held back. ethers takes an answer for true for 250 ms
 * and asks 10 ms after it is told to: a null that it gets after that time is not given again.
 */
export const RECEIPT_HOLD_MS = 240

/** Calls of one batch that run at once: enough to hide awaits, too few to hold 1,000 answers in memory. */
export const BATCH_CONCURRENCY_MAX = 16

/** Bytes above which JSON-RPC requests are read one after the other, with all else in between. */
export const LARGE_REQUEST_BYTES = 262_144

/** Requests of one WebSocket that are under way; above it the socket is not read. */
export const WEB_SOCKET_REQUESTS_MAX = 64

/** Unsent bytes of one WebSocket above which its subscriptions are dropped: the client reads too slowly. */
export const WEB_SOCKET_QUEUE_BYTES_MAX = 1_048_576

/** Request headers: room for a JWT and cookies of a proxy, not for more. */
export const HEADER_BYTES_MAX = 16_384

/** Client addresses the rate limiter remembers; the least recently seen go first. */
export const RATE_LIMIT_CLIENTS_MAX = 10_000

/** Topic positions an Ethereum log can have. */
export const LOG_TOPICS_MAX = 4

/** Alternatives in one position of a log filter, or addresses: bounds the matching work per log. */
export const LOG_FILTER_ALTERNATIVES_MAX = 1_000

/** Characters of one subscription of `/ws`: it is echoed and remembered. */
export const SUBSCRIPTION_CHARS_MAX = 1_024

/** Channels whose state is read in one go: a block waits for no more than that. */
export const FEED_READS_MAX = 32
