import type { ByteReader, ByteWriter } from './byteCodec.ts'
import type { MarkState } from './markPrice.ts'
import type { MovingAverage } from './movingAverage.ts'
import { indexKey } from './records.ts'
import type { TableSpec } from './table.ts'

/** Keyed by perp. */
export const MARK_STATES: TableSpec<number, MarkState> = {
  tag: 0x40,
  ...indexKey,
  write: (out, { oracleMs, perpPx, premium, book }) => {
    out.u53(oracleMs).u53(perpPx)
    writeAverage(out, premium)
    writeAverage(out, book)
  },
  read: (input) => ({
    oracleMs: input.u53(),
    perpPx: input.u53(),
    premium: readAverage(input),
    book: readAverage(input),
  }),
}

function writeAverage(out: ByteWriter, { numerator, denominator, atMs }: MovingAverage): void {
  out.integer(numerator).integer(denominator).u53(atMs)
}

function readAverage(input: ByteReader): MovingAverage {
  return { numerator: input.integer(), denominator: input.integer(), atMs: input.u53() }
}
