import {
  type Action,
  type Address,
  bytesToHex,
  concatBytes,
  hexToBytes,
  keccak256,
  NATIVE_TOKEN_NAME,
  uintToBytes,
  unreachable,
  utf8ToBytes,
} from '@openliquid/primitives'
import type { CoreState } from '../coreState.ts'
import { registerHyperliquidity } from '../hyperliquidity/hyperliquidity.ts'
import type { User } from '../records.ts'
import {
  allocateToken,
  openToken,
  registerSpotPair,
  registerToken,
  setFeeShare,
  setQuoteToken,
} from '../spotDeploy.ts'
import { isSystemAddress } from './activation.ts'
import { type ActionOutcome, DONE, fault, unsupported } from './outcome.ts'

const EXTRA_DECIMALS_MIN = -2
const EXTRA_DECIMALS_MAX = 18
const FIRST_SLOT: Uint8Array = new Uint8Array(32)
/** Where a contract may name the user that links it; docs/spec/hyperliquid.md §13. */
const DEPLOYER_SLOT: Uint8Array = keccak256(utf8ToBytes('HyperCore deployer'))

/** How the finalizer of a link shows that the contract is its own. */
export type LinkProof =
  | { readonly kind: 'create'; readonly nonce: bigint }
  | { readonly kind: 'firstStorageSlot' }
  | { readonly kind: 'customStorageSlot' }

/** One step of the deployment of a token; docs/spec/hyperliquid.md §9, §13. */
export function applySpotDeploy(
  state: CoreState,
  user: User,
  action: Extract<Action, { type: 'spotDeploy' }>,
): ActionOutcome {
  if (action.registerToken2 !== undefined) return registerToken(state, user, action.registerToken2)
  if (action.userGenesis !== undefined) return allocateToken(state, user, action.userGenesis)
  if (action.genesis !== undefined) return openToken(state, user, action.genesis)
  if (action.registerSpot !== undefined) return registerSpotPair(state, user, action.registerSpot)
  if (action.registerHyperliquidity !== undefined) {
    return registerHyperliquidity(state, user, action.registerHyperliquidity)
  }
  if (action.setDeployerTradingFeeShare !== undefined) {
    return setFeeShare(state, user, action.setDeployerTradingFeeShare)
  }
  if (action.enableQuoteToken !== undefined) {
    return setQuoteToken(state, user, action.enableQuoteToken.token, true)
  }
  if (action.disableQuoteToken !== undefined) {
    return setQuoteToken(state, user, action.disableQuoteToken.token, false)
  }
  if (action.requestEvmContract !== undefined) {
    return requestEvmContract(state, user, action.requestEvmContract)
  }
  return unsupported('spotDeploy')
}

function requestEvmContract(
  state: CoreState,
  user: User,
  wanted: NonNullable<Extract<Action, { type: 'spotDeploy' }>['requestEvmContract']>,
): ActionOutcome {
  const { token, address, evmExtraWeiDecimals } = wanted
  const record = state.tokens.get(token)
  if (record === undefined) return fault('OL_ACTION_TOKEN', 'Token does not exist.')
  if (state.tokenDeployers.get(token) !== user) {
    return fault('OL_ACTION_EVM_LINK', 'Only the deployer of the token may link it.')
  }
  if (record.evmContract !== undefined || record.name === NATIVE_TOKEN_NAME) {
    return fault('OL_ACTION_EVM_LINK', 'Token is already linked.')
  }
  const isRange =
    evmExtraWeiDecimals >= EXTRA_DECIMALS_MIN && evmExtraWeiDecimals <= EXTRA_DECIMALS_MAX
  if (!isRange) return fault('OL_ACTION_MALFORMED', 'Invalid evmExtraWeiDecimals.')
  if (isSystemAddress(address) || isLinked(state, address)) {
    return fault('OL_ACTION_EVM_LINK', 'The contract cannot be linked.')
  }
  state.linkRequests.set(token, { address, evmExtraWeiDecimals })
  return DONE
}

export function applyFinalizeEvmContract(
  state: CoreState,
  user: User,
  { token, input }: Extract<Action, { type: 'finalizeEvmContract' }>,
): ActionOutcome {
  const proof: LinkProof =
    typeof input === 'string'
      ? { kind: input }
      : { kind: 'create', nonce: BigInt(input.create.nonce) }
  return finalizeEvmContract(state, user, token, proof)
}

/** Links the requested contract, if it belongs to the user; docs/spec/hyperliquid.md §13. */
export function finalizeEvmContract(
  state: CoreState,
  user: User,
  token: number,
  proof: LinkProof,
): ActionOutcome {
  const record = state.tokens.get(token)
  const request = state.linkRequests.get(token)
  if (record === undefined || request === undefined) {
    return fault('OL_ACTION_EVM_LINK', 'No link of this token was requested.')
  }
  if (state.evm === undefined) return unsupported('finalizeEvmContract')
  if (isLinked(state, request.address)) {
    return fault('OL_ACTION_EVM_LINK', 'The contract cannot be linked.')
  }
  if (finalizerOf(state, user, hexToBytes(request.address, 20), proof) !== user) {
    return fault('OL_ACTION_EVM_LINK', 'The contract does not name this user.')
  }
  state.linkRequests.set(token, undefined)
  state.tokens.set(token, { ...record, evmContract: request })
  return DONE
}

/** Who may finalize by this proof. */
function finalizerOf(
  state: CoreState,
  user: User,
  contract: Address,
  proof: LinkProof,
): User | undefined {
  switch (proof.kind) {
    case 'create': {
      const created = createdAddress(hexToBytes(user, 20), proof.nonce)
      return bytesToHex(created) === bytesToHex(contract) ? user : undefined
    }
    case 'firstStorageSlot':
      return slotUser(state, contract, FIRST_SLOT)
    case 'customStorageSlot':
      return slotUser(state, contract, DEPLOYER_SLOT)
    default:
      return unreachable(proof)
  }
}

function slotUser(state: CoreState, contract: Address, slot: Uint8Array): User | undefined {
  const word = state.evm?.slot(contract, slot)
  return word === undefined ? undefined : bytesToHex(word.subarray(12))
}

function isLinked(state: CoreState, address: User): boolean {
  return [...state.tokens.entries()].some(([, { evmContract }]) => evmContract?.address === address)
}

/** Address of the contract that an account creates at a nonce: the hash of their RLP list. */
function createdAddress(creator: Address, nonce: bigint): Address {
  const bytes = uintToBytes(nonce, 8)
  const start = bytes.findIndex((byte) => byte !== 0)
  const digits = start < 0 ? new Uint8Array(0) : bytes.slice(start)
  const isOwnCode = nonce > 0n && nonce < 0x80n
  const item = isOwnCode ? digits : concatBytes(Uint8Array.of(0x80 + digits.length), digits)
  const body = concatBytes(Uint8Array.of(0x94), creator, item)
  return keccak256(concatBytes(Uint8Array.of(0xc0 + body.length), body)).slice(12)
}
