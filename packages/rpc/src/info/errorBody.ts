import { OpenLiquidError } from '@openliquid/primitives'
import { summaryOf } from '../transport/jsonRpc.ts'

/** An error of `/info` or `/exchange`: the form that exchange clients read, and the stable code beside it. */
export function errorBody(error: unknown): string {
  const code = error instanceof OpenLiquidError ? error.code : 'OL_RPC_INTERNAL'
  return JSON.stringify({ status: 'err', response: summaryOf(error), code })
}
