import type { BlockResult, ExchangeEvent } from '@openliquid/execution'
import { bytesToHex } from '@openliquid/primitives'

/** The events of a block by whom and what they concern; made once, however many channels read it. */
export interface BlockDigest {
  readonly height: bigint
  readonly timestampMs: number
  /** By address in lower-case hex. */
  readonly ofUser: ReadonlyMap<string, readonly ExchangeEvent[]>
  readonly tradesOf: ReadonlyMap<string, readonly TradeEvent[]>
  /** Coins whose book changed. */
  readonly changedBooks: ReadonlySet<string>
}

type TradeEvent = Extract<ExchangeEvent, { readonly kind: 'trade' }>

export function digestOf({ height, timestampMs, events }: BlockResult): BlockDigest {
  const ofUser = new Map<string, ExchangeEvent[]>()
  const tradesOf = new Map<string, TradeEvent[]>()
  const changedBooks = new Set<string>()
  for (const event of events) {
    if (event.kind === 'trade') addTo(tradesOf, event.trade.coin, event)
    if (event.kind === 'bookDiff') changedBooks.add(event.coin)
    if ('user' in event) addTo(ofUser, bytesToHex(event.user), event)
  }
  return { height, timestampMs, ofUser, tradesOf, changedBooks }
}

function addTo<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key)
  if (list === undefined) lists.set(key, [item])
  else list.push(item)
}
