export { fixedReader } from './fixedReader.ts'
