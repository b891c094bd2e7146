import type { ByteReader, ByteWriter } from './byteCodec.ts'
import type { Premiums } from './fundingRate.ts'
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

/** Keyed by perp. */
export const PREMIUMS: TableSpec<number, Premiums> = {
  tag: 0x41,
  ...indexKey,
  write: (out, { sum, count, latest, rate }) =>
    void out
      .integer(sum)
      .u32(count)
      .bool(latest !== undefined)
      .integer(latest ?? 0n)
      .integer(rate),
  read: (input) => {
    const [sum, count, hasLatest, latest] = [
      input.integer(),
      input.u32(),
      input.bool(),
      input.integer(),
    ]
    return { sum, count, latest: hasLatest ? latest : undefined, rate: input.integer() }
  },
}

function writeAverage(out: ByteWriter, { numerator, denominator, atMs }: MovingAverage): void {
  out.integer(numerator).integer(denominator).u53(atMs)
}

function readAverage(input: ByteReader): MovingAverage {
  return { numerator: input.integer(), denominator: input.integer(), atMs: input.u53() }
}
