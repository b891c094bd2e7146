/** Every error that leaves a package. `code` is stable API; `data` is what a log line or a metric needs. */
export class OpenLiquidError<T extends { readonly code: `OL_${string}` }> extends Error {
  override readonly name: string = 'OpenLiquidError'
  readonly code: T['code']
  readonly data: Omit<T, 'code'>

  constructor(message: string, { code, ...data }: T, options?: { readonly cause?: unknown }) {
    super(`${message} [${code}]`, options)
    this.code = code
    this.data = data
  }
}

/** Thrown only when our own code is wrong. Never caught, except by the process boundary, which stops. */
export class InvariantError extends Error {
  override readonly name: string = 'InvariantError'
}

/** Stops on a broken invariant of our own. Not for anything that a remote party or a user can cause. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message)
}

/** Closes a `switch` over a union: does not compile while a case is missing. */
export function unreachable(value: never): never {
  throw new InvariantError(`unreachable: ${String(value)}`)
}

/** Bytes or JSON from outside that are not what they claim to be. */
export type DecodeFault =
  | {
      readonly code: 'OL_DECODE_SIZE'
      readonly what: string
      readonly size: number
      readonly max: number
    }
  | { readonly code: 'OL_DECODE_MALFORMED'; readonly what: string; readonly reason: string }
  | { readonly code: 'OL_DECODE_NON_CANONICAL'; readonly what: string }

/** Thrown by every decoder of this package; caught at the door the bytes came through. */
export class DecodeError extends OpenLiquidError<DecodeFault> {
  override readonly name: string = 'DecodeError'
}

/** What another node can cause: drop the message, or drop it and lower the sender's score. */
export interface Fault {
  readonly verdict: 'ignore' | 'reject'
  readonly code: `OL_${string}`
  readonly data?: Readonly<Record<string, unknown>>
}
