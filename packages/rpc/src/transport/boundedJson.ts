import { RpcError } from '../errors.ts'
import { JSON_DEPTH_MAX, JSON_VALUES_MAX } from '../limits.ts'

const UTF8 = new TextDecoder('utf-8', { fatal: true })

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/**
 * Parses a request body whose size was already checked.
 *
 * Depth, values and calls are counted on the bytes before `JSON.parse` runs, and no further than to the first too many:
 * a hostile body can neither overflow a stack in a later recursive walk nor make the thread build what is then refused.
 * Linear in the body.
 *
 * @param batchCallsMax - elements of the body if it is an array; any number if absent
 * @throws {RpcError} OL_RPC_PARSE, OL_RPC_DEPTH, OL_RPC_VALUES, OL_RPC_BATCH_SIZE
 */
export function parseBoundedJson(
  bytes: Uint8Array,
  batchCallsMax: number = Number.POSITIVE_INFINITY,
): unknown {
  assertBounded(bytes, batchCallsMax)
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

/** Counts brackets, commas and colons outside strings. What is no JSON passes: it is refused by the parser. */
function assertBounded(bytes: Uint8Array, batchCallsMax: number): void {
  let depth = 0
  let isBatch: boolean | undefined
  let calls = 1
  let values = 1
  for (let i = 0; i < bytes.length; i++) {
    switch (bytes[i]) {
      case QUOTE:
        i = endOfString(bytes, i)
        break
      case OPEN_BRACKET:
      case OPEN_BRACE:
        isBatch ??= bytes[i] === OPEN_BRACKET
        if (++depth > JSON_DEPTH_MAX) throw tooDeep()
        break
      case CLOSE_BRACKET:
      case CLOSE_BRACE:
        depth--
        break
      case COMMA:
        if (depth === 1 && isBatch === true && ++calls > batchCallsMax)
          throw batchSize(batchCallsMax)
        if (++values > JSON_VALUES_MAX) throw tooManyValues()
        break
      case COLON:
        if (++values > JSON_VALUES_MAX) throw tooManyValues()
        break
    }
  }
}

/** @param start - of its opening quote @returns its closing quote, or the end of the bytes */
function endOfString(bytes: Uint8Array, start: number): number {
  for (let i = start + 1; i < bytes.length; i++) {
    if (bytes[i] === QUOTE) return i
    if (bytes[i] === BACKSLASH) i++
  }
  return bytes.length
}

function tooDeep(): RpcError {
  return new RpcError(`JSON is nested deeper than ${JSON_DEPTH_MAX} levels`, {
    code: 'OL_RPC_DEPTH',
    max: JSON_DEPTH_MAX,
  })
}

function tooManyValues(): RpcError {
  return new RpcError(`the JSON has more than ${JSON_VALUES_MAX} names and values`, {
    code: 'OL_RPC_VALUES',
    max: JSON_VALUES_MAX,
  })
}

function batchSize(max: number): RpcError {
  return new RpcError(`the batch has more than ${max} calls`, { code: 'OL_RPC_BATCH_SIZE', max })
}
