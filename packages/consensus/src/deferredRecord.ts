import type { LogRecord } from './effect.ts'

/** A log record that is encoded when its bytes are asked for, once: not at all where there is no disk. */
export function deferredRecord<T>(
  kind: LogRecord['kind'],
  encode: (value: T) => Uint8Array,
  value: T,
): LogRecord {
  return new DeferredRecord(kind, encode, value)
}

class DeferredRecord<T> implements LogRecord {
  readonly kind: LogRecord['kind']
  readonly #encode: (value: T) => Uint8Array
  readonly #value: T
  #body: Uint8Array | undefined

  constructor(kind: LogRecord['kind'], encode: (value: T) => Uint8Array, value: T) {
    this.kind = kind
    this.#encode = encode
    this.#value = value
  }

  get body(): Uint8Array {
    this.#body ??= this.#encode(this.#value)
    return this.#body
  }
}
