import type { CoreState } from './coreState.ts'
import type { LiquidationJson } from './events.ts'
import type { PerpMarket } from './market.ts'
import { releasePositionTpsl } from './orderCancel.ts'
import { applyPerpFill, positionSize } from './perpClearinghouse.ts'
import type { User } from './records.ts'
import { emitForcedTrade } from './tradeEvents.ts'

/** A position that passes from its owner to someone else at a given price, without fee and without being asked. */
export interface ForcedTrade {
  readonly user: User
  readonly counterparty: User
  /** Lots, at most what the user has. */
  readonly size: number
  readonly px: number
  readonly dir: { readonly user: string; readonly counterparty: string }
  readonly liquidation?: LiquidationJson
}

/** Closes lots of a user against another account. */
export function tradeByForce(state: CoreState, market: PerpMarket, trade: ForcedTrade): void {
  const { user, counterparty, size, px, dir, liquidation } = trade
  const isBuy = positionSize(state, user, market.asset) < 0
  const sides = { size, px, feePpm: 0, fromOpening: false }
  const taken = applyPerpFill(state, market, { ...sides, user, isBuy })
  const given = applyPerpFill(state, market, { ...sides, user: counterparty, isBuy: !isBuy })
  const [userOid, counterOid] = [state.nextOid(), state.nextOid()]
  emitForcedTrade(
    state,
    market,
    {
      taker: { user, oid: userOid, cloid: undefined, isBuy },
      maker: { user: counterparty, oid: counterOid, cloid: undefined, isBuy: !isBuy },
      px,
      size,
      ...(liquidation === undefined ? {} : { liquidation }),
    },
    { taker: { ...taken, dir: dir.user }, maker: { ...given, dir: dir.counterparty } },
  )
  releasePositionTpsl(state, user, market.asset, 0)
  releasePositionTpsl(state, counterparty, market.asset, 0)
}
