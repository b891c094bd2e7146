import { type Hex, hashTypedData } from 'viem'
import { describe, expect, it } from 'vitest'
import { bytesToHex } from '../codec/hex.ts'
import { ACTION_EXAMPLES } from '../testing/actionExamples.ts'
import { encodeAction } from './actionCodec.ts'
import { actionDigest, isUserSigned } from './actionDigest.ts'
import { signedStructOf } from './actionTable.ts'

// A wallet of somebody else's making hashes the same typed data: field names, types and order are the table's.

const signature = { r: new Uint8Array(32), s: new Uint8Array(32), v: 27 }
const examples = Object.values(ACTION_EXAMPLES).filter(isUserSigned)

describe('a user-signed action', () => {
  it.each(examples)('has the digest that viem gives: $type', (action) => {
    const { name, fields, nonceKey } = signedStructOf(action.type)!
    const message = action as unknown as Record<string, unknown>
    const expected = hashTypedData({
      domain: {
        name: 'HyperliquidSignTransaction',
        version: '1',
        chainId: Number(action.signatureChainId),
        verifyingContract: '0x0000000000000000000000000000000000000000',
      },
      primaryType: `HyperliquidTransaction:${name}`,
      types: {
        [`HyperliquidTransaction:${name}`]: [
          { name: 'hyperliquidChain', type: 'string' },
          ...fields.map(([key, type]) => ({ name: key, type })),
        ],
      },
      message,
    }) as Hex

    const envelope = { action: encodeAction(action), nonce: Number(message[nonceKey]), signature }
    expect(bytesToHex(actionDigest(envelope, 'Testnet'))).toBe(expected)
  })
})
