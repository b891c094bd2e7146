import { RpcError } from '../errors.ts'
import type { RpcLimits } from '../limits.ts'
import { RateLimiter } from '../transport/rateLimiter.ts'

interface ClientUse {
  webSockets: number
  subscriptions: number
  /** How many subscriptions follow each user. */
  readonly users: Map<string, number>
}

/**
 * What each client address uses of `/ws`, all its WebSockets together; docs/spec/hyperliquid.md §8.2.
 *
 * A limit of 0 is off. A client without an open WebSocket is forgotten, but for its rates.
 */
export class ClientQuotas {
  readonly #limits: RpcLimits
  readonly #uses = new Map<string, ClientUse>()
  readonly #opens: RateLimiter
  readonly #messages: RateLimiter

  constructor(limits: RpcLimits) {
    this.#limits = limits
    this.#opens = new RateLimiter(limits.clientWebSocketsPerMinute)
    this.#messages = new RateLimiter(limits.clientMessagesPerMinute)
  }

  /** Counts a WebSocket in; `false` when the client has too many, or opened too many. */
  open(client: string, nowMs: number): boolean {
    const max = this.#limits.clientWebSocketsMax
    const use = this.#uses.get(client)
    if (max > 0 && (use?.webSockets ?? 0) >= max) return false
    if (!this.#opens.take(client, 1, nowMs)) return false
    if (use === undefined) {
      this.#uses.set(client, { webSockets: 1, subscriptions: 0, users: new Map() })
    } else use.webSockets++
    return true
  }

  /** Counts a WebSocket out, after its subscriptions. */
  close(client: string): void {
    const use = this.#uses.get(client)
    if (use === undefined) return
    use.webSockets--
    if (use.webSockets === 0) this.#uses.delete(client)
  }

  takeMessage(client: string, nowMs: number): boolean {
    return this.#messages.take(client, 1, nowMs)
  }

  /** @throws {RpcError} OL_RPC_SUBSCRIPTIONS_FULL */
  subscribe(client: string, user: string | undefined): void {
    const use = this.#uses.get(client)
    if (use === undefined) return
    const { clientSubscriptionsMax, clientUsersMax } = this.#limits
    if (clientSubscriptionsMax > 0 && use.subscriptions >= clientSubscriptionsMax) {
      throw full('subscriptions', clientSubscriptionsMax)
    }
    const isNew = user !== undefined && !use.users.has(user)
    if (isNew && clientUsersMax > 0 && use.users.size >= clientUsersMax) {
      throw full('users', clientUsersMax)
    }
    use.subscriptions++
    if (user !== undefined) use.users.set(user, (use.users.get(user) ?? 0) + 1)
  }

  unsubscribe(client: string, user: string | undefined): void {
    const use = this.#uses.get(client)
    if (use === undefined) return
    use.subscriptions--
    if (user === undefined) return
    const count = (use.users.get(user) ?? 1) - 1
    if (count === 0) use.users.delete(user)
    else use.users.set(user, count)
  }
}

function full(what: string, max: number): RpcError {
  return new RpcError(`a client address follows at most ${max} ${what}`, {
    code: 'OL_RPC_SUBSCRIPTIONS_FULL',
    max,
  })
}
