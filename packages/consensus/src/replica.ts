import type { SignatureScheme } from '@openliquid/crypto'
import {
  type BlockHeader,
  blockHash,
  type CommitProof,
  type ConsensusParams,
  type Epoch,
  epochGenesisQC,
  equalBytes,
  type QuorumCertificate,
  type SigningContext,
  type Verified,
} from '@openliquid/primitives'
import type { BlockRules } from './blockRules.ts'
import { BlockTree } from './blockTree.ts'
import { CertificateVerifier } from './certificateVerifier.ts'
import { Committee } from './committee.ts'
import type { ConsensusOptions, RecoveredState, ValidatorIdentity } from './consensusOptions.ts'
import { ConsensusError } from './errors.ts'
import { FetchTargets } from './fetchTargets.ts'
import type { LeaderElection } from './leaderElection.ts'
import { OrphanPool } from './orphanPool.ts'
import { Outbox } from './outbox.ts'
import { Pacemaker } from './pacemaker.ts'
import { Reputation, type ReputationState } from './reputation.ts'
import { SafetyRules } from './safetyRules.ts'
import { StateRoots } from './stateRoots.ts'
import { TimeoutCollector } from './timeoutCollector.ts'
import { Timers } from './timers.ts'
import { VoteCollector } from './voteCollector.ts'

/** The parts of one replica, which its roles share. Each part owns its own rules; none knows another. */
export interface Replica {
  readonly epoch: Epoch
  readonly params: ConsensusParams
  readonly context: SigningContext
  readonly nodeScheme: SignatureScheme
  readonly committee: Committee
  readonly reputation: Reputation
  /** Of the reputation: who leads. */
  readonly election: LeaderElection
  readonly rules: BlockRules
  readonly verifier: CertificateVerifier
  readonly tree: BlockTree
  readonly orphans: OrphanPool
  readonly targets: FetchTargets
  readonly stateRoots: StateRoots
  readonly pacemaker: Pacemaker
  readonly votes: VoteCollector
  readonly timeouts: TimeoutCollector
  readonly outbox: Outbox
  readonly timers: Timers
  /** Absent in a follower. */
  readonly safety: SafetyRules | undefined
  readonly selfIndex: number | undefined
  /** Of the newest commit; always two headers long. */
  highestCommit: CommitProof | undefined
  /** Reputations at boundaries that are not executed yet: they go to the log when their block is in the database. */
  reputationStates: ReputationState[]
}

/**
 * Puts a replica together.
 *
 * @throws {ConsensusError} OL_CONSENSUS_OPTIONS, OL_CONSENSUS_RECOVERY
 */
export function createReplica(options: ConsensusOptions): Replica {
  const { context, genesis, params, scheme, nodeScheme, recovered, self } = options
  const committee = new Committee(options.validatorSet)
  checkParams(params, committee)
  if (self !== undefined) checkIdentity(self, options, committee)

  const genesisQC = epochGenesisQC(committee.epoch, blockHash(genesis.header), committee.size)
  const verifier = new CertificateVerifier({
    committee,
    context,
    scheme,
    epochGenesisQC: genesisQC,
  })
  const parts = { committee, context, scheme, verifier }
  const outbox = new Outbox()
  const reputation = recoveredReputation(recovered, committee)
  return {
    epoch: committee.epoch,
    params,
    context,
    nodeScheme,
    committee,
    reputation,
    election: reputation.election,
    rules: {
      version: genesis.header.version,
      chainId: genesis.header.chainId,
      committee,
      epochEndMs: genesis.header.timestampMs + params.epochDurationMs,
    },
    verifier,
    tree: recoveredTree(recovered, options),
    orphans: new OrphanPool(),
    targets: new FetchTargets(),
    stateRoots: new StateRoots(recovered.stateRoots),
    pacemaker: recoveredPacemaker(recovered, verifier, genesisQC),
    votes: new VoteCollector(parts),
    timeouts: new TimeoutCollector(parts),
    outbox,
    timers: new Timers(outbox),
    safety: self === undefined ? undefined : recoveredSafety(self, options, genesisQC),
    selfIndex: self?.index,
    highestCommit: undefined,
    reputationStates: [],
  }
}

function checkParams(params: ConsensusParams, committee: Committee): void {
  const refuse = (setting: keyof ConsensusParams, reason: string): never => {
    throw new ConsensusError(`consensus.${setting} of the genesis file: ${reason}`, {
      code: 'OL_CONSENSUS_OPTIONS',
      setting,
      reason,
    })
  }
  if (params.highTip) refuse('highTip', 'tail-fork resistance is not supported yet')
  // B5: a leader could otherwise hold every honest vote past the timer.
  if (params.clockDriftMsMax * 2 > params.viewTimeoutMs) {
    refuse('clockDriftMsMax', 'must be at most half of viewTimeoutMs')
  }
  // §5: an empty block would otherwise come after the backup QC.
  if (committee.size > 1 && params.minBlockIntervalMs >= params.backupDelayMs) {
    refuse('minBlockIntervalMs', 'must be below backupDelayMs')
  }
}

function checkIdentity(
  self: ValidatorIdentity,
  { scheme, nodeScheme }: ConsensusOptions,
  committee: Committee,
): void {
  const isOwn =
    committee.has(self.index) &&
    equalBytes(scheme.publicKeyOf(self.voteSecretKey), committee.voteKeyOf(self.index)) &&
    equalBytes(nodeScheme.publicKeyOf(self.nodeSecretKey), committee.nodeKeyOf(self.index))
  if (isOwn) return
  throw new ConsensusError(
    `the keys are not those of validator ${self.index}; start with the keys that the genesis file names`,
    { code: 'OL_CONSENSUS_OPTIONS', setting: 'self', reason: 'keys of another validator' },
  )
}

/** As of the newest executed block: from the log, and the blocks executed after that was written. */
function recoveredReputation(
  { reputation, headers }: RecoveredState,
  committee: Committee,
): Reputation {
  const state = reputation?.epoch === committee.epoch ? reputation : undefined
  const recovered = new Reputation(committee, state)
  let parent: BlockHeader | undefined
  for (const header of headers ?? []) {
    if (parent !== undefined) recovered.onCommitted(header, parent)
    parent = header
  }
  return recovered
}

function recoveredTree(recovered: RecoveredState, { genesis }: ConsensusOptions): BlockTree {
  const [first] = recovered.recent
  if (first === undefined) throw recoveryError('the newest executed block is missing')
  const recent = recovered.recent.map((block) => ({ block, blockHash: blockHash(block.header) }))
  if (first.header.height === 0n) return new BlockTree(recent, undefined)
  return new BlockTree(recent, recovered.parentHeader ?? genesis.header)
}

function recoveredPacemaker(
  { highQC, lastTC }: RecoveredState,
  verifier: CertificateVerifier,
  genesisQC: QuorumCertificate,
): Pacemaker {
  const qc: Verified<QuorumCertificate> = verifier.trustQC(highQC ?? genesisQC)
  return new Pacemaker(qc, lastTC === undefined ? undefined : verifier.trustTC(lastTC))
}

function recoveredSafety(
  identity: ValidatorIdentity,
  { context, scheme, nodeScheme, recovered, validatorSet }: ConsensusOptions,
  genesisQC: QuorumCertificate,
): SafetyRules {
  const { safety, recent } = recovered
  // A validator whose log is gone no longer knows what it signed: another signature could be the second of a view.
  if (safety === undefined && (recent.at(-1)?.header.height ?? 0n) > 0n) {
    throw recoveryError('there are executed blocks but no safety data; run without keys')
  }
  if (safety !== undefined && safety.epoch !== validatorSet.epoch) {
    throw recoveryError('the safety data is of another epoch')
  }
  return new SafetyRules({
    context,
    identity,
    scheme,
    nodeScheme,
    data: safety ?? {
      epoch: validatorSet.epoch,
      lastVotedView: 0n,
      lockedView: 0n,
      lockedQC: genesisQC,
    },
  })
}

function recoveryError(reason: string): ConsensusError {
  return new ConsensusError(`the replica cannot be recovered: ${reason}`, {
    code: 'OL_CONSENSUS_RECOVERY',
    reason,
  })
}
