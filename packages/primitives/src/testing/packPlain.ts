import { MsgpackWriter } from '../actions/msgpackWriter.ts'
import { InvariantError } from '../types/errors.ts'

/** Msgpack of any plain JSON value, keys in their own order: for actions that the table does not know. */
export function packPlain(value: unknown): Uint8Array {
  const writer = new MsgpackWriter()
  pack(value, writer)
  return writer.finish()
}

function pack(value: unknown, writer: MsgpackWriter): void {
  if (value === null) writer.nil()
  else if (typeof value === 'boolean') writer.boolean(value)
  else if (typeof value === 'number') writer.integer(value)
  else if (typeof value === 'string') writer.text(value)
  else if (Array.isArray(value)) {
    writer.arrayHeader(value.length)
    for (const item of value) pack(item, writer)
  } else if (typeof value === 'object') {
    const entries = Object.entries(value)
    writer.mapHeader(entries.length)
    for (const [key, item] of entries) {
      writer.text(key)
      pack(item, writer)
    }
  } else throw new InvariantError(`${typeof value} is not JSON`)
}
