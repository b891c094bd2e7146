import { bytesToHex } from '@openliquid/primitives'
import { data, quantity } from './ethEncoding.ts'
import type { EvmAccountTrace, EvmCallFrame, EvmStep, EvmTrace } from './evmTypes.ts'
import { revertReason } from './stateMethods.ts'

type JsonObject = Readonly<Record<string, unknown>>

/** A trace in the form of geth's tracer of the same name. */
export function traceToJson(trace: EvmTrace): unknown {
  switch (trace.tracer) {
    case 'call':
      return callFrameToJson(trace.call)
    case 'prestate':
      return trace.after === undefined
        ? accountsToJson(trace.before)
        : { pre: accountsToJson(trace.before), post: accountsToJson(trace.after) }
    case '4byte':
      return Object.fromEntries(
        trace.selectors.map(({ selector, argumentBytes, count }) => [
          `${data(selector)}-${argumentBytes}`,
          count,
        ]),
      )
    case 'noop':
      return {}
    case 'struct':
      return {
        gas: Number(trace.gasUsed),
        failed: trace.failure !== undefined,
        returnValue: data(trace.output),
        structLogs: trace.steps.map(stepToJson),
      }
  }
}

/** The words of geth, which tools look for, for those of the EVM. */
const FAILURES: ReadonlyMap<string, string> = new Map([
  ['revert', 'execution reverted'],
  ['invalid opcode', 'invalid opcode'],
  ['stack overflow', 'stack limit reached 1024'],
  ['out of stack', 'stack underflow'],
])

function failureText(failure: string): string {
  return FAILURES.get(failure) ?? failure
}

export function callFrameToJson(frame: EvmCallFrame): JsonObject {
  const { failure, output } = frame
  const reason = failure === undefined ? undefined : revertReason(output)
  return {
    from: data(frame.from),
    gas: quantity(frame.gas),
    gasUsed: quantity(frame.gasUsed),
    ...(frame.to === undefined ? {} : { to: data(frame.to) }),
    input: data(frame.input),
    ...(output.length === 0 ? {} : { output: data(output) }),
    ...(failure === undefined ? {} : { error: failureText(failure) }),
    ...(reason === undefined ? {} : { revertReason: reason }),
    ...(frame.calls.length === 0 ? {} : { calls: frame.calls.map(callFrameToJson) }),
    ...(frame.logs.length === 0
      ? {}
      : {
          logs: frame.logs.map((log) => ({
            address: data(log.address),
            topics: log.topics.map(data),
            data: data(log.data),
            position: quantity(log.position),
          })),
        }),
    ...(frame.type === 'STATICCALL' ? {} : { value: quantity(frame.value) }),
    type: frame.type,
  }
}

function accountsToJson(accounts: readonly EvmAccountTrace[]): JsonObject {
  return Object.fromEntries(
    accounts.map(({ address, balance, nonce, code, storage }) => [
      data(address),
      {
        ...(balance === undefined ? {} : { balance: quantity(balance) }),
        ...(nonce === undefined || nonce === 0n ? {} : { nonce: Number(nonce) }),
        ...(code === undefined || code.length === 0 ? {} : { code: data(code) }),
        ...(storage.length === 0
          ? {}
          : {
              storage: Object.fromEntries(
                storage.map(({ slot, value }) => [data(slot), data(value)]),
              ),
            }),
      },
    ]),
  )
}

const WORD_BYTES = 32

/** Memory and storage are printed without `0x`, as geth does it here and nowhere else. */
function stepToJson(step: EvmStep): JsonObject {
  const { stack, memory, storage, failure } = step
  return {
    pc: step.pc,
    op: step.op,
    gas: Number(step.gas),
    gasCost: Number(step.gasCost),
    depth: step.depth,
    ...(step.refund === 0n ? {} : { refund: Number(step.refund) }),
    ...(failure === undefined ? {} : { error: failureText(failure) }),
    ...(stack === undefined ? {} : { stack: stack.map(quantity) }),
    ...(memory === undefined ? {} : { memory: wordsOf(memory) }),
    ...(storage === undefined || storage.length === 0
      ? {}
      : {
          storage: Object.fromEntries(
            storage.map(({ slot, value }) => [
              bytesToHex(slot).slice(2),
              bytesToHex(value).slice(2),
            ]),
          ),
        }),
  }
}

function wordsOf(memory: Uint8Array): readonly string[] {
  const words: string[] = []
  for (let start = 0; start < memory.length; start += WORD_BYTES) {
    words.push(bytesToHex(memory.subarray(start, start + WORD_BYTES)).slice(2))
  }
  return words
}

/** Where a message stands in its transaction: how many messages stand beside it at each depth. */
interface FlatPlace {
  readonly blockHash: string
  readonly blockNumber: number
  readonly transactionHash: string | null
  readonly transactionPosition: number | null
}

/** The messages of a transaction one after the other, in the form that OpenEthereum gave them. */
export function flatTraces(frame: EvmCallFrame, place: FlatPlace | undefined): JsonObject[] {
  const traces: JsonObject[] = []
  const add = (call: EvmCallFrame, traceAddress: readonly number[]): void => {
    traces.push({
      ...flatFrame(call),
      subtraces: call.calls.length,
      traceAddress,
      ...place,
    })
    for (const [index, inner] of call.calls.entries()) add(inner, [...traceAddress, index])
  }
  add(frame, [])
  return traces
}

function flatFrame(frame: EvmCallFrame): JsonObject {
  const { type, failure } = frame
  if (type === 'SELFDESTRUCT') {
    return {
      type: 'suicide',
      action: {
        address: data(frame.from),
        balance: quantity(frame.value),
        refundAddress: frame.to === undefined ? null : data(frame.to),
      },
      result: null,
    }
  }
  const isCreation = type === 'CREATE' || type === 'CREATE2'
  const common = {
    from: data(frame.from),
    gas: quantity(frame.gas),
    value: quantity(frame.value),
  }
  const action = isCreation
    ? { ...common, init: data(frame.input), creationMethod: type.toLowerCase() }
    : {
        ...common,
        callType: type.toLowerCase(),
        input: data(frame.input),
        to: frame.to === undefined ? null : data(frame.to),
      }
  if (failure !== undefined) {
    const error = failure === 'revert' ? 'Reverted' : failureText(failure)
    return { type: isCreation ? 'create' : 'call', action, error, result: null }
  }
  const gasUsed = quantity(frame.gasUsed)
  const result = isCreation
    ? {
        address: frame.to === undefined ? null : data(frame.to),
        code: data(frame.output),
        gasUsed,
      }
    : { gasUsed, output: data(frame.output) }
  return { type: isCreation ? 'create' : 'call', action, result }
}
