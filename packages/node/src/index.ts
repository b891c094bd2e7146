export type { SettingValues } from './config.ts'
export { DEV_ACCOUNTS, DEV_MNEMONIC, type DevAccount } from './devAccounts.ts'
export { NodeError, type NodeFault } from './errors.ts'
export { EXIT_CODE, type ExitCode, exitCodeOf } from './exitCodes.ts'
export { DEV_CHAIN_ID, type DevGenesisOptions, devGenesis } from './genesisProfile.ts'
export {
  type LocalNetwork,
  type LocalValidator,
  prepareLocalNetwork,
  type ValidatorPorts,
} from './localNetwork.ts'
export { type Logger, silentLogger } from './logger.ts'
export { createNode, type NodeOptions, type NodeStatus, type OpenLiquidNode } from './node.ts'
export { NODE_METRICS } from './nodeMetrics.ts'
export type { BlockSummary, RuntimeStatus } from './nodeRuntime.ts'
