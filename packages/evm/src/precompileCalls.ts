import { byteText, textBytes } from './byteText.ts'
import { RecordReader } from './recordReader.ts'
import { decodeRlp, encodeRlp, uintToRlp } from './rlp.ts'

/** What a precompile answered, whatever gas it was given: with less than it takes it fails for want of it. */
export type PrecompileAnswer = { readonly gasUsed: bigint; readonly output: Uint8Array } | undefined

/** Answers by address and input; `undefined` is a refusal. In one block they never change. */
export type PrecompileCalls = ReadonlyMap<string, PrecompileAnswer>

export function precompileCallText(address: Uint8Array, input: Uint8Array): string {
  return byteText(address) + byteText(input)
}

export function encodePrecompileCalls(calls: PrecompileCalls): Uint8Array {
  const texts = [...calls.keys()].sort()
  return encodeRlp(
    texts.map((text) => {
      const answer = calls.get(text)
      if (answer === undefined) return [textBytes(text)]
      return [textBytes(text), uintToRlp(answer.gasUsed), answer.output]
    }),
  )
}

/** Reads what `encodePrecompileCalls` wrote. */
export function decodePrecompileCalls(bytes: Uint8Array): PrecompileCalls {
  const entries = new RecordReader(decodeRlp(bytes, 2))
  const calls = new Map<string, PrecompileAnswer>()
  while (!entries.done) {
    const entry = entries.list()
    const text = byteText(entry.bytes())
    calls.set(text, entry.done ? undefined : { gasUsed: entry.uint(), output: entry.bytes() })
  }
  return calls
}
