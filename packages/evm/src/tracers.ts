import type { EVMResult, InterpreterStep, Message } from '@ethereumjs/evm'
import { type Address, assert, bytesToHex } from '@openliquid/primitives'
import type { SlotCell } from './accountCell.ts'
import { EvmError } from './errors.ts'
import type { JournaledState } from './journaledState.ts'
import { STRUCT_LOG_BYTES_MAX, STRUCT_LOGS_MAX } from './limits.ts'
import type { Execution } from './machine.ts'
import type { EvmLogEntry } from './receipts.ts'
import type { ReferenceMachine } from './referenceMachine.ts'
import type { EvmAccountTrace, EvmCallFrame, EvmStep, EvmTraceOptions } from './traceTypes.ts'
import { addressBytes, wordBytes } from './word.ts'

const LOG0 = 0xa0
const LOG4 = 0xa4
const SLOAD = 0x54
const SSTORE = 0x55
const SELFDESTRUCT = 0xff
const ADDRESS_MASK = (1n << 160n) - 1n
const NOTHING = new Uint8Array(0)

/** What called, by its instruction. */
const CALLERS: ReadonlyMap<number, EvmCallFrame['type']> = new Map([
  [0xf0, 'CREATE'],
  [0xf1, 'CALL'],
  [0xf2, 'CALLCODE'],
  [0xf4, 'DELEGATECALL'],
  [0xf5, 'CREATE2'],
  [0xfa, 'STATICCALL'],
])

type Growing = {
  -readonly [K in keyof EvmCallFrame]: EvmCallFrame[K]
} & { calls: Growing[]; logs: (EvmLogEntry & { readonly position: number })[] }

/** Builds the tree of messages while the reference engine runs. */
export class CallTracer {
  readonly #withLog: boolean
  readonly #open: Growing[] = []
  #top: Growing | undefined
  #opcode: number = 0

  constructor({ withLog = false }: { readonly withLog?: boolean }) {
    this.#withLog = withLog
  }

  attach(events: ReferenceMachine['events']): void {
    events.on('step', (step) => this.#step(step))
    events.on('beforeMessage', (message) => this.#enter(message))
    events.on('afterMessage', (result) => this.#leave(result))
  }

  /** @param gas - with what the transaction costs before its first instruction */
  finish(gas: bigint, { gasUsed }: Execution, onlyTopCall: boolean): EvmCallFrame {
    assert(this.#top !== undefined, 'a message ran')
    const calls = onlyTopCall ? [] : this.#top.calls
    return { ...this.#top, gas, gasUsed, calls }
  }

  #enter(message: Message): void {
    const { depth, to, caller, value, data, gasLimit } = message
    const top = to === undefined ? 'CREATE' : 'CALL'
    const type = depth === 0 ? top : (CALLERS.get(this.#opcode) ?? top)
    const isOfCode = type === 'DELEGATECALL' || type === 'CALLCODE'
    const frame: Growing = {
      type,
      // A delegate runs in the name of another caller; whose instruction it was is the account itself.
      from: (type === 'DELEGATECALL' ? (to ?? caller) : caller).bytes,
      to: isOfCode ? message.codeAddress.bytes : to?.bytes,
      value,
      gas: gasLimit,
      gasUsed: 0n,
      input: data.slice(),
      output: NOTHING,
      failure: undefined,
      calls: [],
      logs: [],
    }
    this.#open.at(-1)?.calls.push(frame)
    this.#top ??= frame
    this.#open.push(frame)
  }

  #leave({ execResult, createdAddress }: EVMResult): void {
    const frame = this.#open.pop()
    assert(frame !== undefined, 'a message that ends has begun')
    frame.gasUsed = execResult.executionGasUsed
    frame.output = execResult.returnValue
    frame.failure = execResult.exceptionError?.error
    if (createdAddress !== undefined) frame.to = createdAddress.bytes
    if (frame.failure !== undefined) dropLogs(frame)
  }

  #step({ opcode: { code }, stack, memory, address, account }: InterpreterStep): void {
    this.#opcode = code
    const frame = this.#open.at(-1)
    if (frame === undefined) return
    if (code === SELFDESTRUCT) {
      const to = addressBytes((stack.at(-1) ?? 0n) & ADDRESS_MASK)
      const value = account.balance
      frame.calls.push({ ...emptyFrame(), type: 'SELFDESTRUCT', from: address.bytes, to, value })
    }
    if (this.#withLog && code >= LOG0 && code <= LOG4) {
      const log = logOf(address.bytes, { stack, memory, topics: code - LOG0 })
      if (log !== undefined) frame.logs.push({ ...log, position: frame.calls.length })
    }
  }
}

function emptyFrame(): Omit<Growing, 'type' | 'from' | 'to' | 'value'> {
  return {
    gas: 0n,
    gasUsed: 0n,
    input: NOTHING,
    output: NOTHING,
    failure: undefined,
    calls: [],
    logs: [],
  }
}

/** What a frame that failed logged is undone, and so is what frames inside it logged. */
function dropLogs(frame: Growing): void {
  frame.logs = []
  for (const call of frame.calls) dropLogs(call)
}

/** The log of an instruction about to run; `undefined` if it cannot. */
function logOf(
  address: Address,
  { stack, memory, topics }: { stack: readonly bigint[]; memory: Uint8Array; topics: number },
): EvmLogEntry | undefined {
  const operands = stack.slice(stack.length - 2 - topics).reverse()
  const [offset, size, ...rest] = operands
  if (offset === undefined || size === undefined || rest.length < topics) return undefined
  if (size > BigInt(Number.MAX_SAFE_INTEGER) || offset + size > MEMORY_TRACED_MAX) return undefined
  const data = new Uint8Array(Number(size))
  const start = size === 0n ? 0 : Number(offset)
  // Memory that the instruction itself reaches for the first time is zero.
  data.set(memory.subarray(start, start + data.length))
  return { address, topics: rest.map(wordBytes), data }
}

/** Memory that no instruction of a block can pay for. */
const MEMORY_TRACED_MAX = 1n << 26n

/** How often each function was called, by selector and size of its arguments; creations and precompiles do not count. */
export function countSelectors(
  call: EvmCallFrame,
  isPrecompile: (address: Address) => boolean,
): { selector: Uint8Array; argumentBytes: number; count: number }[] {
  const counts = new Map<string, { selector: Uint8Array; argumentBytes: number; count: number }>()
  const visit = ({ type, input, to, calls }: EvmCallFrame): void => {
    for (const inner of calls) visit(inner)
    const calls_ = type !== 'CREATE' && type !== 'CREATE2' && type !== 'SELFDESTRUCT'
    if (!calls_ || input.length < 4 || to === undefined || isPrecompile(to)) return
    const selector = input.slice(0, 4)
    const key = `${bytesToHex(selector)}-${input.length - 4}`
    const known = counts.get(key)
    if (known === undefined)
      counts.set(key, { selector, argumentBytes: input.length - 4, count: 1 })
    else known.count++
  }
  visit(call)
  return [...counts.values()]
}

/** Notes every instruction while the reference engine runs. */
export class StructTracer {
  readonly #options: Extract<EvmTraceOptions, { tracer: 'struct' }>
  readonly #storage = new Map<string, Map<bigint, Uint8Array>>()
  readonly steps: EvmStep[] = []
  #bytes: number = 0

  constructor(options: Extract<EvmTraceOptions, { tracer: 'struct' }>) {
    this.#options = options
  }

  attach(events: ReferenceMachine['events'], state: JournaledState): void {
    events.on('step', (step) => this.#step(step, state))
  }

  #step(step: InterpreterStep, state: JournaledState): void {
    const {
      limit,
      withMemory = false,
      withoutStack = false,
      withoutStorage = false,
    } = this.#options
    if (this.steps.length >= (limit ?? STRUCT_LOGS_MAX)) {
      if (limit !== undefined && limit <= STRUCT_LOGS_MAX) return
      throw tooLong(`more than ${STRUCT_LOGS_MAX} steps`)
    }
    const { pc, opcode, gasLeft, depth, gasRefund, stack, memory } = step
    const storage = withoutStorage ? undefined : this.#storageOf(step, state)
    this.#bytes += withoutStack ? 0 : WORD_BYTES * stack.length
    this.#bytes += withMemory ? memory.length : 0
    this.#bytes += 2 * WORD_BYTES * (storage?.length ?? 0)
    if (this.#bytes > STRUCT_LOG_BYTES_MAX) {
      throw tooLong(`more than ${STRUCT_LOG_BYTES_MAX} bytes of stack, memory and storage`)
    }
    this.steps.push({
      pc,
      op: opcode.name,
      gas: gasLeft,
      gasCost: opcode.dynamicFee ?? BigInt(opcode.fee),
      depth: depth + 1,
      refund: gasRefund,
      ...(withoutStack ? {} : { stack: [...stack] }),
      ...(withMemory ? { memory: memory.slice() } : {}),
      ...(storage === undefined ? {} : { storage }),
    })
  }

  /** Slots that the contract has touched so far, with the one of this instruction; only where it touches one. */
  #storageOf(
    { opcode, stack, address }: InterpreterStep,
    state: JournaledState,
  ): EvmStep['storage'] {
    const { code } = opcode
    const slot = stack.at(-1)
    if ((code !== SLOAD && code !== SSTORE) || slot === undefined) return undefined
    const key = bytesToHex(address.bytes)
    const known = this.#storage.get(key) ?? new Map<bigint, Uint8Array>()
    this.#storage.set(key, known)
    const cell: SlotCell = state.slotCell(state.cell(address.bytes), slot)
    const value = code === SSTORE ? (stack.at(-2) ?? 0n) : cell.current
    known.set(slot, wordBytes(value))
    return [...known].map(([at, bytes]) => ({ slot: wordBytes(at), value: bytes }))
  }
}

const WORD_BYTES = 32

function tooLong(reason: string): EvmError {
  return new EvmError(`the trace is too long: ${reason}`, { code: 'OL_EVM_TRACE', reason })
}

/** What a run looked at, as it was before. Accounts that are not there are left out. */
export function prestateOf(layer: JournaledState, base: JournaledState): EvmAccountTrace[] {
  return layer.seen().flatMap(({ cell, slots }) => {
    const { address, before } = cell
    if (before === undefined) return []
    const code = base.code(address)
    const storage = slots.map((slot) => ({
      slot: wordBytes(slot),
      value: wordBytes(cell.slots.get(slot)?.before ?? 0n),
    }))
    const { balance, nonce } = before
    return [{ address, balance, nonce, ...(code.length === 0 ? {} : { code }), storage }]
  })
}

/** What a run changed, as it was and as it is. */
export function diffOf(
  layer: JournaledState,
  base: JournaledState,
): { readonly before: EvmAccountTrace[]; readonly after: EvmAccountTrace[] } {
  const before: EvmAccountTrace[] = []
  const after: EvmAccountTrace[] = []
  for (const change of layer.changes().accounts) {
    const { address } = change
    const code = base.code(address)
    const values = change.slots.map(({ slot, before: old, after: value }) => ({ slot, old, value }))
    if (change.before !== undefined) {
      const { balance, nonce } = change.before
      const storage = values
        .filter(({ old }) => old.length > 0)
        .map(({ slot, old }) => ({ slot, value: padded(old) }))
      before.push({ address, balance, nonce, ...(code.length === 0 ? {} : { code }), storage })
    }
    if (change.after === undefined) continue
    const { balance, nonce } = change.after
    const storage = values
      .filter(({ value }) => value.length > 0)
      .map(({ slot, value }) => ({ slot, value: padded(value) }))
    const newCode = layer.code(address)
    after.push({
      address,
      ...(balance === change.before?.balance ? {} : { balance }),
      ...(nonce === change.before?.nonce ? {} : { nonce }),
      ...(bytesToHex(newCode) === bytesToHex(code) ? {} : { code: newCode }),
      storage,
    })
  }
  return { before, after }
}

function padded(value: Uint8Array): Uint8Array {
  const word = new Uint8Array(32)
  word.set(value, 32 - value.length)
  return word
}
