export {
  type Behavior,
  equivocatingLeader,
  silent,
  wrongRootLeader,
} from './behavior.ts'
export { Cluster, type ClusterOptions } from './cluster.ts'
export { refuteCommitProof } from './commitProofChecker.ts'
export { CommitMonitor, PropertyViolation } from './monitors.ts'
export { Prng } from './prng.ts'
export { Scheduler } from './scheduler.ts'
export { SignatureOracle } from './signatureOracle.ts'
export { type CoreModule, type NodeOptions, SimulatedNode } from './simulatedNode.ts'
export {
  createChain,
  DEFAULT_PARAMS,
  GENESIS_TIME_MS,
  type VirtualChain,
  type VirtualKeys,
} from './virtualChain.ts'
export { type LinkConditions, steadyLinks, VirtualNetwork } from './virtualNetwork.ts'
