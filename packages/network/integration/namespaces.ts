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

/** What a node of a namespace is told. */
export interface NamespaceConfig {
  readonly index: number
  readonly count: number
  /** Where each node listens. */
  readonly addresses: readonly string[]
  /** True or false: no peers are given. */
  readonly mdns?: boolean
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

function nodeIn(
  namespace: string,
  config: NamespaceConfig,
): { readonly events: readonly ToldEvent[]; readonly end: () => void } {
  const child = spawn(
    'ip',
    [
      ...['netns', 'exec', namespace, process.execPath],
      ...['--conditions=openliquid:source', '--import', 'tsx', NODE_FILE],
      JSON.stringify(config),
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  )
  const events: ToldEvent[] = []
  createInterface({ input: child.stdout }).on('line', (line) => {
    events.push({ ...(JSON.parse(line) as ToldEvent), atMs: performance.now() })
  })
  return { events, end: () => child.kill('SIGKILL') }
}

/** Nodes side by side in one namespace that is connected to nothing: what they send to all stays among them. */
export function nodesOfOneNamespace(
  configs: readonly Pick<NamespaceConfig, 'mdns'>[],
): AsyncDisposable & { readonly events: readonly (readonly ToldEvent[])[] } {
  const name = `ol${process.pid % 100_000}m`
  const ends: (() => void)[] = [() => ip('netns', 'del', name)]
  const dispose = async (): Promise<void> => {
    for (const end of ends.reverse()) end()
  }
  ip('netns', 'add', name)
  ip('-n', name, 'link', 'set', 'lo', 'up')
  ip('-n', name, 'link', 'add', 'lan', 'type', 'veth', 'peer', 'name', 'end')
  ip('-n', name, 'link', 'set', 'end', 'up')
  ip('-n', name, 'addr', 'add', '10.98.0.1/24', 'dev', 'lan')
  ip('-n', name, 'link', 'set', 'lan', 'up', 'multicast', 'on')
  ip('-n', name, 'route', 'add', '224.0.0.0/4', 'dev', 'lan')
  const addresses = configs.map((_, i) => `/ip4/10.98.0.1/tcp/${9_600 + i}`)
  const events = configs.map(({ mdns }, index) => {
    const count = configs.length
    const node = nodeIn(name, {
      index,
      count,
      addresses,
      ...(mdns === undefined ? {} : { mdns }),
    })
    ends.push(node.end)
    return node.events
  })
  return { events, [Symbol.asyncDispose]: dispose }
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
      const { events, end } = nodeIn(name, { index, count, addresses })
      ends.push(end)
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
