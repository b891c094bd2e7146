import type { L1Precompile } from '@openliquid/primitives'
import { perpAssetInfo } from './0x080a-perpAssetInfo.ts'
import { spotInfo } from './0x080b-spotInfo.ts'
import { tokenInfo } from './0x080c-tokenInfo.ts'
import { tokenSupply } from './0x080d-tokenSupply.ts'
import { bbo } from './0x080e-bbo.ts'
import { accountMarginSummary } from './0x080f-accountMarginSummary.ts'
import { position } from './0x0800-position.ts'
import { spotBalance } from './0x0801-spotBalance.ts'
import { userVaultEquity } from './0x0802-userVaultEquity.ts'
import { withdrawable } from './0x0803-withdrawable.ts'
import { delegations } from './0x0804-delegations.ts'
import { delegatorSummary } from './0x0805-delegatorSummary.ts'
import { markPx } from './0x0806-markPx.ts'
import { oraclePx } from './0x0807-oraclePx.ts'
import { spotPx } from './0x0808-spotPx.ts'
import { l1BlockNumber } from './0x0809-l1BlockNumber.ts'
import { coreUserExists } from './0x0810-coreUserExists.ts'
import { position2 } from './0x0813-position2.ts'

/** The read precompiles of this chain, ascending by address. */
export const readPrecompiles: readonly L1Precompile[] = [
  position,
  spotBalance,
  userVaultEquity,
  withdrawable,
  delegations,
  delegatorSummary,
  markPx,
  oraclePx,
  spotPx,
  l1BlockNumber,
  perpAssetInfo,
  spotInfo,
  tokenInfo,
  tokenSupply,
  bbo,
  accountMarginSummary,
  coreUserExists,
  position2,
]
