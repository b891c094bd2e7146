import type { BlockResult, ChainView } from '@openliquid/execution'
import { RpcError } from '../errors.ts'
import type { Fields } from '../info/infoFields.ts'
import { FEED_READS_MAX } from '../limits.ts'
import type { RpcLogger } from '../logger.ts'
import { describe } from '../transport/jsonRpc.ts'
import { type BlockDigest, digestOf } from './blockDigest.ts'
import type { EventChannel, FeedMessage, StateChannel } from './feedChannel.ts'
import { type ChannelRequest, marketChannels } from './marketChannels.ts'
import { userChannels } from './userChannels.ts'

const CHANNEL_MAKERS = new Map([...marketChannels, ...userChannels])

/** Subscriptions that exchange clients know and that this version does not have. */
const UNSUPPORTED_TYPES: ReadonlySet<string> = new Set([
  'fastAssetCtxs',
  'notification',
  'explorerBlock',
  'explorerTxs',
  'outcomeMetaUpdates',
])

/** Who listens. Messages are whole texts, shared by all listeners of a channel. */
export interface FeedListener {
  /** Once, before any push: what the subscription starts with. */
  open(messages: readonly string[]): void
  push(message: string): void
}

interface Subscriber {
  readonly listener: FeedListener
  /** Blocks up to this one are in what it started with. */
  readonly sinceHeight: bigint
}

type OpenChannel = { readonly subscribers: Set<Subscriber> } & (
  | { readonly channel: EventChannel }
  | {
      readonly channel: StateChannel
      /** Changed, perhaps, since it was last told. */
      isDirty: boolean
      toldMs: number
      toldText: string | undefined
    }
)

/** What `parse` found in a subscription. */
export interface ParsedSubscription {
  /** Equal for subscriptions that follow the same. */
  readonly key: string
  readonly request: ChannelRequest
}

/**
 * Pushes of the exchange, docs/spec/hyperliquid.md §10.2, for all WebSockets together.
 *
 * Driven by committed blocks alone. Each channel is computed once a block, however many listen. Reads of the state go
 * through the same lock as queries, a few channels at a time, so the next block waits for few of them.
 */
export class ExchangeFeed {
  readonly #view: ChainView
  readonly #logger: RpcLogger
  readonly #channels = new Map<string, OpenChannel>()
  #blocks: BlockResult[] = []
  #isPushing = false
  #stopListening: (() => void) | undefined

  constructor(view: ChainView, logger: RpcLogger) {
    this.#view = view
    this.#logger = logger
  }

  /** Reads a subscription. @throws {RpcError} OL_RPC_SUBSCRIPTION_UNSUPPORTED, OL_RPC_PARAMS */
  parse(fields: Fields): Promise<ParsedSubscription> {
    const { type } = fields
    const make = typeof type === 'string' ? CHANNEL_MAKERS.get(type) : undefined
    if (make === undefined) throw noSuchSubscription(type)
    return this.#view.call(() => {
      const request = make(this.#view, fields)
      return { key: JSON.stringify([type, ...request.key]), request }
    })
  }

  /** Starts to follow. Returns the way to stop. */
  subscribe({ key, request }: ParsedSubscription, listener: FeedListener): Promise<() => void> {
    this.#stopListening ??= this.#view.onBlock((result) => this.#onBlock(result))
    return this.#view.call(async () => {
      // No block comes to its end while this reads, so what is read and what is pushed meet without a gap.
      const subscriber: Subscriber = { listener, sinceHeight: this.#view.head.height }
      const texts = (await this.#openingOf(request)).map(messageText)
      const open = this.#channels.get(key) ?? this.#openChannel(request, texts)
      this.#channels.set(key, open)
      open.subscribers.add(subscriber)
      listener.open(texts)
      return () => this.#remove(key, open, subscriber)
    })
  }

  async #openingOf({ channel }: ChannelRequest): Promise<readonly FeedMessage[]> {
    if (channel.kind === 'events') return channel.opening(this.#view)
    const message = await channel.read(this.#view)
    return message === undefined ? [] : [message]
  }

  /** The first subscriber has been told the state; a later one gets it early and then like the others. */
  #openChannel({ channel }: ChannelRequest, told: readonly string[]): OpenChannel {
    const subscribers = new Set<Subscriber>()
    if (channel.kind === 'events') return { channel, subscribers }
    const [toldText] = told
    const toldMs = toldText === undefined ? 0 : this.#view.core.timestampMs
    return { channel, subscribers, isDirty: false, toldMs, toldText }
  }

  #remove(key: string, open: OpenChannel, subscriber: Subscriber): void {
    open.subscribers.delete(subscriber)
    if (open.subscribers.size > 0) return
    if (this.#channels.get(key) === open) this.#channels.delete(key)
    if (this.#channels.size > 0) return
    this.#stopListening?.()
    this.#stopListening = undefined
  }

  #onBlock(result: BlockResult): void {
    this.#blocks.push(result)
    if (this.#isPushing) return
    this.#isPushing = true
    void this.#pushAll()
  }

  async #pushAll(): Promise<void> {
    try {
      while (this.#blocks.length > 0) {
        const digests = this.#blocks.map(digestOf)
        this.#blocks = []
        for (const digest of digests) this.#pushEvents(digest)
        await this.#pushStates(digests)
      }
    } catch (error) {
      this.#logger.error({ error: describe(error) }, 'a push of the exchange failed')
    } finally {
      this.#isPushing = false
    }
  }

  #pushEvents(block: BlockDigest): void {
    for (const { channel, subscribers } of this.#channels.values()) {
      if (channel.kind !== 'events') continue
      for (const message of channel.after(block)) {
        const text = messageText(message)
        for (const { listener, sinceHeight } of subscribers) {
          if (block.height > sinceHeight) listener.push(text)
        }
      }
    }
  }

  async #pushStates(blocks: readonly BlockDigest[]): Promise<void> {
    const nowMs = blocks.at(-1)?.timestampMs ?? 0
    const due: Extract<OpenChannel, { channel: StateChannel }>[] = []
    for (const open of this.#channels.values()) {
      if (!('isDirty' in open)) continue
      open.isDirty ||= blocks.some((block) => open.channel.isTouched(block))
      if (open.isDirty && nowMs - open.toldMs >= open.channel.intervalMs) due.push(open)
    }
    for (let start = 0; start < due.length; start += FEED_READS_MAX) {
      const part = due.slice(start, start + FEED_READS_MAX)
      const messages = await this.#view.call(() =>
        Promise.all(part.map(({ channel }) => channel.read(this.#view))),
      )
      for (const [index, open] of part.entries()) {
        open.isDirty = false
        const message = messages[index]
        if (message === undefined) continue
        const text = messageText(message)
        if (isSameState(text, open.toldText)) continue
        open.toldText = text
        open.toldMs = nowMs
        for (const { listener } of open.subscribers) listener.push(text)
      }
    }
  }
}

function messageText(message: FeedMessage): string {
  return JSON.stringify(message)
}

/** A new time alone is no news. */
function isSameState(text: string, told: string | undefined): boolean {
  if (told === undefined || told.length !== text.length) return false
  return text === told || withoutTime(text) === withoutTime(told)
}

function withoutTime(text: string): string {
  return text.replace(/"(?:serverTime|time)":\d+/g, '')
}

function noSuchSubscription(type: unknown): RpcError {
  const kind = typeof type === 'string' ? type.slice(0, 100) : 'none'
  const reason = UNSUPPORTED_TYPES.has(kind)
    ? 'this node does not have this subscription yet'
    : 'there is no such subscription'
  return new RpcError(reason, { code: 'OL_RPC_SUBSCRIPTION_UNSUPPORTED', kind })
}
