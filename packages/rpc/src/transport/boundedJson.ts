import { RpcError } from '../errors.ts'
import { JSON_DEPTH_MAX } from '../limits.ts'

const UTF8 = new TextDecoder('utf-8', { fatal: true })

const QUOTE = 0x22
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/**
 * Parses a request body whose size was already checked.
 *
 * The nesting depth is counted on the bytes before `JSON.parse` runs, so a hostile body can neither overflow a
 * stack in a later recursive walk nor build a deep structure at all. Linear in the body.
 *
 * @throws {RpcError} OL_RPC_PARSE, OL_RPC_DEPTH
 */
export function parseBoundedJson(bytes: Uint8Array): unknown {
  if (depthOf(bytes) > JSON_DEPTH_MAX) {
    throw new RpcError(`JSON is nested deeper than ${JSON_DEPTH_MAX} levels`, {
      code: 'OL_RPC_DEPTH',
      max: JSON_DEPTH_MAX,
    })
  }
  try {
    return JSON.parse(UTF8.decode(bytes))
  } catch (cause) {
    throw new RpcError(
      'request body is not valid JSON in UTF-8',
      { code: 'OL_RPC_PARSE', reason: cause instanceof Error ? cause.name : 'unknown' },
      { cause },
    )
  }
}

/** Deepest count of open brackets outside strings; stops at the first level too many. */
function depthOf(bytes: Uint8Array): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number
    if (inString) {
      if (byte === BACKSLASH) i++
      else if (byte === QUOTE) inString = false
      continue
    }
    if (byte === QUOTE) inString = true
    else if (byte === OPEN_BRACKET || byte === OPEN_BRACE) {
      depth++
      if (depth > deepest) deepest = depth
      if (deepest > JSON_DEPTH_MAX) return deepest
    } else if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) depth--
  }
  return deepest
}
