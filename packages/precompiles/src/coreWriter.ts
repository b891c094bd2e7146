import type { CoreWriterAction } from '@openliquid/primitives'

/** Why a CoreWriter log is no action. Such a log is dropped and counted, never an error of the transaction. */
export type CoreWriterRejection =
  | { readonly code: 'OL_CORE_WRITER_VERSION'; readonly version: number }
  | { readonly code: 'OL_CORE_WRITER_ACTION_UNKNOWN'; readonly actionId: number }
  | {
      readonly code: 'OL_CORE_WRITER_SIZE'
      readonly actionId: number
      readonly size: number
      readonly expected: number
    }
  | {
      readonly code: 'OL_CORE_WRITER_FIELD'
      readonly actionId: number
      readonly field: string
    }

/** Reads the `data` of a RawAction log. */
export function decodeCoreWriterLog(
  _data: Uint8Array,
):
  | { readonly ok: true; readonly action: CoreWriterAction }
  | { readonly ok: false; readonly rejection: CoreWriterRejection } {
  return { ok: false, rejection: { code: 'OL_CORE_WRITER_VERSION', version: 0 } }
}
