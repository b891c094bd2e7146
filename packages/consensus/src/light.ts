// `@openliquid/consensus/light`: what a browser needs to trust nobody. Imports nothing that touches `node:`.
export { Committee } from './committee.ts'
export { type EvidenceJudge, verifyEvidence } from './evidenceVerifier.ts'
export { LightClient, type LightClientOptions, type ProvenBlock } from './lightClient.ts'
