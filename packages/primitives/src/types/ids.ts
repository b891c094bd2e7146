/** 32 bytes, SHA-256 unless a name says keccak. */
export type Hash = Uint8Array
/** 20 bytes, as Ethereum derives them. */
export type Address = Uint8Array
/** `0x` and lower-case hex digits; only at edges and as map keys. */
export type Hex = `0x${string}`

/** Span with a fixed validator set, from 1. */
export type Epoch = bigint
/** Numbered attempt with one leader; counts from 1 in each epoch. */
export type View = bigint
/** Number of a block in the chain; genesis is 0. */
export type Height = bigint

/** libp2p peer id in its text form. A network word: a peer becomes a validator only after its hello. */
export type PeerId = string

/** A value whose signatures and certificates were checked; only the verifier that did so makes the brand. */
export type Verified<T> = T & { readonly __verified: unique symbol }
