import { z } from 'zod'

const DURATION_UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const
const SIZE_UNITS = { B: 1, KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 } as const

const port = z.coerce.number().int().min(0).max(65_535)
const host = z.string().min(1).max(255)
const count = (max: number) => z.coerce.number().int().min(1).max(max)
/** Environment and flags are text; a config file has real booleans. */
const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')])
const list = z.union([
  z.array(z.string()),
  z.string().transform((text) => text.split(',').filter((item) => item !== '')),
])

function unit(units: Readonly<Record<string, number>>, example: string) {
  const pattern = new RegExp(`^(\\d{1,9})(${Object.keys(units).join('|')})$`)
  return z.string().transform((text, context) => {
    const [, amount, name] = pattern.exec(text) ?? []
    if (amount === undefined || name === undefined) {
      context.addIssue({
        code: 'custom',
        message: `wants a number with a unit, such as ${example}`,
      })
      return z.NEVER
    }
    return Number(amount) * (units[name] ?? 1)
  })
}
const duration = unit(DURATION_UNITS, '"250ms"')
const size = unit(SIZE_UNITS, '"64MiB"')

/**
 * Every setting of a node, with its default and its one line of help. The flags, the environment variables, the
 * default file and docs/operations.md follow this table.
 */
const configSchema = z.strictObject({
  node: z.strictObject({
    moniker: z.string().min(1).max(64).default('openliquid').describe('name in logs'),
    validator: flag.default(true).describe('sign when the keys are of a validator in the genesis'),
  }),
  network: z.strictObject({
    host: host.default('127.0.0.1').describe('address to listen on for peers'),
    port: port.default(9_600).describe('TCP port for peers; 0 takes any free one'),
    peers: list.default([]).describe('multiaddresses of other nodes, with their peer ids'),
    announce: list.default([]).describe('multiaddresses told to others in place of the own'),
    discovery: flag.default(true).describe('ask peers for more peers, and tell them of ours'),
    mdns: flag.default(false).describe('find nodes of the local network; for development'),
    dht: flag.default(false).describe('find peers by a distributed hash table too'),
    allow: list.default([]).describe('peer ids that may connect; empty: everybody may'),
    private: flag
      .default(false)
      .describe('a validator that hides: its peers are its sentries, and it knows nobody else'),
    relayFor: list.default([]).describe('peer ids of validators whose sentry this node is'),
  }),
  sync: z.strictObject({
    stateSyncThreshold: count(1_000_000_000)
      .default(2_000)
      .describe('blocks behind above which a state is fetched instead of blocks'),
    snapshotInterval: z.coerce
      .number()
      .int()
      .min(0)
      .max(1_000_000_000)
      .default(10_000)
      .describe('blocks between snapshots for nodes that join; 0 makes none'),
    snapshotsKept: count(4).default(2).describe('snapshots kept'),
    trustedCheckpoint: z
      .string()
      .default('')
      .describe('height:hash of a block that you trust, for a node that was away for long'),
  }),
  mempool: z.strictObject({
    transactions: count(1_000_000).default(50_000).describe('transactions kept, of both kinds'),
    bytes: size.prefault('64MiB').describe('bytes kept'),
    perSender: count(100_000).default(4_096).describe('transactions kept for one sender'),
  }),
  core: z.strictObject({
    roomOrders: z.coerce
      .number()
      .int()
      .min(0)
      .max(4_000_000)
      .default(100_000)
      .describe('resting orders whose memory is taken at the start'),
  }),
  rpc: z.strictObject({
    host: host.default('127.0.0.1').describe('address to listen on for clients'),
    port: port.default(8_545).describe('HTTP and WebSocket port; 0 takes any free one'),
    serveEth: flag.default(false).describe('serve Ethereum JSON-RPC'),
    serveInfo: flag.default(false).describe('serve /info and /exchange'),
    allowRemote: flag.default(false).describe('allow an address other than loopback'),
    answerTimeout: duration.prefault('10s').describe('longest wait for a block to answer with'),
  }),
  oracle: z.strictObject({
    source: z
      .string()
      .max(4_096)
      .regex(/^(none|walk|file:.+)$/, 'wants none, walk or file:PATH')
      .default('none')
      .describe('prices that a validator submits: none, walk (seeded, for development), file:PATH'),
  }),
  metrics: z.strictObject({
    enabled: flag.default(true).describe('serve /metrics, /healthz, /readyz and /status'),
    host: host.default('127.0.0.1').describe('address to listen on'),
    port: port.default(9_601).describe('HTTP port; 0 takes any free one'),
  }),
  log: z.strictObject({
    level: z
      .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
      .default('info')
      .describe('least severe level that is written'),
    format: z
      .enum(['auto', 'json', 'pretty'])
      .default('auto')
      .describe('auto is pretty on a terminal and json elsewhere'),
  }),
})

/** All settings of a node, checked. `SETTINGS` says what each is for. */
export interface NodeConfig {
  readonly node: { readonly moniker: string; readonly validator: boolean }
  readonly network: {
    readonly host: string
    readonly port: number
    readonly peers: readonly string[]
    readonly announce: readonly string[]
    readonly discovery: boolean
    readonly mdns: boolean
    readonly dht: boolean
    readonly allow: readonly string[]
    readonly private: boolean
    readonly relayFor: readonly string[]
  }
  readonly sync: {
    readonly stateSyncThreshold: number
    readonly snapshotInterval: number
    readonly snapshotsKept: number
    readonly trustedCheckpoint: string
  }
  readonly mempool: {
    readonly transactions: number
    readonly bytes: number
    readonly perSender: number
  }
  readonly core: { readonly roomOrders: number }
  readonly rpc: {
    readonly host: string
    readonly port: number
    readonly serveEth: boolean
    readonly serveInfo: boolean
    readonly allowRemote: boolean
    readonly answerTimeoutMs: number
  }
  readonly oracle: { readonly source: string }
  readonly metrics: { readonly enabled: boolean; readonly host: string; readonly port: number }
  readonly log: {
    readonly level: 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'
    readonly format: 'auto' | 'json' | 'pretty'
  }
}

/** The checked settings, or the first that does not fit. */
export type ConfigCheck =
  | { readonly ok: true; readonly config: NodeConfig }
  | { readonly ok: false; readonly path: string; readonly reason: string }

/** @param sections - values by section and key as `SETTINGS` names them; what is missing takes its default */
export function checkConfig(sections: Readonly<Record<string, unknown>>): ConfigCheck {
  const result = configSchema.safeParse({ ...EMPTY_SECTIONS, ...sections })
  if (result.success) {
    const { rpc, ...rest } = result.data
    const { answerTimeout, ...rpcRest } = rpc
    return { ok: true, config: { ...rest, rpc: { ...rpcRest, answerTimeoutMs: answerTimeout } } }
  }
  const issue = result.error.issues[0]
  const [section, key] = issue?.path ?? []
  const setting = SETTINGS.find((item) => item.section === section && item.key === key)
  const path = setting?.path ?? String(section)
  return { ok: false, path, reason: issue?.message ?? 'not valid' }
}

/** One setting as people write it. */
export interface Setting {
  /** `section.key-in-kebab-case`: the flag without its dashes, and the place in config.toml. */
  readonly path: string
  readonly section: string
  readonly key: string
  /** `OPENLIQUID_SECTION__KEY`. */
  readonly variable: string
  readonly help: string
  /** As it stands in the default file. */
  readonly defaultValue: unknown
}

/** The table of settings in file order. */
export const SETTINGS: readonly Setting[] = Object.entries(configSchema.shape).flatMap(
  ([section, { shape }]) =>
    Object.entries(shape).map(([key, schema]) => ({
      path: `${section}.${kebabCase(key)}`,
      section,
      key,
      variable: `OPENLIQUID_${section.toUpperCase()}__${kebabCase(key).replaceAll('-', '_').toUpperCase()}`,
      help: schema.description ?? '',
      defaultValue: schema.def.defaultValue,
    })),
)

const EMPTY_SECTIONS = Object.fromEntries(Object.keys(configSchema.shape).map((name) => [name, {}]))

function kebabCase(key: string): string {
  return key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
}
