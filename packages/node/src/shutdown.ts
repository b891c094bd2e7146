import type { Logger } from './logger.ts'
import { onStopSignal } from './stopSignals.ts'

const STOP_MS_MAX = 10_000

/** What ends with the process. */
export interface Stoppable {
  stop(): Promise<void>
}

/**
 * Stops on the first SIGTERM or SIGINT and exits 0; a second one exits at once; a stop that hangs is cut after 10 s.
 *
 * An exception that nobody caught is our own error: it is logged and the process ends with 1, never goes on.
 */
export function stopOnSignals(node: Stoppable, logger: Logger): void {
  onStopSignal((signal) => {
    logger.info({ signal }, 'stopping')
    const cut = setTimeout(() => {
      logger.error({}, 'could not stop within 10 s')
      process.exit(1)
    }, STOP_MS_MAX)
    cut.unref()
    node.stop().then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error({ err: error }, 'error while stopping')
        process.exit(1)
      },
    )
  })
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    process.on(event, (error: unknown) => {
      logger.fatal({ err: error }, 'unexpected error; nothing more is signed')
      process.exit(1)
    })
  }
}
