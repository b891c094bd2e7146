import { type DecodeError, OpenLiquidError } from '@openliquid/primitives'

/** What keeps a node from starting or from going on. Each has one exit code: `exitCodeOf`. */
export type NodeFault =
  | { readonly code: 'OL_NODE_USAGE' }
  | { readonly code: 'OL_NODE_NOT_RUNNING'; readonly datadir: string }
  | { readonly code: 'OL_NODE_NOT_FOUND'; readonly path: string }
  | { readonly code: 'OL_NODE_CONFIG'; readonly key: string; readonly nearest?: string }
  | { readonly code: 'OL_NODE_DATADIR_LOCKED'; readonly datadir: string; readonly pid?: number }
  | {
      readonly code: 'OL_NODE_DATADIR_FOREIGN'
      readonly datadir: string
      readonly found: string
      readonly wanted: string
    }
  | { readonly code: 'OL_NODE_DATADIR_DAMAGED'; readonly datadir: string; readonly what: string }
  | { readonly code: 'OL_NODE_GENESIS'; readonly path: string; readonly reason: string }
  | { readonly code: 'OL_NODE_KEYS'; readonly path: string; readonly reason: string }
  | { readonly code: 'OL_NODE_PORT_IN_USE'; readonly host: string; readonly port: number }
  | { readonly code: 'OL_NODE_DISK'; readonly path: string; readonly reason: string }
  | {
      readonly code: 'OL_NODE_TRUST_EXPIRED'
      readonly height: bigint
      readonly ageMs: number
      readonly periodMs: number
    }
  | { readonly code: 'OL_NODE_CHECKPOINT'; readonly height: bigint }
  | { readonly code: 'OL_NODE_SLASHING'; readonly path: string; readonly reason: string }
  | { readonly code: 'OL_NODE_HALTED'; readonly reason: string; readonly dump?: string }

/** An operating error of the node. The message is three lines: what, why, what to do. */
export class NodeError extends OpenLiquidError<NodeFault> {
  override readonly name: string = 'NodeError'
}

/** The three lines every refusal has. */
export function explain(what: string, why: string, remedy: string): string {
  return `${what}\n  why: ${why}\n  do:  ${remedy}`
}

/** Text of whatever was thrown, for a log line. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The stable code of an error, if it has one: ours or a system error's. */
export function codeOf(error: unknown): string | undefined {
  const code = (error as Partial<DecodeError> | undefined)?.code
  return typeof code === 'string' ? code : undefined
}
