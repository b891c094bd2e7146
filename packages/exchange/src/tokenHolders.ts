import type { User } from './records.ts'

const NOBODY: ReadonlySet<User> = new Set()

/** Who has something of a token: what a gift to the holders of another token asks, without looking at all balances. */
export class TokenHolders {
  readonly #byToken = new Map<number, Set<User>>()

  /** In no order that means anything. */
  of(token: number): ReadonlySet<User> {
    return this.#byToken.get(token) ?? NOBODY
  }

  /** Follows a balance, in wei. */
  changed(user: User, token: number, before: bigint, after: bigint): void {
    if (before > 0n === after > 0n) return
    let holders = this.#byToken.get(token)
    if (holders === undefined) {
      holders = new Set()
      this.#byToken.set(token, holders)
    }
    if (after > 0n) holders.add(user)
    else holders.delete(user)
  }
}
