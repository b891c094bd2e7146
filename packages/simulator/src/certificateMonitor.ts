import type { SignatureScheme } from '@openliquid/crypto'
import {
  type Block,
  type BlockHeader,
  blockHash,
  bytesToHex,
  type ConsensusMessage,
  type Epoch,
  type Hash,
  type Height,
  type Hex,
  hexToBytes,
  payloadRoot,
  type QuorumCertificate,
  type SigningContext,
  type ValidatorSet,
  voteDigest,
} from '@openliquid/primitives'
import { PropertyViolation } from './monitors.ts'

/**
 * Watches every certificate and block that honest nodes send: M4, at most one QC per view; M5, what is committed was
 * proposed and is valid; and M3 beyond the commits made: wherever a chain of two proves a commit, the proof must name
 * the block of the one final chain, though nobody may have drawn the conclusion yet.
 */
export class CertificateMonitor {
  readonly #context: SigningContext
  readonly #scheme: SignatureScheme
  readonly #setOf: (epoch: Epoch) => ValidatorSet | undefined
  readonly #isValidPayload: (block: Block) => boolean
  /** By epoch and view. */
  readonly #certified = new Map<string, Hex>()
  readonly #headers = new Map<Hex, BlockHeader>()
  readonly #valid = new Map<Hex, boolean>()
  /** What proofs say about a height. */
  readonly #proven = new Map<Height, Hex>()
  /** QCs over blocks that nobody has shown yet. */
  readonly #waiting = new Map<Hex, QuorumCertificate>()
  readonly #seen = new WeakSet<object>()

  constructor(options: {
    readonly context: SigningContext
    readonly scheme: SignatureScheme
    readonly setOf: (epoch: Epoch) => ValidatorSet | undefined
    readonly genesis: Block
    readonly isValidPayload: (block: Block) => boolean
  }) {
    this.#context = options.context
    this.#scheme = options.scheme
    this.#setOf = options.setOf
    this.#isValidPayload = options.isValidPayload
    const { header } = options.genesis
    this.#headers.set(bytesToHex(blockHash(header)), header)
  }

  /** The highest block that anything seen proves committed. */
  get provenTip(): Hash | undefined {
    let tip: [Height, Hex] | undefined
    for (const entry of this.#proven) if (tip === undefined || entry[0] > tip[0]) tip = entry
    return tip === undefined ? undefined : hexToBytes(tip[1])
  }

  /** Takes a message; of faulty nodes too: a valid certificate is one whoever sends it. */
  onMessage(message: ConsensusMessage): void {
    switch (message.kind) {
      case 'proposal':
        this.onMade(message.proposal.block)
        this.onQC(message.proposal.block.header.qc)
        break
      case 'timeout':
        this.onQC(message.timeout.highQC)
        break
      case 'advanceView':
        this.onQC(message.advanceView.highQC)
        break
      default:
        break
    }
  }

  onQC(qc: QuorumCertificate): void {
    if (qc.view === 0n || this.#seen.has(qc)) return
    this.#seen.add(qc)
    if (!this.#isValid(qc)) return
    const hash = bytesToHex(qc.blockHash)
    const key = `${qc.epoch}/${qc.view}`
    const known = this.#certified.get(key)
    if (known !== undefined && known !== hash) {
      throw new PropertyViolation(
        `M4: two blocks are certified in view ${qc.view} of epoch ${qc.epoch}`,
      )
    }
    if (known !== undefined) return
    this.#certified.set(key, hash)
    const header = this.#headers.get(hash)
    if (header === undefined) this.#waiting.set(hash, qc)
    else this.#conclude(header, qc)
  }

  /** M5, and the other half of M3. */
  onCommitted(node: number, height: Height, hash: Hash): void {
    const key = bytesToHex(hash)
    if (this.#valid.get(key) !== true) {
      throw new PropertyViolation(
        `M5: node ${node} commits height ${height}, which was never validly proposed`,
      )
    }
    this.#agree(height, key, `node ${node} commits`)
  }

  /** A block that was proposed, or was to be when its maker died. */
  onMade(block: Block): void {
    const hash = bytesToHex(blockHash(block.header))
    if (this.#headers.has(hash)) return
    this.#headers.set(hash, block.header)
    const isWhole = bytesToHex(payloadRoot(block.payload)) === bytesToHex(block.header.payloadRoot)
    this.#valid.set(hash, isWhole && this.#isValidPayload(block))
    const qc = this.#waiting.get(hash)
    if (qc === undefined) return
    this.#waiting.delete(hash)
    this.#conclude(block.header, qc)
  }

  #conclude(header: BlockHeader, qc: QuorumCertificate): void {
    if (header.qc.view === 0n || qc.view - header.qc.view !== 1n) return
    // A suffix block is never committed: its height comes again in the next epoch.
    const parent = this.#headers.get(bytesToHex(header.parentHash))
    if (header.flags >= 2 && (parent === undefined || parent.flags >= 2)) return
    this.#agree(
      header.height - 1n,
      bytesToHex(header.parentHash),
      `the QC of view ${qc.view} proves`,
    )
  }

  #agree(height: Height, hash: Hex, who: string): void {
    const known = this.#proven.get(height)
    if (known === undefined) this.#proven.set(height, hash)
    else if (known !== hash) {
      throw new PropertyViolation(`M3: ${who} another block of height ${height} than was proven`)
    }
  }

  #isValid(qc: QuorumCertificate): boolean {
    const set = this.#setOf(qc.epoch)
    if (set === undefined || qc.signers.length !== Math.ceil(set.validators.length / 8))
      return false
    let stake = 0n
    const keys: Uint8Array[] = []
    for (const { index, stake: one, voteKey } of set.validators) {
      const byte = qc.signers[Math.floor(index / 8)] ?? 0
      if (Math.floor(byte / 2 ** (index % 8)) % 2 === 0) continue
      stake += one
      keys.push(voteKey)
    }
    if (stake * 3n <= set.totalStake * 2n) return false
    const digest = voteDigest(this.#context, qc.epoch, qc.view, qc.blockHash)
    return this.#scheme.verifyAggregate(keys, digest, qc.signature)
  }
}
