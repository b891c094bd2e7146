import type {
  Action,
  ActionType,
  GroupingWire,
  L1Action,
  OrderIdWire,
  OrderTypeWire,
  OrderWire,
  UserSignedAction,
  ValidatorKeysWire,
} from '../types/action.ts'
import type { Hex } from '../types/ids.ts'
import {
  ACTION_DATA_BYTES_MAX,
  ACTION_LIST_MAX,
  ACTION_NAME_BYTES_MAX,
  ACTION_TEXT_BYTES_MAX,
  MULTI_SIG_SIGNERS_MAX,
} from './limits.ts'
import {
  boolean,
  byType,
  decimal,
  type Fields,
  flag,
  hex,
  hexNumber,
  hexQuantity,
  hexUpTo,
  int,
  integer,
  keyed,
  list,
  literal,
  nil,
  nullable,
  oneFieldOf,
  optional,
  pattern,
  type Schema,
  signedDecimal,
  struct,
  text,
  textOrNone,
  tuple,
  uint,
  union,
} from './schema.ts'

// The one table behind parser, canonical msgpack, bounded reader and documentation.
// The order of the keys is the canonical order of docs/spec/hyperliquid.md §4.

const address = hex('addr', 20)
const cloid = hex('cloid', 16)
const name = text(ACTION_NAME_BYTES_MAX)
const prose = text(ACTION_TEXT_BYTES_MAX)
const uint32 = integer(0, 0xffff_ffff)

const order: Schema<OrderWire> = struct<OrderWire>({
  a: uint32,
  b: boolean,
  p: decimal,
  s: decimal,
  r: boolean,
  t: keyed<OrderTypeWire>({
    limit: struct({ tif: literal('Gtc', 'Ioc', 'Alo', 'FrontendMarket') }),
    trigger: struct<{ isMarket: boolean; triggerPx: string; tpsl: 'tp' | 'sl' }>({
      isMarket: boolean,
      triggerPx: decimal,
      tpsl: literal('tp', 'sl'),
    }),
  }),
  c: optional(cloid),
})
const orderId: Schema<OrderIdWire> = union(uint, cloid)
const grouping: Schema<GroupingWire> = union(
  literal('na', 'normalTpsl', 'positionTpsl'),
  struct<{ readonly p: number }>({ p: uint }),
)
const token = struct<{ readonly token: number }>({ token: uint })
const nodeIp = struct<{ readonly Ip: string }>({ Ip: name })

/** What fits the chain's scheme is known by who verifies. */
const validatorKeys = struct<ValidatorKeysWire>({
  vote_key: hexUpTo(48),
  node_key: hex('bytes32', 32),
  vote_proof: hexUpTo(96),
  node_proof: hex('bytes64', 64),
})

type FieldsWithout<T extends object, Fixed extends string> = Omit<Fields<T>, Fixed>

/** `fields` in canonical order behind the type. */
function l1<Type extends L1Action['type']>(
  type: Type,
  fields: FieldsWithout<Extract<L1Action, { type: Type }>, 'type'>,
): Schema<Extract<L1Action, { type: Type }>> {
  type A = Extract<L1Action, { type: Type }>
  return struct<A>({ type: literal(type), ...fields } as unknown as Fields<A>)
}

/** Solidity types that a signed struct is made of. */
export type SignedFieldType = 'string' | 'address' | 'bool' | 'uint32' | 'uint64' | 'bytes'

/** A field of a user-signed action: how it is signed and how it travels. */
interface SignedField<T> {
  readonly solidity: SignedFieldType
  readonly schema: T
}

/** What a wallet signs: `HyperliquidTransaction:<name>` with these fields behind `hyperliquidChain`. */
export interface SignedStruct {
  readonly name: string
  readonly fields: readonly (readonly [key: string, solidity: SignedFieldType])[]
  /** Which field repeats the envelope's nonce. */
  readonly nonceKey: 'nonce' | 'time'
}

type UserFields<A extends object> = {
  readonly [K in Exclude<keyof A, 'type' | 'signatureChainId' | 'hyperliquidChain'>]-?: SignedField<
    Fields<A>[K]
  >
}

interface UserSignedEntry<A> {
  readonly schema: Schema<A>
  readonly signed: SignedStruct
}

function user<Type extends UserSignedAction['type']>(
  type: Type,
  structName: string,
  fields: UserFields<Extract<UserSignedAction, { type: Type }>>,
): UserSignedEntry<Extract<UserSignedAction, { type: Type }>> {
  type A = Extract<UserSignedAction, { type: Type }>
  const entries = Object.entries<SignedField<unknown>>(fields)
  const schema = struct<A>({
    type: literal(type),
    signatureChainId: hexQuantity,
    hyperliquidChain: literal('Mainnet', 'Testnet'),
    ...Object.fromEntries(entries.map(([key, field]) => [key, field.schema])),
  } as unknown as Fields<A>)
  return {
    schema,
    signed: {
      name: structName,
      fields: entries.map(([key, { solidity }]) => [key, solidity] as const),
      nonceKey: 'time' in fields ? 'time' : 'nonce',
    },
  }
}

function signed<T>(solidity: SignedFieldType, schema: T): SignedField<T> {
  return { solidity, schema }
}

const signedText = signed('string', name)
const signedHex = signed('string', address)
const signedAmount = signed('string', signedDecimal)
const signedAddress = signed('address', address)
const signedBool = signed('bool', boolean)
const signedUint = signed('uint64', uint)

const agentName = textOrNone(ACTION_NAME_BYTES_MAX)

const userSigned: {
  readonly [Type in UserSignedAction['type']]: UserSignedEntry<
    Extract<UserSignedAction, { type: Type }>
  >
} = {
  usdSend: user('usdSend', 'UsdSend', {
    destination: signedHex,
    amount: signedAmount,
    time: signedUint,
  }),
  spotSend: user('spotSend', 'SpotSend', {
    destination: signedHex,
    token: signedText,
    amount: signedAmount,
    time: signedUint,
  }),
  withdraw3: user('withdraw3', 'Withdraw', {
    destination: signedHex,
    amount: signedAmount,
    time: signedUint,
  }),
  usdClassTransfer: user('usdClassTransfer', 'UsdClassTransfer', {
    amount: signed(
      'string',
      pattern(
        'a decimal, perhaps with " subaccount:0x…"',
        160,
        /^[0-9]{1,60}(\.[0-9]{1,30})?( subaccount:0x[0-9a-fA-F]{40})?$/,
      ),
    ),
    toPerp: signedBool,
    nonce: signedUint,
  }),
  sendAsset: user('sendAsset', 'SendAsset', {
    destination: signedHex,
    sourceDex: signedText,
    destinationDex: signedText,
    token: signedText,
    amount: signedAmount,
    fromSubAccount: signedText,
    nonce: signedUint,
  }),
  sendToEvmWithData: user('sendToEvmWithData', 'SendToEvmWithData', {
    token: signedText,
    amount: signedAmount,
    sourceDex: signedText,
    destinationRecipient: signedText,
    addressEncoding: signedText,
    destinationChainId: signed('uint32', uint32),
    gasLimit: signedUint,
    data: signed('bytes', hexUpTo(ACTION_DATA_BYTES_MAX)),
    nonce: signedUint,
  }),
  approveAgent: user('approveAgent', 'ApproveAgent', {
    agentAddress: signedAddress,
    agentName: signed('string', optional(agentName)),
    nonce: signedUint,
  }),
  approveBuilderFee: user('approveBuilderFee', 'ApproveBuilderFee', {
    maxFeeRate: signedText,
    builder: signedAddress,
    nonce: signedUint,
  }),
  tokenDelegate: user('tokenDelegate', 'TokenDelegate', {
    validator: signedAddress,
    wei: signedUint,
    isUndelegate: signedBool,
    nonce: signedUint,
  }),
  cDeposit: user('cDeposit', 'CDeposit', { wei: signedUint, nonce: signedUint }),
  cWithdraw: user('cWithdraw', 'CWithdraw', { wei: signedUint, nonce: signedUint }),
  convertToMultiSigUser: user('convertToMultiSigUser', 'ConvertToMultiSigUser', {
    signers: signed('string', prose),
    nonce: signedUint,
  }),
  linkStakingUser: user('linkStakingUser', 'LinkStakingUser', {
    user: signedAddress,
    isFinalize: signedBool,
    nonce: signedUint,
  }),
  stakingLinkDisableTradingUser: user(
    'stakingLinkDisableTradingUser',
    'StakingLinkDisableTradingUser',
    { tradingUser: signedAddress, nonce: signedUint },
  ),
  userSetAbstraction: user('userSetAbstraction', 'UserSetAbstraction', {
    user: signedAddress,
    abstraction: signedText,
    nonce: signedUint,
  }),
  userDexAbstraction: user('userDexAbstraction', 'UserDexAbstraction', {
    user: signedAddress,
    enabled: signedBool,
    nonce: signedUint,
  }),
  userPortfolioMargin: user('userPortfolioMargin', 'UserPortfolioMargin', {
    user: signedAddress,
    enabled: signedBool,
    nonce: signedUint,
  }),
}

const l1Actions: {
  readonly [Type in L1Action['type']]: Schema<Extract<L1Action, { type: Type }>>
} = {
  order: l1('order', {
    orders: list(order, ACTION_LIST_MAX),
    grouping,
    builder: optional(struct<{ readonly b: Hex; readonly f: number }>({ b: address, f: uint })),
  }),
  cancel: l1('cancel', {
    cancels: list(
      struct<{ readonly a: number; readonly o: number }>({ a: uint32, o: uint }),
      ACTION_LIST_MAX,
    ),
    f: optional(flag),
  }),
  cancelByCloid: l1('cancelByCloid', {
    cancels: list(
      struct<{ readonly asset: number; readonly cloid: Hex }>({ asset: uint32, cloid }),
      ACTION_LIST_MAX,
    ),
    f: optional(flag),
  }),
  modify: l1('modify', { oid: orderId, order, a: optional(flag) }),
  batchModify: l1('batchModify', {
    modifies: list(
      struct<{ readonly oid: OrderIdWire; readonly order: OrderWire }>({ oid: orderId, order }),
      ACTION_LIST_MAX,
    ),
    a: optional(flag),
  }),
  scheduleCancel: l1('scheduleCancel', { time: optional(uint) }),
  updateLeverage: l1('updateLeverage', { asset: uint32, isCross: boolean, leverage: uint32 }),
  updateIsolatedMargin: l1('updateIsolatedMargin', { asset: uint32, isBuy: boolean, ntli: int }),
  topUpIsolatedOnlyMargin: l1('topUpIsolatedOnlyMargin', { asset: uint32, leverage: decimal }),
  twapOrder: l1('twapOrder', {
    twap: struct<Extract<L1Action, { type: 'twapOrder' }>['twap']>({
      a: uint32,
      b: boolean,
      s: decimal,
      r: boolean,
      m: uint32,
      t: boolean,
    }),
    details: optional(
      struct<NonNullable<Extract<L1Action, { type: 'twapOrder' }>['details']>>({
        t: nullable(
          struct<{ readonly p: string; readonly a: boolean }>({ p: decimal, a: boolean }),
        ),
        s: nullable(decimal),
      }),
    ),
  }),
  twapCancel: l1('twapCancel', { a: uint32, t: uint }),
  noop: l1('noop', {}),
  reserveRequestWeight: l1('reserveRequestWeight', {
    weight: uint,
    destination: optional(address),
  }),
  createSubAccount: l1('createSubAccount', { name }),
  subAccountModify: l1('subAccountModify', { subAccountUser: address, name }),
  subAccountTransfer: l1('subAccountTransfer', {
    subAccountUser: address,
    isDeposit: boolean,
    usd: uint,
  }),
  subAccountSpotTransfer: l1('subAccountSpotTransfer', {
    subAccountUser: address,
    isDeposit: boolean,
    token: name,
    amount: decimal,
  }),
  createVault: l1('createVault', { name, description: prose, initialUsd: uint, nonce: uint }),
  vaultTransfer: l1('vaultTransfer', { vaultAddress: address, isDeposit: boolean, usd: uint }),
  vaultModify: l1('vaultModify', {
    vaultAddress: address,
    allowDeposits: optional(nullable(boolean)),
    alwaysCloseOnWithdraw: optional(nullable(boolean)),
  }),
  vaultDistribute: l1('vaultDistribute', { vaultAddress: address, usd: uint }),
  agentSendAsset: l1('agentSendAsset', {
    destination: address,
    sourceDex: name,
    destinationDex: name,
    token: name,
    amount: decimal,
    fromSubAccount: name,
    nonce: uint,
  }),
  setReferrer: l1('setReferrer', { code: name }),
  registerReferrer: l1('registerReferrer', { code: name }),
  claimRewards: l1('claimRewards', {}),
  setDisplayName: l1('setDisplayName', { displayName: name }),
  spotUser: l1('spotUser', {
    toggleSpotDusting: struct<{ readonly optOut: boolean }>({ optOut: boolean }),
  }),
  evmUserModify: l1('evmUserModify', { usingBigBlocks: boolean }),
  finalizeEvmContract: l1('finalizeEvmContract', {
    token: uint,
    input: union(
      keyed<{ readonly create: { readonly nonce: number } }>({
        create: struct<{ readonly nonce: number }>({ nonce: uint }),
      }),
      literal('firstStorageSlot', 'customStorageSlot'),
    ),
  }),
  spotDeploy: oneFieldOf(
    l1('spotDeploy', {
      registerToken2: optional(
        struct<Deploy<'registerToken2'>>({
          spec: struct<Deploy<'registerToken2'>['spec']>({
            name,
            szDecimals: uint32,
            weiDecimals: uint32,
          }),
          maxGas: uint,
          fullName: optional(name),
        }),
      ),
      userGenesis: optional(
        struct<Deploy<'userGenesis'>>({
          token: uint,
          userAndWei: list(tuple<readonly [Hex, string]>(address, decimal), ACTION_LIST_MAX),
          existingTokenAndWei: list(
            tuple<readonly [number, string]>(uint, decimal),
            ACTION_LIST_MAX,
          ),
          blacklistUsers: optional(
            list(tuple<readonly [Hex, boolean]>(address, boolean), ACTION_LIST_MAX),
          ),
        }),
      ),
      genesis: optional(
        struct<Deploy<'genesis'>>({
          token: uint,
          maxSupply: decimal,
          noHyperliquidity: optional(flag),
        }),
      ),
      registerSpot: optional(
        struct<Deploy<'registerSpot'>>({
          tokens: tuple<readonly [number, number]>(uint, uint),
        }),
      ),
      registerHyperliquidity: optional(
        struct<Deploy<'registerHyperliquidity'>>({
          spot: uint,
          startPx: decimal,
          orderSz: decimal,
          nOrders: uint,
          nSeededLevels: optional(uint),
        }),
      ),
      setDeployerTradingFeeShare: optional(
        struct<Deploy<'setDeployerTradingFeeShare'>>({ token: uint, share: name }),
      ),
      enableQuoteToken: optional(token),
      disableQuoteToken: optional(token),
      requestEvmContract: optional(
        struct<Deploy<'requestEvmContract'>>({
          token: uint,
          address,
          evmExtraWeiDecimals: integer(-128, 127),
        }),
      ),
    }),
    ['type'],
  ),
  CValidatorAction: oneFieldOf(
    l1('CValidatorAction', {
      register: optional(
        struct<Validator<'register'>>({
          profile: struct<Validator<'register'>['profile']>({
            node_ip: nodeIp,
            name,
            description: prose,
            delegations_disabled: boolean,
            commission_bps: uint32,
            signer: address,
          }),
          unjailed: boolean,
          initial_wei: uint,
          keys: optional(validatorKeys),
        }),
      ),
      changeProfile: optional(
        struct<Validator<'changeProfile'>>({
          node_ip: nullable(nodeIp),
          name: nullable(name),
          description: nullable(prose),
          unjailed: boolean,
          disable_delegations: nullable(boolean),
          commission_bps: nullable(uint32),
          signer: nullable(address),
          keys: optional(validatorKeys),
        }),
      ),
      unregister: optional(nil),
    }),
    ['type'],
  ),
  CSignerAction: oneFieldOf(
    l1('CSignerAction', { jailSelf: optional(nil), unjailSelf: optional(nil) }),
    ['type'],
  ),
  validatorL1Stream: l1('validatorL1Stream', { riskFreeRate: decimal }),
  validatorL1Vote: l1('validatorL1Vote', { D: name }),
  validatorOracle: l1('validatorOracle', {
    bucket: uint,
    prices: list(
      tuple<readonly [number, string, string | null]>(uint32, decimal, nullable(decimal)),
      ACTION_LIST_MAX,
    ),
  }),
  borrowLend: l1('borrowLend', {
    operation: literal('supply', 'withdraw', 'repay', 'borrow'),
    token: uint,
    amount: nullable(decimal),
  }),
  agentSetAbstraction: l1('agentSetAbstraction', { abstraction: literal('i', 'u', 'p') }),
}

type Deploy<K extends keyof Extract<L1Action, { type: 'spotDeploy' }>> = NonNullable<
  Extract<L1Action, { type: 'spotDeploy' }>[K]
>
type Validator<K extends keyof Extract<L1Action, { type: 'CValidatorAction' }>> = NonNullable<
  Extract<L1Action, { type: 'CValidatorAction' }>[K]
>

type MultiSigAction = Extract<Action, { type: 'multiSig' }>

type SingleAction = L1Action | UserSignedAction

/** All but the wrapper, by type. The entries' own types were checked above, one by one. */
const singleSchemas = new Map<string, Schema<SingleAction>>(
  [
    ...Object.entries<unknown>(l1Actions),
    ...Object.entries(userSigned).map(([type, { schema }]) => [type, schema] as const),
  ].map(([type, schema]) => [type, schema as Schema<SingleAction>]),
)

const multiSigFields: Fields<Omit<MultiSigAction, 'type'>> = {
  signatureChainId: hexQuantity,
  signatures: list(
    struct<MultiSigAction['signatures'][number]>({ r: hexNumber, s: hexNumber, v: integer(0, 28) }),
    MULTI_SIG_SIGNERS_MAX,
  ),
  payload: struct<MultiSigAction['payload']>({
    multiSigUser: address,
    outerSigner: address,
    action: byType('action in multiSig', singleSchemas),
  }),
}
const multiSig = struct<MultiSigAction>({ type: literal('multiSig'), ...multiSigFields })

/** What of a wrapper is hashed for its sender to sign: all but the type. */
export const multiSigBodySchema: Schema<Omit<MultiSigAction, 'type'>> = struct(multiSigFields)

/** Any action: chooses by `type`, which is the first field of all. */
export const actionSchema: Schema<Action> = byType<Action>(
  'action',
  new Map([...singleSchemas, ['multiSig', multiSig]] as [string, Schema<Action>][]),
)

/** One row per action: how it is signed and its fields in canonical order. */
export function actionTable(): readonly {
  readonly type: ActionType
  readonly scheme: 'L1' | 'user-signed' | 'multi-sig'
  readonly notation: string
}[] {
  return [
    ...Object.entries(l1Actions).map(([type, { notation }]) => ({
      type: type as ActionType,
      scheme: 'L1' as const,
      notation,
    })),
    ...Object.entries(userSigned).map(([type, { schema }]) => ({
      type: type as ActionType,
      scheme: 'user-signed' as const,
      notation: schema.notation,
    })),
    { type: 'multiSig', scheme: 'multi-sig', notation: multiSig.notation },
  ]
}

/** What a wallet signs field by field for such an action; `undefined` for an L1 action. */
export function signedStructOf(type: ActionType): SignedStruct | undefined {
  return Object.hasOwn(userSigned, type)
    ? userSigned[type as UserSignedAction['type']].signed
    : undefined
}
