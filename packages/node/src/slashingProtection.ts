import {
  compareWatermarks,
  decodeSafetyData,
  encodeSafetyData,
  type SafetyData,
  safetyAt,
  type Watermark,
  watermarkOf,
} from '@openliquid/consensus'
import { schemeOf } from '@openliquid/crypto'
import { bytesToHex, type Hash } from '@openliquid/primitives'
import { type ConsensusLog, openConsensusLog, openStore } from '@openliquid/storage'
import { checkDataDirectory, type DataDirectory, requireDataDirectory } from './dataDirectory.ts'
import { explain, NodeError } from './errors.ts'
import { readGenesisFile } from './genesisFile.ts'
import { exportInterchange, type Interchange, readInterchange } from './interchange.ts'
import { readKeyFiles } from './keyFiles.ts'

/** What a mark was set to, and what stood there before. */
export interface Raised {
  readonly before: Watermark | undefined
  readonly now: Watermark
}

/** What the log says of the signatures of one key, each by its view; 0 where there is none. */
export interface SignedViews {
  readonly voteKey: Uint8Array
  readonly epoch: bigint
  /** No vote at or below it. */
  readonly lastVotedView: bigint
  /** No timeout that names a QC below it. */
  readonly lockedView: bigint
  readonly vote: bigint
  readonly timeout: bigint
  readonly proposal: bigint
}

/**
 * Reads and writes what a stopped validator may no longer sign. The consensus log is the only store of it: there is
 * nothing on the signing path that could say something else.
 *
 * @see docs/spec/ecosystem.md §7, docs/spec/consensus.md §7
 */
export class SlashingProtection {
  readonly #directory: DataDirectory

  constructor(directory: DataDirectory) {
    requireDataDirectory(directory)
    this.#directory = directory
  }

  /** @throws {NodeError} OL_NODE_SLASHING: nothing was ever signed here, or the log is lost */
  export(): Promise<Interchange> {
    return this.#withLog(async (log, { chainId, genesisHash, voteKey }) => {
      const data = newestSafety(log)
      if (data === undefined) throw this.#refuse('there is no safety data in the consensus log')
      return exportInterchange(data, { context: { chainId, genesisHash }, voteKey })
    })
  }

  /** @throws {NodeError} OL_NODE_SLASHING: nothing was ever signed here, or the log is lost */
  show(): Promise<SignedViews> {
    return this.#withLog(async (log, { voteKey }) => {
      const data = newestSafety(log)
      if (data === undefined) throw this.#refuse('there is no safety data in the consensus log')
      const { epoch, lastProposed, lastTimeout, lastVote, lastVotedView, lockedView } = data
      return {
        voteKey,
        epoch,
        lastVotedView,
        lockedView,
        vote: lastVote?.view ?? 0n,
        timeout: lastTimeout?.view ?? 0n,
        proposal: lastProposed?.view ?? 0n,
      }
    })
  }

  /** Raises the mark to what the file says was signed; a lower file changes nothing. */
  import(file: {
    readonly path: string
    readonly text: string
    readonly epoch?: bigint
  }): Promise<Raised> {
    return this.#withLog(async (log, { genesisHash, voteKey }) => {
      const { path, text, epoch } = file
      const mark = readInterchange(text, { path, epoch, genesisHash, voteKey })
      const data = newestSafety(log)
      const before = data === undefined ? undefined : watermarkOf(data)
      const now = before !== undefined && compareWatermarks(before, mark) > 0 ? before : mark
      // Also where the view stays: the other place may have locked up to it.
      return write(log, { before, now })
    })
  }

  /**
   * Sets the mark: nothing was ever signed above it.
   *
   * @throws {NodeError} OL_NODE_SLASHING: the log knows of a higher view
   */
  reset(mark: Watermark): Promise<Raised> {
    return this.#withLog(async (log) => {
      const data = newestSafety(log)
      const before = data === undefined ? undefined : watermarkOf(data)
      if (before !== undefined && compareWatermarks(mark, before) < 0) {
        throw this.#refuse(
          `epoch ${mark.epoch} view ${mark.view} is below epoch ${before.epoch} view ${before.view}, which the log says was signed in`,
        )
      }
      return write(log, { before, now: mark })
    })
  }

  async #withLog<T>(work: (log: ConsensusLog, chain: ChainKeys) => Promise<T>): Promise<T> {
    const directory = this.#directory
    const { genesis, hash } = readGenesisFile(directory.genesis)
    checkDataDirectory(directory, bytesToHex(hash))
    const { voteSecret } = await readKeyFiles(directory)
    if (voteSecret === undefined)
      throw this.#refuse('the folder is a follower’s: it has no vote key')
    const voteKey = schemeOf(genesis.consensus.scheme).publicKeyOf(voteSecret)
    // The lock of the database guards the whole folder: a running node holds it.
    const store = await openStore(directory.db)
    try {
      const log = openConsensusLog({ path: directory.wal })
      try {
        return await work(log, { chainId: genesis.chainId, genesisHash: hash, voteKey })
      } finally {
        log.close()
      }
    } finally {
      await store.close()
    }
  }

  #refuse(reason: string): NodeError {
    return new NodeError(
      explain(
        'slashing protection refuses',
        reason,
        'give a view that is at or above every one ever signed in: when in doubt, the present one of the chain',
      ),
      { code: 'OL_NODE_SLASHING', path: this.#directory.wal, reason },
    )
  }
}

interface ChainKeys {
  readonly chainId: number
  readonly genesisHash: Hash
  readonly voteKey: Uint8Array
}

function newestSafety(log: ConsensusLog): SafetyData | undefined {
  const record = log.recover().findLast(({ kind }) => kind === 'safety')
  return record === undefined ? undefined : decodeSafetyData(record.body)
}

function write(log: ConsensusLog, raised: Raised): Raised {
  log.append([{ kind: 'safety', body: encodeSafetyData(safetyAt(raised.now)) }], { sync: true })
  return raised
}
