import type { ChainView } from '@openliquid/execution'
import type { BlockDigest } from './blockDigest.ts'

/** One message without its envelope. */
export interface FeedMessage {
  readonly channel: string
  readonly data: unknown
}

/** What a subscription follows; equal subscriptions share one. */
export type FeedChannel = EventChannel | StateChannel

/** Tells what happened: every block's events, none twice, none missing. */
export interface EventChannel {
  readonly kind: 'events'
  /** What a new subscriber gets first; read inside `ChainView.call`. */
  opening(view: ChainView): Promise<readonly FeedMessage[]>
  after(block: BlockDigest): readonly FeedMessage[]
}

/** Tells how something stands: the newest state, when it changed and not more often than `intervalMs` of block time. */
export interface StateChannel {
  readonly kind: 'state'
  readonly intervalMs: number
  /** Whether the block may have changed it. */
  isTouched(block: BlockDigest): boolean
  /** Inside `ChainView.call`; `undefined` while there is nothing to tell. */
  read(view: ChainView): FeedMessage | undefined | Promise<FeedMessage | undefined>
}
