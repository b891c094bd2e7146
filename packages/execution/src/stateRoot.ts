import { type Hash, sha256, utf8ToBytes } from '@openliquid/primitives'

const ROOT = utf8ToBytes('ROOT')

/** The roots of the two worlds and the validators that a block's one root is made of. */
export interface RootParts {
  readonly coreRoot: Hash
  readonly evmStateRoot: Hash
  readonly validatorSetHash: Hash
}

/** SHA-256("ROOT" ‖ coreRoot ‖ evmStateRoot ‖ validatorSetHash). */
export function combineRoots({ coreRoot, evmStateRoot, validatorSetHash }: RootParts): Hash {
  return sha256(ROOT, coreRoot, evmStateRoot, validatorSetHash)
}
