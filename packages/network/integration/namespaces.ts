/** Real network namespaces on one bridge: cuts are links that go down, without a word to TCP. */
import { execFileSync, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const NODE_FILE = fileURLToPath(new URL('namespaceNode.ts', import.meta.url))

function ip(...args: readonly string[]): void {
  execFileSync('ip', args, { stdio: 'pipe' })
}

/** Why namespaces cannot be used here, if they cannot. */
export function namespacesMissing(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces need Linux'
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  const name = `olt${process.pid}`
  try {
    ip('netns', 'add', name)
    try {
      ip('link', 'add', `${name}b`, 'type', 'bridge')
      ip('link', 'del', `${name}b`)
    } finally {
      ip('netns', 'del', name)
    }
    return undefined
  } catch (cause) {
    return `network namespaces cannot be made: ${String(cause).split('\n')[0]}`
  }
}

export interface ToldEvent {
  readonly kind: string
  readonly validator?: number
  readonly head?: { readonly headHeight: string }
  /** Milliseconds of the test's clock. */
  readonly atMs: number
}

export interface NamespaceNode {
  readonly events: readonly ToldEvent[]
  hasQuorum(): boolean
  /** The link to the bridge falls silent in both directions. */
  cut(): void
  heal(): void
  /** What this node sends to another is lost; what comes from there arrives. */
  blackhole(other: number): void
  unblackhole(other: number): void
}

export interface Namespaces extends AsyncDisposable {
  readonly nodes: readonly NamespaceNode[]
}

export function namespaces(count: number): Namespaces {
  const prefix = `ol${process.pid % 100_000}`
  const bridge = `${prefix}b`
  const subnet = `10.${99 + (process.pid % 100)}.${(process.pid >> 7) % 250}`
  const addresses = Array.from({ length: count }, (_, i) => `/ip4/${subnet}.${i + 1}/tcp/9600`)
  const ends: (() => void)[] = []
  const stop = (): void => {
    for (const end of ends.reverse()) {
      try {
        end()
      } catch {
        // What was not made cannot be removed; the rest still is.
      }
    }
  }
  try {
    ends.push(() => ip('link', 'del', bridge))
    ip('link', 'add', bridge, 'type', 'bridge')
    ip('link', 'set', bridge, 'up')
    const nodes = addresses.map((_, index): NamespaceNode => {
      const name = `${prefix}n${index}`
      const link = `${prefix}v${index}`
      ends.push(() => ip('netns', 'del', name))
      ip('netns', 'add', name)
      ends.push(() => ip('link', 'del', link))
      ip('link', 'add', link, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
      ip('link', 'set', link, 'master', bridge, 'up')
      const inside = (...args: readonly string[]): void => ip('-n', name, ...args)
      inside('link', 'set', 'lo', 'up')
      inside('addr', 'add', `${subnet}.${index + 1}/24`, 'dev', 'eth0')
      inside('link', 'set', 'eth0', 'up')
      const child = spawn(
        'ip',
        [
          ...['netns', 'exec', name, process.execPath],
          ...['--conditions=openliquid:source', '--import', 'tsx', NODE_FILE],
          JSON.stringify({ index, count, addresses }),
        ],
        { stdio: ['pipe', 'pipe', 'inherit'] },
      )
      ends.push(() => child.kill('SIGKILL'))
      const events: ToldEvent[] = []
      createInterface({ input: child.stdout }).on('line', (line) => {
        events.push({ ...(JSON.parse(line) as ToldEvent), atMs: performance.now() })
      })
      return {
        events,
        hasQuorum: () =>
          events.findLast(({ kind }) => kind.startsWith('quorum'))?.kind === 'quorumReached',
        cut: () => ip('link', 'set', link, 'down'),
        heal: () => ip('link', 'set', link, 'up'),
        blackhole: (other) => inside('route', 'add', 'blackhole', `${subnet}.${other + 1}/32`),
        unblackhole: (other) => inside('route', 'del', 'blackhole', `${subnet}.${other + 1}/32`),
      }
    })
    return {
      nodes,
      async [Symbol.asyncDispose]() {
        stop()
      },
    }
  } catch (cause) {
    stop()
    throw cause
  }
}
