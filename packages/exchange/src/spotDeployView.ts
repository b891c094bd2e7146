import { type Address, bytesToHex } from '@openliquid/primitives'
import type { CoreState } from './coreState.ts'
import { formatUnits } from './decimal.ts'
import { HYPERLIQUIDITY_ACCOUNT } from './hyperliquidity/hyperliquidity.ts'
import { allocatedTo, DEPLOY_AUCTION_MS, DEPLOY_GAS_MIN, deployGas } from './spotDeploy.ts'
import { STAKE_DECIMALS } from './staking/stakingEvents.ts'

/** The JSON of `spotDeployState`: what a user deploys, and what registering a token costs now. */
export interface SpotDeployStateJson {
  readonly states: readonly {
    readonly token: number
    readonly spec: {
      readonly name: string
      readonly szDecimals: number
      readonly weiDecimals: number
    }
    readonly fullName: string | null
    readonly deployerTradingFeeShare: string
    /** Pairs that it is the base of. */
    readonly spots: readonly number[]
    /** Wei, after genesis. */
    readonly maxSupply: string | null
    readonly hyperliquidityGenesisBalance: string
    readonly totalGenesisBalanceWei: string
    readonly userGenesisBalances: readonly (readonly [user: string, wei: string])[]
    readonly existingTokenGenesisBalances: readonly (readonly [token: number, wei: string])[]
    readonly blacklistUsers: readonly string[]
  }[]
  readonly gasAuction: {
    readonly startTimeSeconds: number
    readonly durationSeconds: number
    readonly startGas: string
    /** `null` once it has ended. */
    readonly currentGas: string | null
    readonly endGas: string | null
  }
}

const SHARE_DECIMALS = 6

/** Allocations by the holders of another token are shown as what each of them gets. */
export function spotDeployStateOf(state: CoreState, address: Address): SpotDeployStateJson {
  const user = bytesToHex(address)
  const own = [...state.deployments.entries()]
    .filter(([token]) => state.tokenDeployers.get(token) === user)
    .sort(([a], [b]) => a - b)
  return {
    states: own.map(([token, deployment]) => {
      const { name, szDecimals, weiDecimals, fullName } = state.token(token)
      const { allocatedWei, isOpen, feeSharePpm, blacklist } = deployment
      return {
        token,
        spec: { name, szDecimals, weiDecimals },
        fullName: fullName ?? null,
        deployerTradingFeeShare: formatUnits(feeSharePpm, SHARE_DECIMALS),
        spots: [...state.spotPairs.entries()]
          .filter(([, { base }]) => base === token)
          .map(([index]) => index)
          .sort((a, b) => a - b),
        maxSupply: isOpen ? String(allocatedWei) : null,
        hyperliquidityGenesisBalance: String(
          state.allocations.get(HYPERLIQUIDITY_ACCOUNT, token) ?? 0n,
        ),
        totalGenesisBalanceWei: String(allocatedWei),
        userGenesisBalances: allocatedTo(state, token)
          .filter(isUser)
          .map((holder) => [holder, String(state.allocations.get(holder, token) ?? 0n)]),
        existingTokenGenesisBalances: [],
        blacklistUsers: blacklist,
      }
    }),
    gasAuction: gasAuctionOf(state),
  }
}

function gasAuctionOf(state: CoreState): SpotDeployStateJson['gasAuction'] {
  const auction = state.deployAuction.get(0)
  const gas = (wei: bigint): string => formatUnits(wei, STAKE_DECIMALS)
  const endGas = gas(DEPLOY_GAS_MIN)
  const durationSeconds = Number(DEPLOY_AUCTION_MS / 1_000n)
  if (auction === undefined) {
    return { startTimeSeconds: 0, durationSeconds, startGas: endGas, currentGas: null, endGas }
  }
  const now = deployGas(state)
  return {
    startTimeSeconds: Math.floor(auction.startMs / 1_000),
    durationSeconds,
    startGas: gas(auction.startGas),
    currentGas: now === DEPLOY_GAS_MIN ? null : gas(now),
    endGas,
  }
}

function isUser(holder: string): boolean {
  return holder !== HYPERLIQUIDITY_ACCOUNT
}
