export { type FaultyStore, faultyStore, type StoreFault } from './faultyStore.ts'
export { memoryStore } from './memoryStore.ts'
export { type StoreCase, storeCompliance } from './storeCompliance.ts'
