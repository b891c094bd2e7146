export { CORE_WRITER_ADDRESS, RAW_ACTION_TOPIC } from '@openliquid/primitives'
export { type CoreWriterDecoding, decodeCoreWriterLog } from './coreWriter.ts'
export type { CoreWriterRejection } from './errors.ts'
export {
  type BridgeLog,
  coreReceiveData,
  type DecodedCredit,
  EvmLinks,
  RECEIVED_TOPIC,
  TRANSFER_TOPIC,
  tokenTransferData,
} from './evmCredit.ts'
export { precompileGas } from './gas.ts'
export { readPrecompiles } from './registry.ts'
