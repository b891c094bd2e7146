/** One validator's signature, not yet verified. */
export interface SignedVote {
  /** Index in the validator set; each at most once per call. */
  readonly signer: number
  readonly publicKey: Uint8Array
  readonly signature: Uint8Array
}

/** What came of putting signatures together. */
export interface AggregateResult {
  /** Certificate signature of `signers`; empty when there are none. */
  readonly signature: Uint8Array
  /** Whose signatures are in it, ascending. */
  readonly signers: readonly number[]
  /** Whose signatures were invalid and left out, ascending. */
  readonly badSigners: readonly number[]
}

/** Signers of one and the same digest, with their certificate signature. */
export interface SignatureGroup {
  /** In ascending order of validator index. */
  readonly publicKeys: readonly Uint8Array[]
  readonly digest: Uint8Array
  readonly signature: Uint8Array
}

/**
 * Signs votes and puts them together into certificates. All calls are synchronous and deterministic.
 *
 * Verification never throws: whatever comes from outside, malformed bytes included, is `false`. A public key that is
 * not a valid, non-zero member of the prime-order group verifies nothing. Aggregates are safe against rogue keys only
 * if every key came with a proof of possession.
 * @see docs/spec/consensus.md §9
 */
export interface SignatureScheme {
  /** As the genesis file names it; two implementations of one scheme have the same name. */
  readonly name: string
  readonly publicKeyBytes: number
  readonly signatureBytes: number

  /** @throws {CryptoError} OL_CRYPTO_SECRET_KEY */
  publicKeyOf(secretKey: Uint8Array): Uint8Array
  /** @throws {CryptoError} OL_CRYPTO_SECRET_KEY */
  sign(secretKey: Uint8Array, digest: Uint8Array): Uint8Array
  /** Canonical encoding of a non-zero point of the prime-order group. */
  isPublicKey(publicKey: Uint8Array): boolean
  verify(publicKey: Uint8Array, digest: Uint8Array, signature: Uint8Array): boolean

  /**
   * Puts signatures over one digest together, optimistically: one verification when all are good, and
   * at most 2·b·⌈log2 q⌉ more for b bad ones among q.
   */
  aggregate(votes: readonly SignedVote[], digest: Uint8Array): AggregateResult
  /** @param publicKeys - of the signers, in ascending order of validator index; none is `false` */
  verifyAggregate(
    publicKeys: readonly Uint8Array[],
    digest: Uint8Array,
    signature: Uint8Array,
  ): boolean
  /** True if every group verifies; no group is `false`. */
  verifyGroups(groups: readonly SignatureGroup[]): boolean
}
