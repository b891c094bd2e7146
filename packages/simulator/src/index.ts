export type { Adversary, AdversaryMaker, World } from './adversaries/adversary.ts'
export { Arsenal } from './adversaries/arsenal.ts'
export { byzantineLeader } from './adversaries/byzantineLeader.ts'
export { byzantineVoter } from './adversaries/byzantineVoter.ts'
export { certificateHider } from './adversaries/certificateHider.ts'
export { garbler } from './adversaries/garbler.ts'
export { liarInTimeouts } from './adversaries/liarInTimeouts.ts'
export { quorumDelayer } from './adversaries/quorumDelayer.ts'
export { selectiveServer } from './adversaries/selectiveServer.ts'
export { tipDropper } from './adversaries/tipDropper.ts'
export { tipHoarder } from './adversaries/tipHoarder.ts'
export { type Behavior, equivocatingLeader, resign, silent, wrongRootLeader } from './behavior.ts'
export { BufferMonitor, bufferBounds } from './bufferMonitor.ts'
export { CertificateMonitor } from './certificateMonitor.ts'
export { Cluster, type ClusterOptions } from './cluster.ts'
export { refuteCommitProof } from './commitProofChecker.ts'
export { DiskLog, type DurableLog } from './durableLog.ts'
export { EpochMonitor } from './epochMonitor.ts'
export { EvidenceMonitor } from './evidenceMonitor.ts'
export { type Conviction, extractEvidence } from './extractEvidence.ts'
export { LivenessMonitor } from './livenessMonitor.ts'
export type { Membership } from './membership.ts'
export { CommitMonitor, PropertyViolation } from './monitors.ts'
export { peerIdOf } from './peers.ts'
export { Prng } from './prng.ts'
export {
  ADVERSARIES,
  type AdversaryName,
  type Disturbance,
  isFinding,
  largePlanOf,
  minimize,
  type Outcome,
  type Plan,
  planOf,
  type RunOptions,
  runPlan,
} from './schedule.ts'
export { Scheduler } from './scheduler.ts'
export {
  type Exploration,
  Explorer,
  type ExplorerOptions,
  type ExplorerPath,
} from './scope/explorer.ts'
export { parseExplorerPath, parseTwinsScenario } from './scope/parseScope.ts'
export { replayExplorer, replayTwins, type ScopeFinding } from './scope/replay.ts'
export { formsOfTwins, playTwins, Twins } from './scope/twins.ts'
export type { TwinsForm } from './scope/twinsForm.ts'
export {
  TWINS_ROOTS,
  type TwinsBranch,
  TwinsLayer,
  type TwinsScenario,
  type TwinsStep,
} from './scope/twinsLayer.ts'
export type { TwinsChoice } from './scope/twinsSymmetry.ts'
export { SignatureOracle } from './signatureOracle.ts'
export { type Finding, type Simulation, simulate } from './simulate.ts'
export { type CoreModule, type NodeOptions, SimulatedNode } from './simulatedNode.ts'
export { TailForkMonitor } from './tailForkMonitor.ts'
export { Trace } from './trace.ts'
export {
  createChain,
  DEFAULT_PARAMS,
  GENESIS_TIME_MS,
  type VirtualChain,
  type VirtualKeys,
} from './virtualChain.ts'
export { VirtualDisk } from './virtualDisk.ts'
export {
  type LinkConditions,
  type LinkFilter,
  steadyLinks,
  VirtualNetwork,
} from './virtualNetwork.ts'
export { virtualTransports } from './virtualTransport.ts'
