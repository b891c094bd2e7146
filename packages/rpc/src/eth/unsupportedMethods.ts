/**
 * Methods that Ethereum tools know and that this version does not have: docs/spec/evm.md §12.
 *
 * They are told apart from misspelt ones, so that a user knows whether to look for a typing error or for a newer node.
 */
export const UNSUPPORTED_METHODS: ReadonlySet<string> = new Set([
  'eth_getTransactionBySenderAndNonce',
  'eth_config',
  'eth_capabilities',
  'debug_storageRangeAt',
  'debug_codeByHash',
])

/** Namespaces that cost much to answer, and what a server without them says of their methods. */
export const DEBUG_METHODS: readonly string[] = [
  'debug_traceTransaction',
  'debug_traceCall',
  'debug_traceBlockByHash',
  'debug_traceBlockByNumber',
  'debug_getRawBlock',
  'debug_getRawHeader',
  'debug_getRawReceipts',
  'debug_getRawTransaction',
  'trace_block',
  'trace_transaction',
  'trace_filter',
  'trace_call',
  'trace_replayBlockTransactions',
]
