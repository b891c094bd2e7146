import type { Action } from '../types/action.ts'
import { DecodeError } from '../types/errors.ts'
import { actionSchema } from './actionTable.ts'
import { ACTION_BYTES_MAX } from './limits.ts'
import { MsgpackReader } from './msgpackReader.ts'
import { MsgpackWriter } from './msgpackWriter.ts'

/**
 * Reads an action as clients send it: strict, bounded, every field in its normal form.
 *
 * Decimals lose needless zeros, hex becomes lower-case, the order of keys does not matter. Unknown fields are refused:
 * the sender signed something else than we would execute.
 *
 * @param json - parsed JSON
 * @throws {DecodeError} with the path of the bad field
 * @see docs/spec/hyperliquid.md §4
 */
export function parseAction(json: unknown): Action {
  return actionSchema.parse(json, 'action')
}

/** Canonical msgpack of an action that `parseAction` or `decodeAction` made. */
export function encodeAction(action: Action): Uint8Array {
  const writer = new MsgpackWriter()
  actionSchema.write(action, writer)
  return writer.finish()
}

/**
 * Reads canonical msgpack, driven by the action table: `encodeAction` of the result gives the same bytes.
 *
 * @throws {DecodeError} anything else, however small the difference
 */
export function decodeAction(bytes: Uint8Array): Action {
  assertActionSize(bytes)
  const reader = new MsgpackReader(bytes)
  const action = actionSchema.read(reader, 'action')
  reader.end('action')
  return action
}

/** @throws {DecodeError} OL_DECODE_SIZE */
export function assertActionSize(bytes: Uint8Array): void {
  if (bytes.length <= ACTION_BYTES_MAX) return
  throw new DecodeError(
    `action of ${bytes.length} bytes, at most ${ACTION_BYTES_MAX} are allowed`,
    {
      code: 'OL_DECODE_SIZE',
      what: 'action',
      size: bytes.length,
      max: ACTION_BYTES_MAX,
    },
  )
}
