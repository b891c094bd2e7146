import type { Discovery } from './discovery.ts'
import type { HealthReport } from './healthReport.ts'
import type { P2pHost } from './p2pHost.ts'
import type { PeerConduct } from './peerConduct.ts'
import type { PeerLinks } from './peerLinks.ts'
import type { SentryRelay } from './sentryRelay.ts'

const MINUTE_MS = 60_000
/** Gauges follow this many beats behind. */
const REPORT_EVERY = 5

export interface UpkeepOptions {
  readonly links: Pick<PeerLinks, 'beat'>
  readonly conduct: Pick<PeerConduct, 'sweep'>
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
    const { links, conduct, relay, discovery, report, discoveryMs } = this.#options
    links.beat()
    this.#beats++
    this.#options.host()?.beatGossip()
    const at = this.#options.nowMs()
    if (at - this.#lastSweepMs >= MINUTE_MS) {
      this.#lastSweepMs = at
      conduct.sweep()
    }
    relay.beat()
    if (this.#options.isDiscovering() && at - this.#lastDiscoveryMs >= discoveryMs) {
      this.#lastDiscoveryMs = at
      void discovery.tick()
    }
    if (this.#beats % REPORT_EVERY === 0) report.setGauges()
  }
}
