/**
 * Methods that Ethereum tools know and that this version does not have: docs/spec/evm.md §12.
 *
 * They are told apart from misspelt ones, so that a user knows whether to look for a typing error or for a newer node.
 */
export const UNSUPPORTED_METHODS: ReadonlySet<string> = new Set([
  'eth_getProof',
  'eth_getStorageValues',
  'eth_createAccessList',
  'eth_simulateV1',
  'eth_getTransactionBySenderAndNonce',
  'eth_newPendingTransactionFilter',
  'eth_config',
  'eth_capabilities',
  'eth_getSystemTxsByBlockHash',
  'eth_getSystemTxsByBlockNumber',
  'debug_traceTransaction',
  'debug_traceCall',
  'debug_traceBlockByHash',
  'debug_traceBlockByNumber',
  'debug_getRawBlock',
  'debug_getRawHeader',
  'debug_getRawReceipts',
  'debug_getRawTransaction',
  'debug_storageRangeAt',
  'debug_codeByHash',
  'trace_block',
  'trace_transaction',
  'trace_filter',
  'trace_call',
  'trace_replayBlockTransactions',
  'txpool_inspect',
])
