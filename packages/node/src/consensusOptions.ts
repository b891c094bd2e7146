import { type ConsensusOptions, isWatermark, recoverState } from '@openliquid/consensus'
import { ed25519Scheme, schemeOf } from '@openliquid/crypto'
import type { Application, StateSyncBase } from '@openliquid/execution'
import { equalBytes, type Hash } from '@openliquid/primitives'
import type { ConsensusLog } from '@openliquid/storage'
import type { Logger } from './logger.ts'
import type { ValidatorIdentity } from './validatorIdentity.ts'

const LOG_LOST =
  'the consensus log is empty although this chain has blocks: what this validator signed is not known, so it follows until the next epoch begins'

export interface ConsensusOptionsParts {
  readonly application: Application
  readonly genesisHash: Hash
  readonly log: ConsensusLog
  /** Where the chain here begins, if its state was fetched. */
  readonly base: StateSyncBase | undefined
  readonly self: ValidatorIdentity | undefined
  readonly logger: Logger
  readonly nowMs: number
}

/**
 * What the consensus core starts from: the genesis, the executed chain, and what this node signed before, read back
 * from its log.
 *
 * @see docs/spec/consensus.md §7
 */
export async function consensusOptions(parts: ConsensusOptionsParts): Promise<ConsensusOptions> {
  const { application, genesisHash, log, base, self, logger, nowMs } = parts
  const { genesis, genesisBlock, validatorSet } = application
  const misbehaviors = await application.misbehaviors()
  const recovered = recoverState({
    genesis: genesisBlock,
    records: log.recover(),
    executed: {
      height: application.executedHeight,
      blockAt: (height) => application.blocks.blockAt(height),
      stateRootAt: (height) => application.stateRootAt(height),
      validatorsAt: (height) => application.validatorsAt(height),
      validatorSetOf: (epoch) => application.validatorSetOf(epoch),
      commitProofAt: (height) => application.blocks.commitProofAt(height),
      ...(base === undefined ? {} : { base }),
      misbehaviors: () => misbehaviors,
    },
  })
  const { safety } = recovered
  const mayHaveSigned =
    application.executedHeight > 0n && self !== undefined && wasMember(application, self)
  const isLogLost = safety === undefined && mayHaveSigned
  if (isLogLost) logger.error({}, LOG_LOST)
  return {
    context: { chainId: genesis.chainId, genesisHash },
    genesis: genesisBlock,
    validatorSet,
    params: genesis.consensus,
    scheme: schemeOf(genesis.consensus.scheme),
    nodeScheme: ed25519Scheme,
    recovered,
    ...(self === undefined ? {} : { self }),
    doppelgangerWait: isLogLost || (safety !== undefined && isWatermark(safety)),
    ...(isLogLost ? { signsAfterMs: nowMs + genesis.consensus.clockDriftMsMax } : {}),
  }
}

/** Whether the vote key was in any set so far: another one has signed nothing. */
function wasMember(application: Application, { voteSecretKey }: ValidatorIdentity): boolean {
  const voteKey = schemeOf(application.genesis.consensus.scheme).publicKeyOf(voteSecretKey)
  for (let { epoch } = application.validatorSet; epoch > 0n; epoch -= 1n) {
    const set = application.validatorSetOf(epoch)
    if (set?.validators.some((member) => equalBytes(member.voteKey, voteKey))) return true
  }
  return false
}
