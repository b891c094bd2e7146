import { assert, concatBytes, type PeerId } from '@openliquid/primitives'

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
/** Identity multihash of a protobuf with key type ed25519 and 32 bytes. */
const ED25519_PREFIX = Uint8Array.of(0x00, 0x24, 0x08, 0x01, 0x12, 0x20)
const NODE_KEY_BYTES = 32

/**
 * Peer id of a node key in its text form, base58btc. What `peerIdFromNodeKey` of the network gives, without loading
 * libp2p: `testnet` names peers and opens no connection.
 */
export function peerIdText(nodeKey: Uint8Array): PeerId {
  assert(nodeKey.length === NODE_KEY_BYTES, 'a node key has 32 bytes')
  const bytes = concatBytes(ED25519_PREFIX, nodeKey)
  let value = 0n
  for (const byte of bytes) value = value * 256n + BigInt(byte)
  let text = ''
  for (; value > 0n; value /= 58n) text = `${ALPHABET[Number(value % 58n)]}${text}`
  // Each leading zero byte is a leading 1; the prefix has one.
  return `1${text}`
}

/** The node key in a peer id; undefined for a peer whose identity is no ed25519 key. */
export function nodeKeyOfPeer(peer: PeerId): Uint8Array | undefined {
  let value = 0n
  for (const character of peer) {
    const digit = ALPHABET.indexOf(character)
    if (digit < 0) return undefined
    value = value * 58n + BigInt(digit)
  }
  const bytes = new Uint8Array(ED25519_PREFIX.length + NODE_KEY_BYTES)
  for (let i = bytes.length - 1; i >= 0; i--) {
    bytes[i] = Number(value & 255n)
    value >>= 8n
  }
  const isEd25519 = value === 0n && ED25519_PREFIX.every((byte, i) => bytes[i] === byte)
  const nodeKey = bytes.slice(ED25519_PREFIX.length)
  return isEd25519 && peerIdText(nodeKey) === peer ? nodeKey : undefined
}
