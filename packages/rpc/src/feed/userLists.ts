import type { ChainView, ExchangeEvent } from '@openliquid/execution'
import type { Address } from '@openliquid/primitives'
import {
  fundingPushToJson,
  ledgerUpdateToJson,
  orderRecordToJson,
  twapFillToJson,
  twapUpdateToJson,
} from '../info/exchangeJson.ts'
import type { BlockDigest } from './blockDigest.ts'

/** A list that starts as a snapshot of the past and goes on with what each block adds. */
export interface UserList {
  snapshot(view: ChainView, user: Address): Promise<readonly unknown[]>
  added(block: BlockDigest, user: string): readonly unknown[]
}

const NEWEST = { startMs: 0, endMs: 2 ** 48, newestFirst: true } as const

export const fundings: UserList = {
  snapshot: async ({ history }, user) =>
    (await history.userFunding(user, NEWEST)).map(fundingPushToJson),
  added: (block, user) => eventsOf(block, user, 'funding').map(fundingPushToJson),
}

export const ledgerUpdates: UserList = {
  snapshot: async ({ history }, user) =>
    (await history.userLedgerUpdates(user, NEWEST)).map(ledgerUpdateToJson),
  added: (block, user) => eventsOf(block, user, 'ledgerUpdate').map(ledgerUpdateToJson),
}

export const historicalOrders: UserList = {
  snapshot: async ({ history }, user) => (await history.userOrders(user)).map(orderRecordToJson),
  added: (block, user) => eventsOf(block, user, 'orderUpdate').map(orderRecordToJson),
}

export const twapFills: UserList = {
  snapshot: async ({ history }, user) => (await history.userTwapFills(user)).map(twapFillToJson),
  added: (block, user) =>
    eventsOf(block, user, 'fill')
      .filter(({ fill }) => fill.twapId !== null)
      .map(twapFillToJson),
}

export const twapHistory: UserList = {
  snapshot: async ({ history }, user) => (await history.userTwaps(user)).map(twapUpdateToJson),
  added: (block, user) => eventsOf(block, user, 'twapUpdate').map(twapUpdateToJson),
}

/** Events of one kind that a user had in a block. */
export function eventsOf<K extends ExchangeEvent['kind']>(
  { ofUser }: BlockDigest,
  user: string,
  kind: K,
): readonly Extract<ExchangeEvent, { readonly kind: K }>[] {
  return (ofUser.get(user) ?? []).filter(
    (event): event is Extract<ExchangeEvent, { readonly kind: K }> => event.kind === kind,
  )
}
