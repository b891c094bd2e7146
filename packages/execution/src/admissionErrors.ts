import { EvmTransactionError } from '@openliquid/evm'
import { OpenLiquidError } from '@openliquid/primitives'
import { MempoolError, TransactionError } from './errors.ts'

/** What Ethereum tools match on, by our own code; docs/spec/evm.md §9. */
const EVM_TEXTS: Readonly<Record<EvmTransactionError['code'], string>> = {
  OL_EVM_TX_SIZE: 'oversized data',
  OL_EVM_TX_MALFORMED: 'rlp: malformed transaction',
  OL_EVM_TX_TYPE: 'transaction type not supported',
  OL_EVM_TX_CHAIN_ID: 'invalid chain id for signer',
  OL_EVM_TX_UNPROTECTED: 'only replay-protected (EIP-155) transactions allowed over RPC',
  OL_EVM_TX_SIGNATURE: 'invalid sender',
  OL_EVM_TX_INTRINSIC_GAS: 'intrinsic gas too low',
  OL_EVM_TX_FEES: 'max priority fee per gas higher than max fee per gas',
  OL_EVM_TX_INIT_CODE: 'max initcode size exceeded',
}

/** The rejection of bytes that are no transaction of this chain; anything else that was thrown comes back as it is. */
export function readFailure(cause: unknown): unknown {
  if (cause instanceof EvmTransactionError) {
    const text = EVM_TEXTS[cause.code]
    return new MempoolError(
      text,
      { code: 'OL_MEMPOOL_MALFORMED', fault: cause.code, reason: cause.message },
      { cause },
    )
  }
  if (cause instanceof TransactionError) {
    return new MempoolError('Invalid signature', { code: 'OL_MEMPOOL_SIGNATURE' }, { cause })
  }
  if (cause instanceof OpenLiquidError) {
    return new MempoolError(
      cause.message,
      { code: 'OL_MEMPOOL_MALFORMED', fault: cause.code, reason: cause.message },
      { cause },
    )
  }
  return cause
}
