/** A handler must not throw: what it throws is a bug of ours and belongs to the process boundary, not to libp2p. */
export function rethrow(cause: unknown): void {
  queueMicrotask(() => {
    throw cause
  })
}
