import type { Hex } from './ids.ts'

// Field names are the wire's own; docs/spec/hyperliquid.md §4. Decimals are normalised strings, hex is lower-case,
// integers are safe. An absent optional field is absent, never null or false.

/** How long an order stays: until cancelled, not at all, only as maker, or like the original's web page. */
export type TimeInForce = 'Gtc' | 'Ioc' | 'Alo' | 'FrontendMarket'

export type OrderTypeWire =
  | { readonly limit: { readonly tif: TimeInForce } }
  | {
      readonly trigger: {
        readonly isMarket: boolean
        readonly triggerPx: string
        readonly tpsl: 'tp' | 'sl'
      }
    }

/** One order of a batch. */
export interface OrderWire {
  /** Asset id. */
  readonly a: number
  /** Buy. */
  readonly b: boolean
  /** Price. */
  readonly p: string
  /** Size. */
  readonly s: string
  /** Reduce only. */
  readonly r: boolean
  readonly t: OrderTypeWire
  /** Client order id, 16 bytes. */
  readonly c?: Hex
}

/** An order by its number or by its client order id. */
export type OrderIdWire = number | Hex

/** Who pays the priority fee, or how trigger orders hang together. */
export type GroupingWire = 'na' | 'normalTpsl' | 'positionTpsl' | { readonly p: number }

/** A signature inside an action, its numbers as the signer wrote them. */
export interface SignatureWire {
  readonly r: Hex
  readonly s: Hex
  readonly v: number
}

interface L1<Type extends string> {
  readonly type: Type
}

interface UserSigned<Type extends string> {
  readonly type: Type
  /** Chain id of the wallet's domain, hex without leading zeros. */
  readonly signatureChainId: Hex
  readonly hyperliquidChain: 'Mainnet' | 'Testnet'
}

export interface OrderAction extends L1<'order'> {
  readonly orders: readonly OrderWire[]
  readonly grouping: GroupingWire
  readonly builder?: { readonly b: Hex; readonly f: number }
}

export interface CancelAction extends L1<'cancel'> {
  readonly cancels: readonly { readonly a: number; readonly o: number }[]
  readonly f?: true
}

export interface CancelByCloidAction extends L1<'cancelByCloid'> {
  readonly cancels: readonly { readonly asset: number; readonly cloid: Hex }[]
  readonly f?: true
}

export interface ModifyAction extends L1<'modify'> {
  readonly oid: OrderIdWire
  readonly order: OrderWire
  readonly a?: true
}

export interface BatchModifyAction extends L1<'batchModify'> {
  readonly modifies: readonly { readonly oid: OrderIdWire; readonly order: OrderWire }[]
  readonly a?: true
}

export interface ScheduleCancelAction extends L1<'scheduleCancel'> {
  readonly time?: number
}

export interface UpdateLeverageAction extends L1<'updateLeverage'> {
  readonly asset: number
  readonly isCross: boolean
  readonly leverage: number
}

export interface UpdateIsolatedMarginAction extends L1<'updateIsolatedMargin'> {
  readonly asset: number
  readonly isBuy: boolean
  /** 1e-6 USDC, signed. */
  readonly ntli: number
}

export interface TopUpIsolatedOnlyMarginAction extends L1<'topUpIsolatedOnlyMargin'> {
  readonly asset: number
  readonly leverage: string
}

export interface TwapOrderAction extends L1<'twapOrder'> {
  readonly twap: {
    readonly a: number
    readonly b: boolean
    readonly s: string
    readonly r: boolean
    /** Minutes. */
    readonly m: number
    /** Randomise. */
    readonly t: boolean
  }
  readonly details?: {
    readonly t: { readonly p: string; readonly a: boolean } | null
    readonly s: string | null
  }
}

export interface TwapCancelAction extends L1<'twapCancel'> {
  readonly a: number
  readonly t: number
}

export interface NoopAction extends L1<'noop'> {}

export interface ReserveRequestWeightAction extends L1<'reserveRequestWeight'> {
  readonly weight: number
  readonly destination?: Hex
}

export interface CreateSubAccountAction extends L1<'createSubAccount'> {
  readonly name: string
}

export interface SubAccountModifyAction extends L1<'subAccountModify'> {
  readonly subAccountUser: Hex
  readonly name: string
}

export interface SubAccountTransferAction extends L1<'subAccountTransfer'> {
  readonly subAccountUser: Hex
  readonly isDeposit: boolean
  /** 1e-6 USDC. */
  readonly usd: number
}

export interface SubAccountSpotTransferAction extends L1<'subAccountSpotTransfer'> {
  readonly subAccountUser: Hex
  readonly isDeposit: boolean
  readonly token: string
  readonly amount: string
}

export interface CreateVaultAction extends L1<'createVault'> {
  readonly name: string
  readonly description: string
  readonly initialUsd: number
  readonly nonce: number
}

export interface VaultTransferAction extends L1<'vaultTransfer'> {
  readonly vaultAddress: Hex
  readonly isDeposit: boolean
  readonly usd: number
}

export interface VaultModifyAction extends L1<'vaultModify'> {
  readonly vaultAddress: Hex
  readonly allowDeposits?: boolean | null
  readonly alwaysCloseOnWithdraw?: boolean | null
}

export interface VaultDistributeAction extends L1<'vaultDistribute'> {
  readonly vaultAddress: Hex
  readonly usd: number
}

export interface AgentSendAssetAction extends L1<'agentSendAsset'> {
  readonly destination: Hex
  readonly sourceDex: string
  readonly destinationDex: string
  readonly token: string
  readonly amount: string
  readonly fromSubAccount: string
  readonly nonce: number
}

export interface SetReferrerAction extends L1<'setReferrer'> {
  readonly code: string
}

export interface RegisterReferrerAction extends L1<'registerReferrer'> {
  readonly code: string
}

export interface ClaimRewardsAction extends L1<'claimRewards'> {}

export interface SetDisplayNameAction extends L1<'setDisplayName'> {
  readonly displayName: string
}

export interface SpotUserAction extends L1<'spotUser'> {
  readonly toggleSpotDusting: { readonly optOut: boolean }
}

export interface EvmUserModifyAction extends L1<'evmUserModify'> {
  readonly usingBigBlocks: boolean
}

export interface FinalizeEvmContractAction extends L1<'finalizeEvmContract'> {
  readonly token: number
  readonly input:
    | { readonly create: { readonly nonce: number } }
    | 'firstStorageSlot'
    | 'customStorageSlot'
}

/** Exactly one of the optional fields is there. */
export interface SpotDeployAction extends L1<'spotDeploy'> {
  readonly registerToken2?: {
    readonly spec: {
      readonly name: string
      readonly szDecimals: number
      readonly weiDecimals: number
    }
    readonly maxGas: number
    readonly fullName?: string
  }
  readonly userGenesis?: {
    readonly token: number
    readonly userAndWei: readonly (readonly [user: Hex, wei: string])[]
    readonly existingTokenAndWei: readonly (readonly [token: number, wei: string])[]
    readonly blacklistUsers?: readonly (readonly [user: Hex, blacklist: boolean])[]
  }
  readonly genesis?: {
    readonly token: number
    readonly maxSupply: string
    readonly noHyperliquidity?: true
  }
  readonly registerSpot?: { readonly tokens: readonly [base: number, quote: number] }
  readonly registerHyperliquidity?: {
    readonly spot: number
    readonly startPx: string
    readonly orderSz: string
    readonly nOrders: number
    readonly nSeededLevels?: number
  }
  readonly setDeployerTradingFeeShare?: { readonly token: number; readonly share: string }
  readonly enableQuoteToken?: { readonly token: number }
  readonly disableQuoteToken?: { readonly token: number }
  readonly requestEvmContract?: {
    readonly token: number
    readonly address: Hex
    readonly evmExtraWeiDecimals: number
  }
}

/** Keys that a validator signs blocks with, and their proofs of possession; docs/spec/consensus.md §2.1 type 6. */
export interface ValidatorKeysWire {
  readonly vote_key: Hex
  readonly node_key: Hex
  readonly vote_proof: Hex
  readonly node_proof: Hex
}

/** Exactly one of the optional fields is there. */
export interface CValidatorAction extends L1<'CValidatorAction'> {
  readonly register?: {
    readonly profile: {
      readonly node_ip: { readonly Ip: string }
      readonly name: string
      readonly description: string
      readonly delegations_disabled: boolean
      readonly commission_bps: number
      readonly signer: Hex
    }
    readonly unjailed: boolean
    readonly initial_wei: number
    /** Of this chain; a registration without them is refused. */
    readonly keys?: ValidatorKeysWire
  }
  readonly changeProfile?: {
    readonly node_ip: { readonly Ip: string } | null
    readonly name: string | null
    readonly description: string | null
    readonly unjailed: boolean
    readonly disable_delegations: boolean | null
    readonly commission_bps: number | null
    readonly signer: Hex | null
    /** Of this chain; absent keys stay. */
    readonly keys?: ValidatorKeysWire
  }
  readonly unregister?: null
}

/** Exactly one of the optional fields is there. */
export interface CSignerAction extends L1<'CSignerAction'> {
  readonly jailSelf?: null
  readonly unjailSelf?: null
}

export interface ValidatorL1StreamAction extends L1<'validatorL1Stream'> {
  readonly riskFreeRate: string
}

/** A validator's vote to delist the perp that it names, signed by its `signer`. */
export interface ValidatorL1VoteAction extends L1<'validatorL1Vote'> {
  readonly D: string
}

/** A validator's prices of one 3 s bucket, signed by its `signer`. */
export interface ValidatorOracleAction extends L1<'validatorOracle'> {
  /** floor(milliseconds / 3000). */
  readonly bucket: number
  readonly prices: readonly (readonly [asset: number, oraclePx: string, perpPx: string | null])[]
}

export interface BorrowLendAction extends L1<'borrowLend'> {
  readonly operation: 'supply' | 'withdraw' | 'repay' | 'borrow'
  readonly token: number
  readonly amount: string | null
}

export interface AgentSetAbstractionAction extends L1<'agentSetAbstraction'> {
  readonly abstraction: 'i' | 'u' | 'p'
}

// Amounts of user-signed actions stay as their signer wrote them: the text itself is what is signed.

export interface UsdSendAction extends UserSigned<'usdSend'> {
  readonly destination: Hex
  readonly amount: string
  readonly time: number
}

export interface SpotSendAction extends UserSigned<'spotSend'> {
  readonly destination: Hex
  readonly token: string
  readonly amount: string
  readonly time: number
}

export interface Withdraw3Action extends UserSigned<'withdraw3'> {
  readonly destination: Hex
  readonly amount: string
  readonly time: number
}

export interface UsdClassTransferAction extends UserSigned<'usdClassTransfer'> {
  /** May end in ` subaccount:0x…`. */
  readonly amount: string
  readonly toPerp: boolean
  readonly nonce: number
}

export interface SendAssetAction extends UserSigned<'sendAsset'> {
  readonly destination: Hex
  readonly sourceDex: string
  readonly destinationDex: string
  readonly token: string
  readonly amount: string
  readonly fromSubAccount: string
  readonly nonce: number
}

export interface SendToEvmWithDataAction extends UserSigned<'sendToEvmWithData'> {
  readonly token: string
  readonly amount: string
  readonly sourceDex: string
  readonly destinationRecipient: string
  readonly addressEncoding: string
  readonly destinationChainId: number
  readonly gasLimit: number
  readonly data: Hex
  readonly nonce: number
}

export interface ApproveAgentAction extends UserSigned<'approveAgent'> {
  readonly agentAddress: Hex
  /** Absent for the unnamed agent; then signed as the empty string. */
  readonly agentName?: string
  readonly nonce: number
}

export interface ApproveBuilderFeeAction extends UserSigned<'approveBuilderFee'> {
  readonly maxFeeRate: string
  readonly builder: Hex
  readonly nonce: number
}

export interface TokenDelegateAction extends UserSigned<'tokenDelegate'> {
  readonly validator: Hex
  readonly wei: number
  readonly isUndelegate: boolean
  readonly nonce: number
}

export interface CDepositAction extends UserSigned<'cDeposit'> {
  readonly wei: number
  readonly nonce: number
}

export interface CWithdrawAction extends UserSigned<'cWithdraw'> {
  readonly wei: number
  readonly nonce: number
}

export interface ConvertToMultiSigUserAction extends UserSigned<'convertToMultiSigUser'> {
  /** JSON text. */
  readonly signers: string
  readonly nonce: number
}

export interface LinkStakingUserAction extends UserSigned<'linkStakingUser'> {
  readonly user: Hex
  readonly isFinalize: boolean
  readonly nonce: number
}

export interface StakingLinkDisableTradingUserAction
  extends UserSigned<'stakingLinkDisableTradingUser'> {
  readonly tradingUser: Hex
  readonly nonce: number
}

export interface UserSetAbstractionAction extends UserSigned<'userSetAbstraction'> {
  readonly user: Hex
  readonly abstraction: string
  readonly nonce: number
}

export interface UserDexAbstractionAction extends UserSigned<'userDexAbstraction'> {
  readonly user: Hex
  readonly enabled: boolean
  readonly nonce: number
}

export interface UserPortfolioMarginAction extends UserSigned<'userPortfolioMargin'> {
  readonly user: Hex
  readonly enabled: boolean
  readonly nonce: number
}

/** An action of an account with several signers, wrapped by the one who sends it. */
export interface MultiSigAction extends L1<'multiSig'> {
  readonly signatureChainId: Hex
  readonly signatures: readonly SignatureWire[]
  readonly payload: {
    readonly multiSigUser: Hex
    readonly outerSigner: Hex
    /** Anything but another `multiSig`. */
    readonly action: L1Action | UserSignedAction
  }
}

/** Actions signed by the hash of their canonical msgpack; docs/spec/hyperliquid.md §3.2. */
export type L1Action =
  | OrderAction
  | CancelAction
  | CancelByCloidAction
  | ModifyAction
  | BatchModifyAction
  | ScheduleCancelAction
  | UpdateLeverageAction
  | UpdateIsolatedMarginAction
  | TopUpIsolatedOnlyMarginAction
  | TwapOrderAction
  | TwapCancelAction
  | NoopAction
  | ReserveRequestWeightAction
  | CreateSubAccountAction
  | SubAccountModifyAction
  | SubAccountTransferAction
  | SubAccountSpotTransferAction
  | CreateVaultAction
  | VaultTransferAction
  | VaultModifyAction
  | VaultDistributeAction
  | AgentSendAssetAction
  | SetReferrerAction
  | RegisterReferrerAction
  | ClaimRewardsAction
  | SetDisplayNameAction
  | SpotUserAction
  | EvmUserModifyAction
  | FinalizeEvmContractAction
  | SpotDeployAction
  | CValidatorAction
  | CSignerAction
  | ValidatorL1StreamAction
  | ValidatorL1VoteAction
  | ValidatorOracleAction
  | BorrowLendAction
  | AgentSetAbstractionAction

/** Actions signed field by field; docs/spec/hyperliquid.md §3.3. */
export type UserSignedAction =
  | UsdSendAction
  | SpotSendAction
  | Withdraw3Action
  | UsdClassTransferAction
  | SendAssetAction
  | SendToEvmWithDataAction
  | ApproveAgentAction
  | ApproveBuilderFeeAction
  | TokenDelegateAction
  | CDepositAction
  | CWithdrawAction
  | ConvertToMultiSigUserAction
  | LinkStakingUserAction
  | StakingLinkDisableTradingUserAction
  | UserSetAbstractionAction
  | UserDexAbstractionAction
  | UserPortfolioMarginAction

/** A native instruction of the exchange, parsed. */
export type Action = L1Action | UserSignedAction | MultiSigAction
export type ActionType = Action['type']
