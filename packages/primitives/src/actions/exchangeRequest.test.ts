import { describe, expect, it } from 'vitest'
import { actionEnvelopeCodec } from '../codec/codecs.ts'
import { bytesToHex } from '../codec/hex.ts'
import { ACTION_EXAMPLES } from '../testing/actionExamples.ts'
import { DecodeError } from '../types/errors.ts'
import { TRANSACTION_BYTES_MAX } from '../types/limits.ts'
import { encodeAction } from './actionCodec.ts'
import { parseExchangeRequest } from './exchangeRequest.ts'
import { ACTION_BYTES_MAX } from './limits.ts'

const request = {
  action: { type: 'noop' },
  nonce: 1_700_000_000_000,
  signature: { r: '0x1', s: `0x${'AB'.repeat(32)}`, v: 28 },
}
const vaultAddress = `0x${'AB'.repeat(20)}`

describe('parseExchangeRequest', () => {
  it('pads r and s, and takes null for an option that is not used', () => {
    const envelope = parseExchangeRequest({ ...request, vaultAddress: null, expiresAfter: null })
    expect(envelope).toEqual({
      action: encodeAction({ type: 'noop' }),
      nonce: request.nonce,
      signature: {
        r: Uint8Array.of(...new Uint8Array(31), 1),
        s: new Uint8Array(32).fill(0xab),
        v: 28,
      },
    })
    expect(parseExchangeRequest(request)).toEqual(envelope)
    expect(actionEnvelopeCodec.decode(actionEnvelopeCodec.encode(envelope))).toEqual(envelope)
  })

  it('reads vault and expiry', () => {
    const envelope = parseExchangeRequest({ ...request, vaultAddress, expiresAfter: 5 })
    expect(bytesToHex(envelope.vaultAddress!)).toBe(vaultAddress.toLowerCase())
    expect(envelope.expiresAfter).toBe(5)
  })

  it.each([
    [0, 27],
    [1, 28],
    [27, 27],
    [28, 28],
  ])('takes v %i as %i', (v, expected) => {
    const { signature } = parseExchangeRequest({
      ...request,
      signature: { ...request.signature, v },
    })
    expect(signature.v).toBe(expected)
  })

  it.each<[string, unknown]>([
    ['no object', 'x'],
    ['an unknown field', { ...request, extra: 1 }],
    ['no nonce', { ...request, nonce: undefined }],
    ['a nonce as text', { ...request, nonce: '1' }],
    ['a nonce above 2^53', { ...request, nonce: 2 ** 53 }],
    ['a negative expiry', { ...request, expiresAfter: -1 }],
    ['a short vault', { ...request, vaultAddress: '0x12' }],
    ['no signature', { ...request, signature: undefined }],
    ['a signature with more in it', { ...request, signature: { ...request.signature, x: 1 } }],
    ['v 2', { ...request, signature: { ...request.signature, v: 2 } }],
    ['v 29', { ...request, signature: { ...request.signature, v: 29 } }],
    ['an empty r', { ...request, signature: { ...request.signature, r: '0x' } }],
    [
      'an r of 65 digits',
      { ...request, signature: { ...request.signature, r: `0x${'1'.repeat(65)}` } },
    ],
    ['an r without 0x', { ...request, signature: { ...request.signature, r: '11' } }],
    [
      'a vault for a user-signed action',
      { ...request, action: ACTION_EXAMPLES.usdSend, vaultAddress },
    ],
    [
      'an expiry for a user-signed action',
      { ...request, action: ACTION_EXAMPLES.usdSend, expiresAfter: 1 },
    ],
  ])('refuses %s', (_, json) => {
    expect(() => parseExchangeRequest(json)).toThrow(DecodeError)
  })

  it('lets the largest action fit a transaction with all options', () => {
    const envelope = parseExchangeRequest({ ...request, vaultAddress, expiresAfter: 5 })
    const largest = { ...envelope, action: new Uint8Array(ACTION_BYTES_MAX) }
    expect(actionEnvelopeCodec.encode(largest).length).toBeLessThanOrEqual(TRANSACTION_BYTES_MAX)

    const orders = Array.from({ length: 1_000 }, () => ({
      ...ACTION_EXAMPLES.order.orders[0],
      p: `1.${'1'.repeat(90)}`,
    }))
    const action = { type: 'order', orders, grouping: 'na' }
    expect(() => parseExchangeRequest({ ...request, action })).toThrow(/at most/)
  })
})
