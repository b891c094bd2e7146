import type { Discovery } from './discovery.ts'
import type { HealthReport } from './healthReport.ts'
import type { P2pHost } from './p2pHost.ts'
import type { PeerLinks } from './peerLinks.ts'
import type { SentryRelay } from './sentryRelay.ts'

const MINUTE_MS = 60_000
/** What is not due with every beat is looked at so often. */
const LOOK_EVERY = 5

export interface UpkeepOptions {
  readonly links: Pick<PeerLinks, 'beat'>
  /** What remembers peers or addresses. */
  readonly swept: readonly { sweep(): void }[]
  readonly relay: Pick<SentryRelay, 'beat'>
  readonly discovery: Pick<Discovery, 'tick'>
  readonly report: Pick<HealthReport, 'setGauges'>
  readonly discoveryMs: number
  host(): Pick<P2pHost, 'beatGossip'> | undefined
  isDiscovering(): boolean
  nowMs(): number
}

/** All that has to be done again and again hangs on the one timer of the heartbeat: an idle node wakes for nothing else. */
export class Upkeep {
  readonly #options: UpkeepOptions
  #lastSweepMs = 0
  #lastDiscoveryMs = 0
  #beats = 0

  constructor(options: UpkeepOptions) {
    this.#options = options
  }

  beat(): void {
    const { links, swept, relay, discovery, report, discoveryMs } = this.#options
    links.beat()
    this.#options.host()?.beatGossip()
    relay.beat()
    this.#beats++
    if (this.#beats % LOOK_EVERY !== 0) return
    report.setGauges()
    const at = this.#options.nowMs()
    if (at - this.#lastSweepMs >= MINUTE_MS) {
      this.#lastSweepMs = at
      for (const one of swept) one.sweep()
    }
    if (this.#options.isDiscovering() && at - this.#lastDiscoveryMs >= discoveryMs) {
      this.#lastDiscoveryMs = at
      void discovery.tick()
    }
  }
}
