/** Bytes of one action: with its signature and options it fits a transaction of 131,072. */
export const ACTION_BYTES_MAX = 130_816
/** Items of one list in an action: five times what stock clients send, and the byte limit comes soon after. */
export const ACTION_LIST_MAX = 1_000
/** Signers of a multi-signature account; docs/spec/hyperliquid.md §3.3. */
export const MULTI_SIG_SIGNERS_MAX = 10
/** Bytes of names, codes and token ids in an action; the exchange has tighter rules for each. */
export const ACTION_NAME_BYTES_MAX = 128
/** Bytes of a description, or of the signer list of a multi-signature account. */
export const ACTION_TEXT_BYTES_MAX = 4_096
/** Bytes of call data that travel with a transfer to the EVM. */
export const ACTION_DATA_BYTES_MAX = 16_384
