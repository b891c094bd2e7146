import type { SignatureScheme } from '@openliquid/crypto'
import {
  type Block,
  type BlockHeader,
  blockHash,
  type CommitProof,
  type ConsensusParams,
  type Epoch,
  epochGenesisQC,
  equalBytes,
  type Hash,
  type Height,
  type QuorumCertificate,
  type SigningContext,
  type ValidatorInfo,
  type ValidatorSet,
  type Verified,
  type View,
} from '@openliquid/primitives'
import type { BlockRules } from './blockRules.ts'
import { BlockTree } from './blockTree.ts'
import { CertificateVerifier } from './certificateVerifier.ts'
import { Committee } from './committee.ts'
import type { ConsensusOptions, RecoveredState, ValidatorIdentity } from './consensusOptions.ts'
import { ConsensusError } from './errors.ts'
import { EvidencePool } from './evidencePool.ts'
import { FetchTargets } from './fetchTargets.ts'
import type { Election } from './leaderElection.ts'
import { MisbehaviorDetector } from './misbehaviorDetector.ts'
import { Offences } from './offences.ts'
import { OrphanPool } from './orphanPool.ts'
import { Outbox } from './outbox.ts'
import { Pacemaker } from './pacemaker.ts'
import { PastEpochs } from './pastEpochs.ts'
import type { Quarantine } from './quarantine.ts'
import { Reputation, type ReputationState } from './reputation.ts'
import { SafetyRules } from './safetyRules.ts'
import { StateRoots } from './stateRoots.ts'
import { TimeoutCollector } from './timeoutCollector.ts'
import { Timers } from './timers.ts'
import { VoteCollector } from './voteCollector.ts'

/** The parts of one replica, which its roles share. Each part owns its own rules; none knows another. */
export interface Replica extends EpochParts {
  readonly params: ConsensusParams
  readonly context: SigningContext
  readonly scheme: SignatureScheme
  readonly nodeScheme: SignatureScheme
  readonly tree: BlockTree
  readonly stateRoots: StateRoots
  readonly outbox: Outbox
  readonly timers: Timers
  /** What committed blocks convicted of. */
  readonly offences: Offences
  readonly pastEpochs: PastEpochs
  readonly evidencePool: EvidencePool
  /** Instead of the schedule by stake and reputation. */
  readonly ownElection: Election | undefined
  /** Holds the keys; absent in a follower, and while the keys are dormant. */
  signer: SafetyRules | undefined
  /** A signer that does not know what it signed before, and when it may begin. */
  dormant: { readonly signer: SafetyRules; readonly afterMs: number } | undefined
  /** While it lasts nothing is signed. */
  quarantine: Quarantine | undefined
  readonly keepsReputation: (height: Height) => boolean
  /** By height, oldest first. */
  readonly keptReputations: Map<Height, ReputationState>
  readonly ownKeys: OwnKeys | undefined
  /** The signer while it may sign in this epoch: as a member, and until its closing block is committed. */
  safety: SafetyRules | undefined
  selfIndex: number | undefined
  /** Of the newest commit of this epoch. */
  highestCommit: CommitProof | undefined
  /** The closing block of this epoch, once it is committed. */
  epochEnd: EpochEnd | undefined
  /** Reputations at boundaries that are not executed yet: they go to the log when their block is in the database. */
  reputationStates: ReputationState[]
}

/** A closing block that is committed. */
export interface EpochEnd {
  readonly header: BlockHeader
  readonly blockHash: Hash
  readonly commit: CommitProof
}

/** What is made anew for each epoch. */
interface EpochParts {
  epoch: Epoch
  committee: Committee
  reputation: Reputation
  /** Of the reputation: who leads. */
  election: Election
  rules: BlockRules
  verifier: CertificateVerifier
  orphans: OrphanPool
  targets: FetchTargets
  pacemaker: Pacemaker
  votes: VoteCollector
  timeouts: TimeoutCollector
  detector: MisbehaviorDetector
}

type OwnKeys = Pick<ValidatorInfo, 'voteKey' | 'nodeKey'>

/**
 * Puts a replica together, in the epoch of the newest executed block, or the one after if that closes it.
 *
 * @throws {ConsensusError} OL_CONSENSUS_OPTIONS, OL_CONSENSUS_RECOVERY
 */
export function createReplica(options: ConsensusOptions): Replica {
  const { context, genesis, params, scheme, nodeScheme, self } = options
  const recovered = options.recovered ?? freshState(genesis)
  const committee = Committee.of(options.validatorSet)
  const base = recovered.epochBase ?? genesis.header
  checkParams(params, committee)
  checkSet(committee, base, options)
  const ownKeys = self === undefined ? undefined : keysOf(self, options)
  const selfIndex = ownKeys === undefined ? undefined : committee.indexOfKeys(ownKeys)
  if (self?.index !== undefined && self.index !== selfIndex) throw foreignKeys(self.index)

  const genesisQC = epochGenesisQC(committee.epoch, blockHash(base), committee.size)
  const outbox = new Outbox()
  const made =
    self === undefined || ownKeys === undefined
      ? undefined
      : recoveredSigner(self, { selfIndex, keys: ownKeys }, { ...options, recovered }, genesisQC)
  const isDormant = ownKeys !== undefined && hasForgotten(ownKeys, recovered, options)
  const signer = isDormant ? undefined : made
  const moved = signer?.moveTo(genesisQC)
  if (moved !== undefined) outbox.persist([moved], { sync: true })
  const reputation = recoveredReputation(recovered, committee)
  const start = { committee, base, genesisQC, reputation, recovered, header: genesis.header }
  const tree = recoveredTree(recovered, options)
  const parts = epochParts(
    { context, params, scheme, nodeScheme, tree, ownElection: options.election },
    start,
  )
  const past = recoveredOffences(recovered, params, {
    present: committee.set,
    timestampMs: tree.root.header.timestampMs,
  })
  // Every property by name: an object that is put together from others is slow to make, and slow to read ever after.
  return {
    epoch: parts.epoch,
    committee: parts.committee,
    reputation: parts.reputation,
    election: parts.election,
    rules: parts.rules,
    verifier: parts.verifier,
    orphans: parts.orphans,
    targets: parts.targets,
    pacemaker: parts.pacemaker,
    votes: parts.votes,
    timeouts: parts.timeouts,
    detector: parts.detector,
    ownElection: options.election,
    params,
    context,
    scheme,
    nodeScheme,
    tree,
    stateRoots: new StateRoots(recovered.stateRoots),
    outbox,
    timers: new Timers(outbox),
    offences: past.offences,
    pastEpochs: past.pastEpochs,
    evidencePool: new EvidencePool(),
    signer,
    dormant:
      isDormant && made !== undefined && options.signsAfterMs !== undefined
        ? { signer: made, afterMs: options.signsAfterMs }
        : undefined,
    quarantine: undefined,
    keepsReputation: options.keepsReputation ?? keepsNone,
    keptReputations: new Map(),
    ownKeys,
    safety: maySign(signer, selfIndex, committee) ? signer : undefined,
    selfIndex,
    highestCommit: undefined,
    epochEnd: undefined,
    reputationStates: [],
  }
}

/** What a replica knows of a chain that has not begun. */
export function freshState({ header, payload }: Block): RecoveredState {
  return {
    recent: [{ header, payload }],
    blocksAbove: [],
    certificates: [],
    stateRoots: [{ height: header.height, stateRoot: header.stateRoot }],
  }
}

/** Replaces all that belongs to one epoch; what is committed stays, what is not is gone. */
export function beginEpoch(
  replica: Replica,
  {
    nextSet,
    closing,
    genesisQC,
  }: {
    readonly nextSet: ValidatorSet
    readonly closing: BlockHeader
    readonly genesisQC: QuorumCertificate
  },
): void {
  const { outbox, ownKeys, tree } = replica
  const signer = wakened(replica, closing)
  const committee = new Committee(nextSet)
  const reputation = replica.reputation.next(committee, closing.height)
  replica.reputationStates.push(reputation.state)
  tree.dropUncommitted()
  const selfIndex = ownKeys === undefined ? undefined : committee.indexOfKeys(ownKeys)
  const moved = signer?.moveTo(genesisQC)
  if (moved !== undefined) outbox.persist([moved], { sync: true })
  if (selfIndex !== undefined) signer?.actAs(selfIndex)
  const start = { committee, base: closing, genesisQC, reputation, header: closing }
  Object.assign(replica, epochParts(replica, start), {
    safety:
      replica.quarantine === undefined && maySign(signer, selfIndex, committee)
        ? signer
        : undefined,
    selfIndex,
    highestCommit: undefined,
    epochEnd: undefined,
  } satisfies Partial<Replica>)
}

/** §7: a signer without memory signs first in an epoch that began after it did. */
function wakened(replica: Replica, closing: BlockHeader): SafetyRules | undefined {
  const { dormant } = replica
  if (dormant === undefined || closing.timestampMs <= dormant.afterMs) return replica.signer
  replica.signer = dormant.signer
  replica.dormant = undefined
  return dormant.signer
}

/**
 * A validator whose log is gone no longer knows what it signed: another signature could be the second of a view. Keys
 * that were in no set so far have signed nothing.
 */
function hasForgotten(
  keys: OwnKeys,
  { safety, recent, validatorSets = [] }: RecoveredState,
  { validatorSet }: Pick<ConsensusOptions, 'validatorSet'>,
): boolean {
  if (safety !== undefined || (recent.at(-1)?.header.height ?? 0n) === 0n) return false
  return [validatorSet, ...validatorSets].some((set) => hasKeys(set, keys))
}

/**
 * Greatest view that is decided in this epoch: views grow along a branch, and that of another epoch does not count.
 * What is certified in a higher view extends the last committed block.
 */
export function decidedView({ epoch, tree }: Pick<Replica, 'epoch' | 'tree'>): View {
  const { header, qc } = tree.root
  if (header.epoch !== epoch) return 0n
  // §12: a block that was proposed again is certified in a later view than its own.
  return qc !== undefined && qc.view > header.view ? qc.view : header.view
}

/** The silence is over: signs from now on, if it may. */
export function endQuarantine(replica: Replica): void {
  const { committee, epochEnd, selfIndex, signer } = replica
  replica.quarantine = undefined
  if (epochEnd === undefined && maySign(signer, selfIndex, committee)) replica.safety = signer
}

/** R7: only in the epoch of the safety data, and only as a member. */
function maySign(
  signer: SafetyRules | undefined,
  selfIndex: number | undefined,
  { epoch }: Committee,
): boolean {
  return selfIndex !== undefined && signer?.data.epoch === epoch
}

function epochParts(
  {
    context,
    params,
    scheme,
    nodeScheme,
    tree,
    ownElection,
  }: Pick<Replica, 'context' | 'params' | 'scheme' | 'nodeScheme' | 'tree' | 'ownElection'>,
  {
    committee,
    base,
    genesisQC,
    reputation,
    header,
    recovered = {},
  }: {
    readonly committee: Committee
    readonly base: BlockHeader
    readonly genesisQC: QuorumCertificate
    readonly reputation: Reputation
    /** Any of the chain. */
    readonly header: Pick<BlockHeader, 'version' | 'chainId'>
    readonly recovered?: Pick<RecoveredState, 'highQC' | 'lastTC'>
  },
): EpochParts {
  const verifier = new CertificateVerifier({
    committee,
    context,
    scheme,
    epochGenesisQC: genesisQC,
    tipScheme: params.highTip ? nodeScheme : undefined,
  })
  const { highTip } = params
  const parts = { committee, context, scheme, nodeScheme, verifier, highTip }
  return {
    epoch: committee.epoch,
    committee,
    reputation,
    election: ownElection ?? reputation.election,
    rules: {
      version: header.version,
      chainId: header.chainId,
      committee,
      epochEndMs: base.timestampMs + params.epochDurationMs,
      highTip,
    },
    verifier,
    orphans: new OrphanPool(),
    targets: new FetchTargets(),
    pacemaker: recoveredPacemaker(recovered, verifier, genesisQC),
    votes: new VoteCollector(parts),
    timeouts: new TimeoutCollector(parts),
    detector: new MisbehaviorDetector(parts, {
      highTip,
      headerOf: (hash) => tree.get(hash)?.header,
    }),
  }
}

function keepsNone(): boolean {
  return false
}

function checkParams(params: ConsensusParams, committee: Committee): void {
  // B5: a leader could otherwise hold every honest vote past the timer.
  if (params.clockDriftMsMax * 2 > params.viewTimeoutMs) {
    throw badParam('clockDriftMsMax', 'must be at most half of viewTimeoutMs')
  }
  // §5: an empty block would otherwise come after the backup QC.
  if (committee.size > 1 && params.minBlockIntervalMs >= params.backupDelayMs) {
    throw badParam('minBlockIntervalMs', 'must be below backupDelayMs')
  }
}

function badParam(setting: keyof ConsensusParams, reason: string): ConsensusError {
  return new ConsensusError(`consensus.${setting} of the genesis file: ${reason}`, {
    code: 'OL_CONSENSUS_OPTIONS',
    setting,
    reason,
  })
}

/** The set must be the one that the chain names for the epoch. */
function checkSet(committee: Committee, base: BlockHeader, { genesis }: ConsensusOptions): void {
  const epoch = base.height === genesis.header.height ? base.epoch : base.epoch + 1n
  if (committee.epoch === epoch && equalBytes(committee.hash, base.nextValidatorSetHash)) return
  throw new ConsensusError(
    `the validator set is not that of the epoch above height ${base.height}`,
    { code: 'OL_CONSENSUS_OPTIONS', setting: 'validatorSet', reason: 'another set or epoch' },
  )
}

function keysOf(
  { voteSecretKey, nodeSecretKey }: ValidatorIdentity,
  { scheme, nodeScheme }: ConsensusOptions,
): OwnKeys {
  return {
    voteKey: scheme.publicKeyOf(voteSecretKey),
    nodeKey: nodeScheme.publicKeyOf(nodeSecretKey),
  }
}

function foreignKeys(index: number): ConsensusError {
  return new ConsensusError(
    `the keys are not those of validator ${index}; start with the keys that the genesis file names`,
    { code: 'OL_CONSENSUS_OPTIONS', setting: 'self', reason: 'keys of another validator' },
  )
}

/** As of the newest executed block: from the log, and the blocks executed after that was written. */
function recoveredReputation(
  { reputation, headers, validatorSets = [] }: RecoveredState,
  committee: Committee,
): Reputation {
  if (headers === undefined) return new Reputation(committee)
  const committeeOf = (epoch: Epoch): Committee => {
    if (epoch === committee.epoch) return committee
    const set = validatorSets.find((one) => one.epoch === epoch)
    return new Committee(set ?? { ...committee.set, epoch })
  }
  let recovered: Reputation | undefined
  let parent: BlockHeader | undefined
  const follow = (from: Reputation, epoch: Epoch, height: Height): Reputation => {
    let at = from
    while (at.epoch < epoch) at = at.next(committeeOf(at.epoch + 1n), height)
    return at
  }
  for (const header of headers) {
    recovered ??= new Reputation(committeeOf(reputation?.epoch ?? header.epoch), reputation)
    if (parent !== undefined) {
      recovered = follow(recovered, header.epoch, parent.height)
      recovered.onCommitted(header, parent)
    }
    parent = header
  }
  if (recovered === undefined) return new Reputation(committee)
  return follow(recovered, committee.epoch, parent?.height ?? 0n)
}

/** What executed blocks convicted of, as far as it can still matter. */
function recoveredOffences(
  { misbehaviors = [], pastEpochs = [] }: RecoveredState,
  { unbondingMs }: ConsensusParams,
  at: { readonly present: ValidatorSet; readonly timestampMs: number },
): Pick<Replica, 'offences' | 'pastEpochs'> {
  const past = new PastEpochs(unbondingMs)
  past.restore(pastEpochs, at)
  const offences = new Offences()
  offences.add([...misbehaviors])
  if (past.oldest !== undefined) offences.forgetBelow(past.oldest)
  return { offences, pastEpochs: past }
}

function recoveredTree(recovered: RecoveredState, { genesis }: ConsensusOptions): BlockTree {
  const [first] = recovered.recent
  if (first === undefined) throw recoveryError('the newest executed block is missing')
  const recent = recovered.recent.map((block) => ({ block, blockHash: blockHash(block.header) }))
  if (first.header.height === 0n) return new BlockTree(recent, undefined)
  return new BlockTree(recent, recovered.parentHeader ?? genesis.header)
}

function recoveredPacemaker(
  { highQC, lastTC }: Pick<RecoveredState, 'highQC' | 'lastTC'>,
  verifier: CertificateVerifier,
  genesisQC: QuorumCertificate,
): Pacemaker {
  const qc: Verified<QuorumCertificate> = verifier.trustQC(highQC ?? genesisQC)
  return new Pacemaker(qc, lastTC === undefined ? undefined : verifier.trustTC(lastTC))
}

function recoveredSigner(
  identity: ValidatorIdentity,
  { selfIndex, keys }: { readonly selfIndex: number | undefined; readonly keys: OwnKeys },
  {
    context,
    scheme,
    nodeScheme,
    params,
    recovered,
    signsAfterMs,
    validatorSet,
  }: ConsensusOptions & { readonly recovered: RecoveredState },
  genesisQC: QuorumCertificate,
): SafetyRules {
  const { safety } = recovered
  if (signsAfterMs === undefined && hasForgotten(keys, recovered, { validatorSet })) {
    throw recoveryError('there are executed blocks but no safety data; run without keys')
  }
  return new SafetyRules({
    context,
    identity,
    // Of no use before the keys are in a set.
    index: selfIndex ?? validatorSet.validators.length,
    scheme,
    nodeScheme,
    highTip: params.highTip,
    data: safety ?? {
      epoch: validatorSet.epoch,
      lastVotedView: 0n,
      lockedView: 0n,
      lockedQC: genesisQC,
    },
  })
}

function hasKeys({ validators }: ValidatorSet, { voteKey, nodeKey }: OwnKeys): boolean {
  return validators.some(
    (member) => equalBytes(member.voteKey, voteKey) || equalBytes(member.nodeKey, nodeKey),
  )
}

function recoveryError(reason: string): ConsensusError {
  return new ConsensusError(`the replica cannot be recovered: ${reason}`, {
    code: 'OL_CONSENSUS_RECOVERY',
    reason,
  })
}
