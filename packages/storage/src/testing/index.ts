// The format of the consensus log, for who cuts one to pieces.
export { nodeLogIo } from '../logIo.ts'
export { findRecordBeyond, readRecord } from '../logRecord.ts'
export { readSegmentHeader, SEGMENT_HEADER_BYTES, type SegmentHeader } from '../logSegment.ts'
export { type FaultyStore, faultyStore, type StoreFault } from './faultyStore.ts'
export { memoryStore } from './memoryStore.ts'
export { type StoreCase, storeCompliance } from './storeCompliance.ts'
