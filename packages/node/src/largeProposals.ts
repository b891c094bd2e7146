import {
  ANNOUNCED_ID_BYTES,
  type Announcement,
  announcementCodec,
  type Block,
  blockCodec,
  blockHash,
  bytesToHex,
  concatBytes,
  DecodeError,
  type Envelope,
  equalBytes,
  type GossipVerdict,
  type Hash,
  MESSAGE_KIND,
  type PeerId,
  type Proposal,
  payloadRoot,
  TRANSACTION_KIND,
  type Transaction,
  type Transport,
  transactionId,
} from '@openliquid/primitives'
import {
  ANNOUNCEMENTS_PENDING_MAX,
  BLOCK_ANSWER_BYTES_MAX,
  FETCH_TIMEOUT_MS,
  PULL_ATTEMPTS_MAX,
  PUSH_WAIT_MS,
} from './limits.ts'

/** The large proposal without its transactions: they are named by the first bytes of their ids. */
export function announce(proposal: Proposal): Envelope {
  const { header, payload } = proposal.block
  const announcement: Announcement = {
    proposal: {
      ...proposal,
      block: { header, payload: { ...payload, actions: [], evm: [] } },
    },
    actionIds: idsOf(payload.actions, TRANSACTION_KIND.action),
    evmIds: idsOf(payload.evm, TRANSACTION_KIND.evm),
  }
  return {
    kind: MESSAGE_KIND.announcement,
    lane: 'blocks',
    body: announcementCodec.encode(announcement),
  }
}

export interface LargeProposalsOptions {
  readonly network: Pick<Transport, 'request' | 'peers'>
  /** Transactions that wait here, by the first bytes of their ids; `undefined` where there is none or more than one. */
  byIdPrefix(prefixes: readonly string[]): readonly (Transaction | undefined)[]
  /** The core has the block, or it is committed. */
  isKnown(hash: Hash): boolean
  /** Signed by its author, or by whoever leads the view. */
  isSigned(proposal: Proposal, hash: Hash): boolean
  deliver(from: PeerId, proposal: Proposal): void
  onFailure(error: unknown): void
}

/**
 * Bodies of blocks that gossip only announces: pushed to validators, put together from the mempool, or pulled by hash.
 *
 * A few at a time; what is not found in time is left to block sync.
 * @see docs/wire.md, large blocks
 */
export class LargeProposals {
  readonly #options: LargeProposalsOptions
  /** Announced blocks whose body is not here yet, by hash; each ends with the body or without. */
  readonly #pending = new Map<string, Wait>()
  #completed = 0
  #isStopped = false

  constructor(options: LargeProposalsOptions) {
    this.#options = options
  }

  /** Blocks that were put together or pulled here. */
  get completed(): number {
    return this.#completed
  }

  /** Judges an announcement before it is forwarded, and goes for the body. */
  onAnnouncement(from: PeerId, body: Uint8Array): GossipVerdict {
    let announcement: Announcement
    try {
      announcement = announcementCodec.decode(body)
    } catch (error) {
      if (error instanceof DecodeError) return 'reject'
      throw error
    }
    const { proposal } = announcement
    const hash = blockHash(proposal.block.header)
    const { isSigned, isKnown, onFailure } = this.#options
    // Of another epoch, or of a view that we are not in: the signer is not known.
    if (!isSigned(proposal, hash)) return 'ignore'
    const key = bytesToHex(hash)
    if (isKnown(hash) || this.#pending.has(key)) return 'accept'
    if (this.#isStopped || this.#pending.size >= ANNOUNCEMENTS_PENDING_MAX) return 'accept'
    const wait = new Wait()
    this.#pending.set(key, wait)
    this.#complete(from, announcement, { hash, wait })
      .catch(onFailure)
      .finally(() => {
        this.#pending.delete(key)
        wait.end(undefined)
      })
    return 'accept'
  }

  /** A whole proposal came another way. */
  onBlock(block: Block): void {
    this.#pending.get(bytesToHex(blockHash(block.header)))?.end(block)
  }

  /** The block when it comes, for a peer that asks before it is here; `undefined` when none is on its way or none came. */
  async awaited(hash: Hash): Promise<Block | undefined> {
    return this.#pending.get(bytesToHex(hash))?.block
  }

  stop(): void {
    this.#isStopped = true
    for (const wait of this.#pending.values()) wait.end(undefined)
  }

  async #complete(
    from: PeerId,
    announcement: Announcement,
    { hash, wait }: { readonly hash: Hash; readonly wait: Wait },
  ): Promise<void> {
    const { proposal } = announcement
    const { deliver } = this.#options
    const rebuilt = this.#rebuilt(announcement)
    // Validators are pushed the body by its author; to pull it meanwhile would be to get it twice.
    const pushed = rebuilt === undefined ? await wait.within(PUSH_WAIT_MS) : undefined
    const block = rebuilt ?? pushed ?? (await this.#pull(from, hash, proposal))
    wait.end(block)
    // What came by push was delivered where it came in.
    if (block !== undefined && block !== pushed && !this.#isStopped) {
      this.#completed++
      deliver(from, { ...proposal, block })
    }
  }

  /** From our own mempool, when it holds all and exactly the announced transactions. */
  #rebuilt({ proposal, actionIds, evmIds }: Announcement): Block | undefined {
    const { byIdPrefix } = this.#options
    const actions = byIdPrefix(prefixesOf(actionIds))
    if (actions.some((found) => found?.kind !== TRANSACTION_KIND.action)) return undefined
    const evm = byIdPrefix(prefixesOf(evmIds))
    if (evm.some((found) => found?.kind !== TRANSACTION_KIND.evm)) return undefined
    const { header, payload } = proposal.block
    const block = {
      header,
      payload: { ...payload, actions: bytesOf(actions), evm: bytesOf(evm) },
    }
    return isWhole(block) ? block : undefined
  }

  /** Asks who announced it, then others. */
  async #pull(from: PeerId, hash: Hash, { block }: Proposal): Promise<Block | undefined> {
    const { network } = this.#options
    const live = network.peers()
    const others = live.filter((peer) => peer !== from)
    const candidates = [from, ...others].slice(0, PULL_ATTEMPTS_MAX)
    for (const peer of candidates) {
      if (this.#isStopped) return undefined
      try {
        const bytes = await network.request(peer, MESSAGE_KIND.getBlockByHash, hash, {
          timeoutMs: FETCH_TIMEOUT_MS,
          answerBytesMax: BLOCK_ANSWER_BYTES_MAX,
        })
        const { payload } = blockCodec.decode(bytes)
        const pulled = { header: block.header, payload }
        if (isWhole(pulled)) return pulled
      } catch {
        // Refused, late, gone, or no block: the next peer may have it.
      }
    }
    return undefined
  }
}

/** One block that somebody waits for. */
class Wait {
  readonly block: Promise<Block | undefined>
  readonly #resolve: (block: Block | undefined) => void

  constructor() {
    let resolve: (block: Block | undefined) => void = () => undefined
    this.block = new Promise((settle) => {
      resolve = settle
    })
    this.#resolve = resolve
  }

  end(block: Block | undefined): void {
    this.#resolve(block)
  }

  async within(ms: number): Promise<Block | undefined> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), ms)
    })
    try {
      return await Promise.race([this.block, late])
    } finally {
      clearTimeout(timer)
    }
  }
}

function isWhole({ header, payload }: Block): boolean {
  return equalBytes(payloadRoot(payload), header.payloadRoot)
}

function idsOf(transactions: readonly Uint8Array[], kind: Transaction['kind']): Uint8Array {
  const ids = transactions.map((bytes) =>
    transactionId(kind, bytes).subarray(0, ANNOUNCED_ID_BYTES),
  )
  return concatBytes(...ids)
}

function prefixesOf(ids: Uint8Array): string[] {
  const prefixes: string[] = []
  for (let at = 0; at < ids.length; at += ANNOUNCED_ID_BYTES) {
    prefixes.push(bytesToHex(ids.subarray(at, at + ANNOUNCED_ID_BYTES)))
  }
  return prefixes
}

function bytesOf(transactions: readonly (Transaction | undefined)[]): Uint8Array[] {
  return transactions.map((transaction) => transaction?.bytes ?? new Uint8Array(0))
}
