/** The part of WebAssembly's interface that is used here; the compiler's library of types does not have it. */
interface WebAssemblyApi {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (
    module: object,
  ) => { readonly exports: { readonly memory: { readonly buffer: ArrayBuffer } } & WasmFunctions }
}

interface WasmFunctions {
  readonly run: (count: number) => void
}

/** A module with one memory and one function `run(count)` that works on it. */
export interface WasmModule {
  readonly memory: Uint8Array
  readonly run: (count: number) => void
}

const PAGE_BYTES = 65_536

const I64 = 0x7e
const LOCAL_GET = 0x20
const LOCAL_SET = 0x21
const LOCAL_TEE = 0x22
const I64_LOAD = 0x29
const I64_STORE = 0x37
const I32_CONST = 0x41
const I64_CONST = 0x42
const END = 0x0b

/** Writes the body of `run`: a stack machine's instructions, one call each. Local 0 is `count`. */
export class WasmBody {
  readonly bytes: number[] = []

  get(local: number): this {
    return this.op(LOCAL_GET, ...leb(local))
  }

  set(local: number): this {
    return this.op(LOCAL_SET, ...leb(local))
  }

  tee(local: number): this {
    return this.op(LOCAL_TEE, ...leb(local))
  }

  i32(value: number): this {
    return this.op(I32_CONST, ...signedLeb(BigInt(value)))
  }

  i64(value: bigint): this {
    return this.op(I64_CONST, ...signedLeb(BigInt.asIntN(64, value)))
  }

  /** Pushes the 64-bit word at the address on the stack plus `offset`. */
  load(offset: number): this {
    return this.op(I64_LOAD, 3, ...leb(offset))
  }

  store(offset: number): this {
    return this.op(I64_STORE, 3, ...leb(offset))
  }

  op(...bytes: readonly number[]): this {
    this.bytes.push(...bytes)
    return this
  }
}

/**
 * Makes a module of one function.
 *
 * @param locals - how many locals of 32 and then of 64 bits the body uses beside `count`
 */
export function wasmModule(
  body: WasmBody,
  { i32, i64, pages }: { readonly i32: number; readonly i64: number; readonly pages: number },
): WasmModule {
  const locals = [2, ...leb(i32), 0x7f, ...leb(i64), I64]
  const code = [...locals, ...body.bytes, END]
  const bytes = Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 1, 0x7f, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, ...leb(pages)]),
    ...section(7, [2, ...name('run'), 0, 0, ...name('memory'), 2, 0]),
    ...section(10, [1, ...leb(code.length), ...code]),
  ])
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: WebAssemblyApi }
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes))
  return { memory: new Uint8Array(exports.memory.buffer, 0, pages * PAGE_BYTES), run: exports.run }
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...leb(content.length), ...content]
}

function name(text: string): number[] {
  return [text.length, ...Array.from(text, (letter) => letter.charCodeAt(0))]
}

/** Unsigned LEB128. */
function leb(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  do {
    const low = rest & 0x7f
    rest >>>= 7
    bytes.push(rest === 0 ? low : low | 0x80)
  } while (rest !== 0)
  return bytes
}

/** Signed LEB128. */
function signedLeb(value: bigint): number[] {
  const bytes: number[] = []
  let rest = value
  for (;;) {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    const done = (rest === 0n && (low & 0x40) === 0) || (rest === -1n && (low & 0x40) !== 0)
    bytes.push(done ? low : low | 0x80)
    if (done) return bytes
  }
}
