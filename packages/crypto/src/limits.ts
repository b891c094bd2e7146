/** Deserialised public keys kept per scheme: two epochs of 200 validators, and room for newcomers. */
export const PUBLIC_KEYS_CACHED_MAX = 1_024
/** Rounds of pbkdf2 a keystore may ask for: 64 times the EIP-2335 default, some seconds of CPU. */
export const KEYSTORE_PBKDF2_ROUNDS_MAX = 16_777_216
/** Memory factor n·r of scrypt a keystore may ask for: 4 times the EIP-2335 default, 1 GiB. */
export const KEYSTORE_SCRYPT_COST_MAX = 8_388_608
/** Parallelism p of scrypt a keystore may ask for; EIP-2335 uses 1. */
export const KEYSTORE_SCRYPT_PARALLEL_MAX = 16
