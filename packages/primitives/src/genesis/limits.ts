/** Tokens, pairs and perpetuals in a genesis, each: far above what the original lists. */
export const GENESIS_MARKETS_MAX = 10_000
/** Funded accounts in each of the two worlds; as many as GENESIS_BYTES_MAX can hold. */
export const GENESIS_ACCOUNTS_MAX = 100_000
/** Bytes of code of one predeployed contract; EIP-170. */
export const GENESIS_CODE_BYTES_MAX = 24_576
/** Storage slots of one predeployed contract. */
export const GENESIS_STORAGE_SLOTS_MAX = 10_000
/** Tiers of one margin table. */
export const GENESIS_MARGIN_TIERS_MAX = 16
/** Fee tiers and maker rebates each: looked through at every fill. */
export const GENESIS_FEE_TIERS_MAX = 32
