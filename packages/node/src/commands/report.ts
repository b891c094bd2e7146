import { codeOf, explain, NodeError, reasonOf } from '../errors.ts'
import { type ExitCode, exitCodeOf } from '../exitCodes.ts'

/** Prints what, why and what to do on stderr, and returns the exit code. */
export function reportFailure(error: unknown, { json }: { readonly json: boolean }): ExitCode {
  const exitCode = exitCodeOf(error)
  const message = messageOf(error)
  const text = json
    ? JSON.stringify({ error: { code: codeOf(error) ?? 'OL_NODE_UNEXPECTED', message, exitCode } })
    : `openliquid-node: ${message}`
  process.stderr.write(`${text}\n`)
  return exitCode
}

function messageOf(error: unknown): string {
  if (error instanceof NodeError) return error.message
  // Coded errors of the other packages say the three things in one line.
  if (codeOf(error)?.startsWith('OL_') === true) return reasonOf(error)
  const stack = error instanceof Error ? error.stack : undefined
  return explain(
    'an unexpected error',
    process.env['DEBUG'] === undefined ? reasonOf(error) : (stack ?? reasonOf(error)),
    'set DEBUG=1 for the place it came from, and report it',
  )
}

/** One line of JSON or lines for people. */
export function print(
  value: object,
  lines: readonly string[],
  { json }: { readonly json: boolean },
): void {
  process.stdout.write(json ? `${JSON.stringify(value)}\n` : `${lines.join('\n')}\n`)
}
