import { uintToBytes } from '../codec/bytes.ts'
import { hexToBytes } from '../codec/hex.ts'
import { integerParser, type JsonParser, parseObject, structParser } from '../codec/jsonParser.ts'
import { malformed } from '../codec/malformed.ts'
import type { SignatureWire } from '../types/action.ts'
import type { Address, Hex } from '../types/ids.ts'
import type { ActionEnvelope, ActionSignature } from '../types/transaction.ts'
import { assertActionSize, encodeAction, parseAction } from './actionCodec.ts'
import { signedStructOf } from './actionTable.ts'
import { hex, hexDigits } from './schema.ts'

const milliseconds = integerParser(0, Number.MAX_SAFE_INTEGER)
const address = hex('addr', 20)

/** The original's clients send null for an option they do not use. */
function optionOf<T>(parser: JsonParser<T>): JsonParser<T | undefined> {
  return {
    parse: (json, path) => (json === null ? undefined : parser.parse(json, path)),
  }
}

const signatureParser = structParser<{ r: Hex; s: Hex; v: number }>({
  r: hexDigits,
  s: hexDigits,
  v: integerParser(0, 28),
})

const ENVELOPE_KEYS = ['action', 'nonce', 'signature', 'vaultAddress', 'expiresAfter']

/**
 * Reads the body of `POST /exchange` into what travels: canonical action, padded signature, v 27 or 28.
 *
 * Nobody has checked the signature yet.
 *
 * @param json - parsed JSON
 * @throws {DecodeError} with the path of the bad field
 * @see docs/spec/hyperliquid.md §3.1
 */
export function parseExchangeRequest(json: unknown): ActionEnvelope {
  const body = parseObject(json, 'request')
  for (const key of Object.keys(body)) {
    if (!ENVELOPE_KEYS.includes(key)) {
      throw malformed('request', `unknown field ${JSON.stringify(key.slice(0, 80))}`)
    }
  }
  const action = parseAction(body['action'])
  const bytes = encodeAction(action)
  assertActionSize(bytes)
  const nonce = milliseconds.parse(body['nonce'], 'nonce')
  const vault = optionOf(address).parse(body['vaultAddress'] ?? null, 'vaultAddress')
  const expiresAfter = optionOf(milliseconds).parse(body['expiresAfter'] ?? null, 'expiresAfter')
  if (signedStructOf(action.type) !== undefined && (vault ?? expiresAfter) !== undefined) {
    throw malformed('request', 'user-signed actions take no vaultAddress and no expiresAfter')
  }
  return {
    action: bytes,
    nonce,
    ...(vault === undefined ? {} : { vaultAddress: hexToBytes(vault) satisfies Address }),
    ...(expiresAfter === undefined ? {} : { expiresAfter }),
    signature: parseSignature(body['signature']),
  }
}

function parseSignature(json: unknown): ActionSignature {
  return signatureOf(signatureParser.parse(json, 'signature'), 'signature')
}

/**
 * The signature that clients write as numbers: padded, v 27 or 28.
 *
 * @throws {DecodeError} naming `path`, when v is none
 */
export function signatureOf({ r, s, v }: SignatureWire, path: string): ActionSignature {
  if (v > 1 && v < 27) throw malformed(`${path}.v`, 'wants 27 or 28')
  return { r: uintToBytes(BigInt(r), 32), s: uintToBytes(BigInt(s), 32), v: v < 27 ? v + 27 : v }
}
