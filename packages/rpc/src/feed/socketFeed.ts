import { RpcError } from '../errors.ts'
import type { Fields } from '../info/infoFields.ts'
import { SUBSCRIPTION_CHARS_MAX } from '../limits.ts'
import type { ClientQuotas } from './clientQuotas.ts'
import type { ExchangeFeed, ParsedSubscription } from './exchangeFeed.ts'

/** What the subscriptions of one WebSocket need; see `SocketFeed`. */
export interface SocketFeedOptions {
  readonly feed: ExchangeFeed
  readonly quotas: ClientQuotas
  readonly clientId: string
  readonly subscriptionsMax: number
  /** Sends, or ends the subscriptions of a client that reads too slowly. */
  readonly send: (text: string) => void
}

interface OpenSubscription {
  readonly user: string | undefined
  /** Absent until it has begun. */
  stop: (() => void) | undefined
}

/**
 * The subscriptions of one WebSocket.
 *
 * The answer to a subscription echoes it as it came: clients look for every field that they sent. What it opens with
 * comes after the answer.
 */
export class SocketFeed {
  readonly #options: SocketFeedOptions
  readonly #open = new Map<string, OpenSubscription>()

  constructor(options: SocketFeedOptions) {
    this.#options = options
  }

  /** @returns why not */
  async subscribe(subscription: unknown): Promise<string | undefined> {
    const parsed = await this.#parse(subscription)
    if (typeof parsed === 'string') return parsed
    const { feed, quotas, clientId, subscriptionsMax, send } = this.#options
    const { key, request } = parsed
    const echo = JSON.stringify(subscription)
    if (this.#open.has(key)) return `Already subscribed: ${echo}`
    try {
      if (this.#open.size >= subscriptionsMax) {
        throw new RpcError(`a WebSocket holds at most ${subscriptionsMax} subscriptions`, {
          code: 'OL_RPC_SUBSCRIPTIONS_FULL',
          max: subscriptionsMax,
        })
      }
      quotas.subscribe(clientId, request.user)
    } catch (error) {
      return refusalOf(echo, error)
    }
    const open: OpenSubscription = { user: request.user, stop: undefined }
    this.#open.set(key, open)
    try {
      const stop = await feed.subscribe(parsed, {
        open: (messages) => {
          if (this.#open.get(key) !== open) return
          send(responseText('subscribe', echo))
          for (const message of messages) send(message)
        },
        push: (message) => {
          if (this.#open.get(key) === open) send(message)
        },
      })
      // It may have been ended while it began.
      if (this.#open.get(key) === open) open.stop = stop
      else stop()
    } catch (error) {
      this.#end(key, open)
      throw error
    }
    return undefined
  }

  /** @returns why not */
  async unsubscribe(subscription: unknown): Promise<string | undefined> {
    const parsed = await this.#parse(subscription)
    if (typeof parsed === 'string') return parsed
    const echo = JSON.stringify(subscription)
    const open = this.#open.get(parsed.key)
    if (open === undefined) return `Already unsubscribed: ${echo}`
    this.#end(parsed.key, open)
    this.#options.send(responseText('unsubscribe', echo))
    return undefined
  }

  closeAll(): void {
    for (const [key, open] of [...this.#open]) this.#end(key, open)
  }

  #end(key: string, open: OpenSubscription): void {
    if (this.#open.get(key) !== open) return
    this.#open.delete(key)
    this.#options.quotas.unsubscribe(this.#options.clientId, open.user)
    open.stop?.()
  }

  /** The subscription, or why it is none. */
  async #parse(subscription: unknown): Promise<ParsedSubscription | string> {
    if (typeof subscription !== 'object' || subscription === null || Array.isArray(subscription)) {
      return 'a subscription is an object with a type [OL_RPC_REQUEST]'
    }
    const echo = JSON.stringify(subscription)
    if (echo.length > SUBSCRIPTION_CHARS_MAX) {
      return `a subscription has at most ${SUBSCRIPTION_CHARS_MAX} characters [OL_RPC_REQUEST]`
    }
    try {
      return await this.#options.feed.parse(subscription as Fields)
    } catch (error) {
      return refusalOf(echo, error)
    }
  }
}

/** Clients find the request by the JSON in the text, so the reason has no braces. */
function refusalOf(echo: string, error: unknown): string {
  if (error instanceof RpcError) {
    return `Invalid subscription ${echo}: ${error.summary} [${error.code}]`
  }
  throw error
}

function responseText(method: 'subscribe' | 'unsubscribe', echo: string): string {
  return `{"channel":"subscriptionResponse","data":{"method":"${method}","subscription":${echo}}}`
}
