export { CORE_WRITER_ADDRESS, RAW_ACTION_TOPIC } from '@openliquid/primitives'
export { type CoreWriterRejection, decodeCoreWriterLog } from './coreWriter.ts'
export { readPrecompiles } from './registry.ts'
