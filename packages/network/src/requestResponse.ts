import { InvariantError, type PeerId, type RequestOptions } from '@openliquid/primitives'
import {
  NetworkError,
  type NetworkFailure,
  type PeerFault,
  peerFault,
  type RefusalReason,
} from './errors.ts'
import {
  checkKind,
  encodeFrame,
  FRAME_TYPE,
  type Frame,
  FrameReader,
  MESSAGE_KIND_MAX,
} from './frame.ts'
import {
  ANSWER_BYTES_MAX,
  ANSWERS_MAX,
  ANSWERS_PER_PEER_MAX,
  REQUEST_BYTES_MAX,
  REQUESTS_PER_PEER_MAX,
} from './limits.ts'
import type { ByteStream } from './p2pHost.ts'
import { rethrow } from './rethrow.ts'

/** One stream a request: its flow control, its deadline and its end are the request's. */
export const REQUEST_PROTOCOL = '/openliquid/request/1'

const REFUSALS: readonly RefusalReason[] = [
  'refused',
  'busy',
  'rate',
  'stranger',
  'size',
  'malformed',
]

export interface RequestCounters {
  sent: number
  failed: number
  answered: number
  refused: number
}

export interface RequestResponseOptions {
  readonly counters: RequestCounters
  /** Time to send the request, and the handler's time to answer it. */
  readonly frameTimeoutMs: number
  readonly answerTimeoutMs: number
  nowMs(): number
  openStream(peer: PeerId, protocol: string, timeoutMs: number): Promise<ByteStream>
  isLive(peer: PeerId): boolean
  /** False: the peer is over its quota. */
  allow(traffic: 'requests' | 'answers', peer: PeerId, bytes: number): boolean
  handle(from: PeerId, kind: number, body: Uint8Array): Promise<Uint8Array | undefined>
  /** The peer's request is none, or does not end. */
  onFault(peer: PeerId, fault: PeerFault): void
}

/** Asks and answers. Bounded on both sides: size, time, number under way per peer and together. */
export class RequestResponse {
  readonly #options: RequestResponseOptions
  readonly #asking = new Map<PeerId, number>()
  readonly #answering = new Map<PeerId, number>()
  readonly #open = new Set<{ end(): void }>()
  #answers = 0
  #stopped = false

  constructor(options: RequestResponseOptions) {
    this.#options = options
  }

  /** @throws {NetworkError} OL_REQUEST_…, OL_NETWORK_KIND, OL_NETWORK_BODY_SIZE */
  async request(
    peer: PeerId,
    kind: number,
    body: Uint8Array,
    { timeoutMs, answerBytesMax }: RequestOptions,
  ): Promise<Uint8Array> {
    const { counters, isLive, openStream, nowMs } = this.#options
    checkKind(kind)
    if (body.length > REQUEST_BYTES_MAX) {
      const size = { kind, size: body.length, max: REQUEST_BYTES_MAX }
      throw new NetworkError('the request is too large', { code: 'OL_NETWORK_BODY_SIZE', ...size })
    }
    if (this.#stopped || !isLive(peer)) throw requestError('OL_REQUEST_UNREACHABLE', peer, kind)
    const under = this.#asking.get(peer) ?? 0
    if (under >= REQUESTS_PER_PEER_MAX) throw requestError('OL_REQUEST_BUSY', peer, kind)
    this.#asking.set(peer, under + 1)
    counters.sent++
    const deadlineMs = nowMs() + timeoutMs
    try {
      const stream = await openStream(peer, REQUEST_PROTOCOL, timeoutMs).catch((cause) => {
        const isLate = nowMs() >= deadlineMs
        throw isLate
          ? timeoutError(peer, kind, timeoutMs)
          : requestError('OL_REQUEST_DISCONNECTED', peer, kind, cause)
      })
      return await this.#exchange(stream, {
        peer,
        kind,
        body,
        timeoutMs,
        deadlineMs,
        answerBytesMax,
      })
    } catch (cause) {
      counters.failed++
      throw cause
    } finally {
      lower(this.#asking, peer)
    }
  }

  /** A peer opened a stream of the request protocol. */
  onStream(peer: PeerId, stream: ByteStream): void {
    const { nowMs, frameTimeoutMs, answerTimeoutMs, onFault } = this.#options
    const reader = new FrameReader((type) =>
      type >= 1 && type <= MESSAGE_KIND_MAX ? REQUEST_BYTES_MAX : undefined,
    )
    const session = {
      end: (): void => {
        clearTimeout(deadline)
        this.#open.delete(session)
        reader.end()
        stream.abort('request over')
      },
    }
    let deadline = setTimeout(() => {
      session.end()
      onFault(peer, peerFault('OL_FRAME_TIMEOUT', `no request within ${frameTimeoutMs} ms`))
    }, frameTimeoutMs)
    this.#open.add(session)
    let isAsked = false
    stream.listen({
      onBytes: (bytes) => {
        const fault = reader.read(bytes, nowMs(), (frame) => {
          if (isAsked) return
          isAsked = true
          clearTimeout(deadline)
          deadline = setTimeout(session.end, answerTimeoutMs)
          this.#answer(peer, stream, frame)
        })
        if (fault === undefined) return
        this.#refuse(stream, fault.code === 'OL_FRAME_SIZE' ? 'size' : 'malformed')
        onFault(peer, fault)
      },
      onDrain: () => undefined,
      onClose: () => session.end(),
    })
  }

  stop(): void {
    this.#stopped = true
    for (const session of this.#open) session.end()
  }

  #exchange(
    stream: ByteStream,
    asked: {
      readonly peer: PeerId
      readonly kind: number
      readonly body: Uint8Array
      readonly timeoutMs: number
      readonly deadlineMs: number
      readonly answerBytesMax: number
    },
  ): Promise<Uint8Array> {
    const { peer, kind, body, timeoutMs } = asked
    const { nowMs } = this.#options
    const answerBytesMax = Math.min(asked.answerBytesMax, ANSWER_BYTES_MAX)
    return new Promise((resolve, reject) => {
      const reader = new FrameReader((type) => {
        if (type === FRAME_TYPE.answer) return answerBytesMax
        return type === FRAME_TYPE.refusal ? 1 : undefined
      })
      const finish = (settle: () => void): void => {
        clearTimeout(deadline)
        if (!this.#open.delete(session)) return
        reader.end()
        stream.close()
        settle()
      }
      const session = {
        end: () => finish(() => reject(requestError('OL_REQUEST_DISCONNECTED', peer, kind))),
      }
      const deadline = setTimeout(
        () => finish(() => reject(timeoutError(peer, kind, timeoutMs))),
        Math.max(0, asked.deadlineMs - nowMs()),
      )
      this.#open.add(session)
      stream.listen({
        onBytes: (bytes) => {
          const fault = reader.read(bytes, nowMs(), (frame) => {
            if (frame.type === FRAME_TYPE.answer) return finish(() => resolve(frame.body))
            const reason = REFUSALS[frame.body[0] ?? 0] ?? 'refused'
            finish(() => reject(refusedError(peer, kind, reason)))
          })
          if (fault !== undefined) finish(() => reject(answerError(peer, kind, fault.detail)))
        },
        onDrain: () => undefined,
        onClose: () => session.end(),
      })
      if (this.#stopped) return session.end()
      stream.send(encodeFrame(kind, body))
    })
  }

  #answer(peer: PeerId, stream: ByteStream, { type, body }: Frame): void {
    const { allow, isLive, handle, counters, answerTimeoutMs } = this.#options
    if (!isLive(peer)) {
      this.#refuse(stream, 'stranger')
      return
    }
    if (!allow('requests', peer, body.length)) {
      this.#refuse(stream, 'rate')
      return
    }
    const under = this.#answering.get(peer) ?? 0
    if (under >= ANSWERS_PER_PEER_MAX || this.#answers >= ANSWERS_MAX) {
      this.#refuse(stream, 'busy')
      return
    }
    this.#answering.set(peer, under + 1)
    this.#answers++
    const finish = (): void => {
      this.#answers--
      lower(this.#answering, peer)
    }
    handle(peer, type, body).then(
      (answer) => {
        finish()
        if (answer === undefined) return this.#refuse(stream, 'refused')
        if (answer.length > ANSWER_BYTES_MAX) return this.#refuse(stream, 'size')
        if (!allow('answers', peer, answer.length)) return this.#refuse(stream, 'rate')
        counters.answered++
        stream.send(encodeFrame(FRAME_TYPE.answer, answer))
        stream.close(answerTimeoutMs)
      },
      (cause) => {
        finish()
        this.#refuse(stream, 'refused')
        if (cause instanceof InvariantError) rethrow(cause)
      },
    )
  }

  #refuse(stream: ByteStream, reason: RefusalReason): void {
    this.#options.counters.refused++
    stream.send(encodeFrame(FRAME_TYPE.refusal, Uint8Array.of(REFUSALS.indexOf(reason))))
    stream.close()
  }
}

function lower(counts: Map<PeerId, number>, peer: PeerId): void {
  const count = (counts.get(peer) ?? 1) - 1
  if (count > 0) counts.set(peer, count)
  else counts.delete(peer)
}

type PlainFailure = Extract<
  NetworkFailure['code'],
  'OL_REQUEST_UNREACHABLE' | 'OL_REQUEST_DISCONNECTED' | 'OL_REQUEST_BUSY'
>

const PLAIN_MESSAGES: Readonly<Record<PlainFailure, string>> = {
  OL_REQUEST_UNREACHABLE: 'no live channel to the peer',
  OL_REQUEST_DISCONNECTED: 'the peer disconnected before it answered',
  OL_REQUEST_BUSY: `${REQUESTS_PER_PEER_MAX} requests to the peer are under way`,
}

function requestError(
  code: PlainFailure,
  peer: PeerId,
  kind: number,
  cause?: unknown,
): NetworkError {
  return new NetworkError(PLAIN_MESSAGES[code], { code, peer, kind }, { cause })
}

function timeoutError(peer: PeerId, kind: number, timeoutMs: number): NetworkError {
  const code = 'OL_REQUEST_TIMEOUT'
  return new NetworkError(`no answer within ${timeoutMs} ms`, { code, peer, kind, timeoutMs })
}

function refusedError(peer: PeerId, kind: number, reason: RefusalReason): NetworkError {
  const code = 'OL_REQUEST_REFUSED'
  return new NetworkError(`the peer refused the request: ${reason}`, { code, peer, kind, reason })
}

function answerError(peer: PeerId, kind: number, fault: string): NetworkError {
  return new NetworkError(`the answer is unusable: ${fault}`, {
    code: 'OL_REQUEST_ANSWER',
    peer,
    kind,
    fault,
  })
}
