/** Nonces remembered per signer; docs/spec/hyperliquid.md §3.5. */
export const NONCES_MAX = 100
/** A nonce must be younger than this; docs/spec/hyperliquid.md §3.5. */
export const NONCE_AGE_MS_MAX = 172_800_000
/** A nonce must be less far ahead than this; docs/spec/hyperliquid.md §3.5. */
export const NONCE_LEAD_MS_MAX = 86_400_000
/** Significant figures of a price that is not whole; docs/spec/hyperliquid.md §1.3. */
export const PX_SIGNIFICANT_FIGURES_MAX = 5
/** Ticks of a price: leaves room below 2^53 for the sums and bands computed from it. */
export const PX_TICKS_MAX = 1_000_000_000_000_000
/** Lots of one order: leaves room below 2^53 for the sums computed from it. */
export const SIZE_LOTS_MAX = 1_000_000_000_000_000
/** Orders, cancels or prices in one action: every one is work inside a block. */
export const BATCH_MAX = 1_000
/** Levels per side that `l2Book` shows; docs/spec/hyperliquid.md §10.1. */
export const BOOK_LEVELS_SHOWN_MAX = 20
/** Tokens, pairs and perps each: the spot asset ids end where the builder perps begin, §1.2. */
export const ASSETS_MAX = 10_000
/** Wei of one token on all accounts: fits the signed 64-bit fields that contracts read. */
export const TOKEN_SUPPLY_WEI_MAX = 9_223_372_036_854_775_807n
/** Leverage of any asset: with less than 1 % behind a position, one price step could eat it. */
export const LEVERAGE_MAX = 100
/** Orders of contracts waiting for their delay: bounds the work of one begin-block. */
export const CORE_WRITER_QUEUE_MAX = 65_536
/** Transfers to the EVM that wait for an EVM block: bounds what a block has to remember. */
export const EVM_TRANSFERS_MAX = 4_096
/** Bytes of call data that a transfer to the EVM takes along: as many wait as there are transfers. */
export const EVM_TRANSFER_DATA_BYTES_MAX = 4_096
/** Gas of one system transaction with data: a hundred of them stay near what an EVM block may use. */
export const EVM_TRANSFER_GAS_MAX = 1_000_000
/** System transactions of one EVM block: beside the gas of its own transactions, bounds its work. */
export const EVM_TRANSFERS_PER_BLOCK_MAX = 100
/** Oracle buckets that a submission may lag behind block time. */
export const ORACLE_BUCKET_LAG_MAX = 2
/** An oracle price older than this is stale: no premium is measured against it; docs/spec/hyperliquid.md §7.1. */
export const ORACLE_AGE_MS_MAX = 60_000
/** Times by which one update may multiply or divide an oracle price that is not stale; docs/spec/hyperliquid.md §7.1. */
export const ORACLE_STEP_MAX = 2
/** Running TWAPs of one address: each is work in a begin-block. */
export const TWAPS_OF_USER_MAX = 20
/** Sub-accounts of one account: their sums are shown with it. */
export const SUB_ACCOUNTS_MAX = 10
/** Requests that one address may have bought: sums stay exact. */
export const REQUESTS_RESERVED_MAX = 1_000_000_000_000
/** Holders of one vault: a distribution pays them all in one action. */
export const VAULT_HOLDERS_MAX = 1_000
/** Vaults of one leader, closed ones included: each is an account. */
export const VAULTS_OF_LEADER_MAX = 10
/** Accounts that a token's genesis gives to: they are all credited in one action. */
export const TOKEN_HOLDERS_AT_GENESIS_MAX = 1_000
/** Gifts of one `userGenesis`: each entry for the holders of another token is as many as those are. */
export const TOKEN_GIFTS_PER_ACTION_MAX = 5_000
/** Levels of one hyperliquidity strategy: an update may place them all, as a batch may place as many orders. */
export const HYPERLIQUIDITY_LEVELS_MAX = 1_000
/** Strategies that one block updates; those that are due beyond that wait for the next blocks. */
export const HYPERLIQUIDITY_UPDATES_PER_BLOCK_MAX = 8
/** Withdrawals from staking that one account may wait for; docs/spec/hyperliquid.md §9. */
export const STAKE_WITHDRAWALS_MAX = 5
/** Validators that one account may delegate to: bounds what one account adds to the ends of epochs and days. */
export const DELEGATIONS_OF_USER_MAX = 32
/** Accounts that may delegate to one validator: the end of an epoch pays each of them. */
export const DELEGATORS_OF_VALIDATOR_MAX = 10_000
/** Registered validators: new keys are compared with all of them. */
export const VALIDATORS_REGISTERED_MAX = 1_000
/** Open orders of one address, however much it trades; docs/spec/hyperliquid.md §5. */
export const OPEN_ORDERS_MAX = 5_000
/** Times a day that a scheduled cancel may cancel the orders of one user; docs/spec/hyperliquid.md §5. */
export const SCHEDULED_CANCELS_A_DAY_MAX = 10
/** Wallets that may sign for one multi-signature account; docs/spec/hyperliquid.md §3.3. */
export const MULTI_SIG_SIGNERS_OF_USER_MAX = 10
/** Referred accounts that one answer lists: an account may refer any number. */
export const REFERRALS_SHOWN_MAX = 100
/** Block time for which a vote of a validator counts: others may follow, and a mind may change. */
export const L1_VOTE_MS = 86_400_000
/** Orders taken out and positions settled of delisted perps in one block: what is left waits for the next ones. */
export const DELISTING_STEPS_MAX = 1_000
/** Positions after which funding settles no further perp in the same block: each is two entries to write. */
export const FUNDING_POSITIONS_PER_BLOCK_MAX = 5_000
/** Spot balances that the daily sweep of dust looks at in one block: the next block goes on behind them. */
export const DUST_BALANCES_PER_BLOCK_MAX = 2_000
/** Slices of TWAPs, delayed actions of contracts, withdrawals of stake and agents that expire in one block, each: the others stay due. */
export const DUE_PER_BLOCK_MAX = 2_000
/** TP/SL orders that fire in one block: each may trade against a whole book. */
export const TRIGGERS_PER_BLOCK_MAX = 2_000
/** Orders after which no further user's scheduled cancel comes in the same block. */
export const SCHEDULED_CANCELS_PER_BLOCK_MAX = 5_000
/** Bytes of a key of the Core: its length stands in one byte of the leaf's hash. */
export const CORE_KEY_BYTES_MAX = 255
