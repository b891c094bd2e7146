/** A handler must not throw: what it throws is a bug of ours and belongs to the process boundary, not to libp2p. */
export function rethrow(cause: unknown): void {
  queueMicrotask(() => {
    throw cause
  })
}

/** Handlers must not throw; what they throw goes to the process boundary and not into libp2p. */
export function guarded(call: () => void): void {
  try {
    call()
  } catch (cause) {
    rethrow(cause)
  }
}
