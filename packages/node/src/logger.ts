import { pino } from 'pino'
import pretty from 'pino-pretty'
import type { NodeConfig } from './configSchema.ts'

/** What the node needs of a logger; pino is one. Fields first, then the message. */
export interface Logger {
  child(fields: Readonly<Record<string, unknown>>): Logger
  isLevelEnabled(level: string): boolean
  fatal(fields: object, message: string): void
  error(fields: object, message: string): void
  warn(fields: object, message: string): void
  info(fields: object, message: string): void
  debug(fields: object, message: string): void
}

/** Never written, whatever object carries them. */
const REDACTED = ['key', 'secret', 'password', 'mnemonic', 'authorization', 'jwt'].flatMap(
  (name) => [name, `*.${name}`],
)

/** JSON lines with ISO times, or coloured lines on a terminal. */
export function createLogger(config: NodeConfig['log']): Logger {
  const options = {
    level: config.level,
    base: null,
    redact: REDACTED,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  }
  const isPretty =
    config.format === 'pretty' || (config.format === 'auto' && process.stdout.isTTY === true)
  if (!isPretty) return pino(options, pino.destination({ dest: 1, sync: true }))
  return pino(options, pretty({ sync: true, colorize: !('NO_COLOR' in process.env) }))
}

/** A logger that writes nothing, for libraries and tests. */
export const silentLogger: Logger = {
  child: () => silentLogger,
  isLevelEnabled: () => false,
  fatal: () => undefined,
  error: () => undefined,
  warn: () => undefined,
  info: () => undefined,
  debug: () => undefined,
}
