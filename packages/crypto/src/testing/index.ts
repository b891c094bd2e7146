export { nullScheme } from './nullScheme.ts'
