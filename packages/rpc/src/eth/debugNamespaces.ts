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
  'debug_storageRangeAt',
  'debug_codeByHash',
  'trace_block',
  'trace_transaction',
  'trace_filter',
  'trace_call',
  'trace_replayBlockTransactions',
]
