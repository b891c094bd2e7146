import { sha256 } from '#sha256'

export { keccak256 } from './keccak.ts'
export { sha256 }
