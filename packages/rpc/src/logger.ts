/** Where the server reports what an operator should know. Never gets request bodies or keys. */
export interface RpcLogger {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void
  error(message: string, fields?: Readonly<Record<string, unknown>>): void
}

const nothing = (): void => undefined

/** For libraries and tests. */
export const silentLogger: RpcLogger = { debug: nothing, warn: nothing, error: nothing }
