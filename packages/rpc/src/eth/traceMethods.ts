import type { ChainView, EvmBlock, EvmView } from '@openliquid/execution'
import { assert } from '@openliquid/primitives'
import { RpcError } from '../errors.ts'
import type { RpcLimits } from '../limits.ts'
import type { RpcMethod } from '../transport/jsonRpc.ts'
import { parseCallRequest } from './callRequest.ts'
import { blockOf, type ChainReader, unknownBlock } from './chainReader.ts'
import { blockOfTransaction } from './debugMethods.ts'
import { data } from './ethEncoding.ts'
import {
  type BlockId,
  checkParamCount,
  invalidParams,
  isAbsent,
  parseAddress,
  parseBlockId,
  parseBlockNumber,
  parseCount,
  parseHash,
  parseList,
  parseObject,
} from './ethParams.ts'
import type { EvmTrace, EvmTraceOptions } from './evmTypes.ts'
import { flatTraces } from './traceJson.ts'

/** Blocks that one trace_filter runs again. */
const TRACE_BLOCKS_MAX = 100n

/** Traces of one answer. */
const TRACES_MAX = 10_000

type CallTrace = Extract<EvmTrace, { readonly tracer: 'call' }>
type Flat = Readonly<Record<string, unknown>>

/** Messages one after the other, as OpenEthereum told them: trace_block, trace_transaction and the like. */
export function traceMethods(
  view: ChainView,
  reader: ChainReader,
  limits: RpcLimits,
): readonly [string, RpcMethod][] {
  const chainId = BigInt(view.chain.chainId)

  const tracesOf = async (id: BlockId): Promise<readonly Flat[]> => {
    const traced = await reader.run(id, async (_, block, evm) => ({
      block,
      traces: await evm.traceBlock(block.header.number, callTracer(limits.requestTimeoutMs)),
    }))
    return traced.traces.flatMap((trace, position) => flatOf(trace, traced.block, position))
  }

  return [
    [
      'trace_block',
      (params) => {
        checkParamCount(params, { min: 1, max: 1 })
        return tracesOf(parseBlockId(params[0]))
      },
    ],
    [
      'trace_transaction',
      async (params) => {
        checkParamCount(params, { min: 1, max: 1 })
        const hash = parseHash(params[0], 'transaction hash')
        const id = await reader.read((evm) => blockOfTransaction(evm, hash))
        return reader.run(id, async (_, block, evm) => {
          const position = evm.getTransaction(hash)?.transactionIndex ?? 0
          return flatOf(
            await evm.traceTransaction(hash, callTracer(limits.requestTimeoutMs)),
            block,
            position,
          )
        })
      },
    ],
    [
      'trace_call',
      async (params) => {
        checkParamCount(params, { min: 2, max: 3 })
        const request = {
          ...parseCallRequest(params[0], chainId),
        }
        checkTraceTypes(params[1])
        const trace = await reader.run(parseBlockId(params[2]), (_, block, evm) =>
          evm.traceCall(request, block.header.number, callTracer(limits.callTimeoutMs)),
        )
        return replayOf(trace)
      },
    ],
    [
      'trace_replayBlockTransactions',
      async (params) => {
        checkParamCount(params, { min: 2, max: 2 })
        const id = parseBlockId(params[0])
        checkTraceTypes(params[1])
        const traces = await reader.run(id, (_, block, evm) =>
          evm.traceBlock(block.header.number, callTracer(limits.requestTimeoutMs)),
        )
        return traces.map((trace) => ({
          ...replayOf(trace),
          transactionHash: trace.transactionHash === undefined ? null : data(trace.transactionHash),
        }))
      },
    ],
    ['trace_filter', (params) => filter(params, reader, tracesOf)],
  ]
}

async function filter(
  params: readonly unknown[],
  reader: ChainReader,
  tracesOf: (id: BlockId) => Promise<readonly Flat[]>,
): Promise<readonly Flat[]> {
  checkParamCount(params, { min: 1, max: 1 })
  const fields = parseObject(params[0], 'filter')
  const senders = parseAddresses(fields['fromAddress'], 'fromAddress')
  const receivers = parseAddresses(fields['toAddress'], 'toAddress')
  const after = isAbsent(fields['after']) ? 0 : parseCount(fields['after'], 'after')
  const count = isAbsent(fields['count']) ? TRACES_MAX : parseCount(fields['count'], 'count')
  const { from, to } = await reader.read((evm) => ({
    from: numberOf(evm, parseBlockNumber(fields['fromBlock'])),
    to: numberOf(evm, parseBlockNumber(fields['toBlock'])),
  }))
  if (to < from) throw invalidParams('toBlock is below fromBlock')
  if (to - from >= TRACE_BLOCKS_MAX) {
    throw new RpcError(`a filter of traces spans at most ${TRACE_BLOCKS_MAX} blocks`, {
      code: 'OL_RPC_RANGE',
      from: from.toString(),
      to: (from + TRACE_BLOCKS_MAX - 1n).toString(),
    })
  }
  const wanted: Flat[] = []
  const end = after + Math.min(count, TRACES_MAX)
  for (let number = from; number <= to && wanted.length < end; number++) {
    const traces = await tracesOf({ kind: 'number', number })
    wanted.push(...traces.filter((trace) => isWanted(trace, senders, receivers)))
  }
  return wanted.slice(after, end)
}

/** The messages, found within a time. */
function callTracer(timeoutMs: number): EvmTraceOptions {
  return { tracer: 'call', signal: AbortSignal.timeout(timeoutMs) }
}

function numberOf(evm: EvmView, id: BlockId): bigint {
  const block = blockOf(evm, id)
  if (block === undefined) throw unknownBlock(id)
  return block.header.number
}

function parseAddresses(value: unknown, what: string): ReadonlySet<string> | undefined {
  if (isAbsent(value)) return undefined
  const list = parseList(value, what, ADDRESSES_MAX)
  return list.length === 0 ? undefined : new Set(list.map((item) => data(parseAddress(item, what))))
}

const ADDRESSES_MAX = 1_000

function isWanted(
  trace: Flat,
  senders: ReadonlySet<string> | undefined,
  receivers: ReadonlySet<string> | undefined,
): boolean {
  const action = trace['action'] as Readonly<Record<string, string | null>>
  const result = trace['result'] as Readonly<Record<string, string>> | null
  const from = action['from'] ?? action['address'] ?? ''
  const to = action['to'] ?? action['refundAddress'] ?? result?.['address'] ?? ''
  return (senders?.has(from) ?? true) && (receivers?.has(to) ?? true)
}

function flatOf(trace: EvmTrace, block: EvmBlock, transactionPosition: number): readonly Flat[] {
  const { call, transactionHash } = callTraceOf(trace)
  return flatTraces(call, {
    blockHash: data(block.hash),
    blockNumber: Number(block.header.number),
    transactionHash: transactionHash === undefined ? null : data(transactionHash),
    transactionPosition,
  })
}

function replayOf(trace: EvmTrace): Flat {
  const { call } = callTraceOf(trace)
  return {
    output: data(call.output),
    stateDiff: null,
    trace: flatTraces(call, undefined),
    vmTrace: null,
  }
}

function callTraceOf(trace: EvmTrace): CallTrace {
  assert(trace.tracer === 'call', 'the tracer that was asked for')
  return trace
}

/** Messages only: differences of state and single steps are told by the tracers of debug. */
function checkTraceTypes(value: unknown): void {
  const types = parseList(value, 'trace types', 3)
  if (types.some((type) => type !== 'trace')) {
    throw invalidParams('only the trace type trace is supported')
  }
}
