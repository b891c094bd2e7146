export { packPlain } from './packPlain.ts'
