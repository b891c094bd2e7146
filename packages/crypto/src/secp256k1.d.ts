// The package ships no types; only what we call stands here.
declare module 'secp256k1' {
  interface Secp256k1 {
    privateKeyVerify(privateKey: Uint8Array): boolean
    publicKeyCreate(privateKey: Uint8Array, compressed: boolean): Uint8Array
    ecdsaSign(
      message: Uint8Array,
      privateKey: Uint8Array,
    ): { readonly signature: Uint8Array; readonly recid: number }
    ecdsaRecover(
      signature: Uint8Array,
      recid: number,
      message: Uint8Array,
      compressed: boolean,
    ): Uint8Array
  }
  const secp256k1: Secp256k1
  export default secp256k1
}
