/** Where the server reports what an operator should know. Fields first, then the message. Never gets request bodies. */
export interface RpcLogger {
  debug(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

const nothing = (): void => undefined

/** For libraries and tests. */
export const silentLogger: RpcLogger = { debug: nothing, warn: nothing, error: nothing }
