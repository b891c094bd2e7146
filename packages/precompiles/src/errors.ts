/** Why a CoreWriter log is no action. Such a log is dropped and counted; the transaction stands. */
export type CoreWriterRejection =
  | { readonly code: 'OL_CORE_WRITER_HEADER'; readonly size: number }
  | { readonly code: 'OL_CORE_WRITER_VERSION'; readonly version: number }
  | { readonly code: 'OL_CORE_WRITER_ACTION'; readonly actionId: number }
  | {
      readonly code: 'OL_CORE_WRITER_SIZE'
      readonly actionId: number
      readonly size: number
      readonly expected: number
    }
  | { readonly code: 'OL_CORE_WRITER_FIELD'; readonly actionId: number; readonly field: string }
