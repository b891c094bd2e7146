import type { ChainView, EvmBlock, EvmView } from '@openliquid/execution'
import { bytesToHex, type Hash } from '@openliquid/primitives'
import { RpcError } from '../errors.ts'
import type { RpcLimits } from '../limits.ts'
import type { RpcMethod } from '../transport/jsonRpc.ts'
import { parseBlockOverrides, parseStateOverrides } from './callOverrides.ts'
import { parseCallRequest } from './callRequest.ts'
import { blockOf, type ChainReader, unknownBlock } from './chainReader.ts'
import { data } from './ethEncoding.ts'
import {
  type BlockId,
  checkParamCount,
  invalidParams,
  isAbsent,
  parseAddress,
  parseBlockId,
  parseBlockNumber,
  parseBoolean,
  parseCount,
  parseHash,
  parseObject,
  parseSlot,
} from './ethParams.ts'
import type { EvmTrace, EvmTraceOptions } from './evmTypes.ts'
import { rawBlock, rawHeader, rawReceipt } from './rawObjects.ts'
import { traceToJson } from './traceJson.ts'

/** Raw forms and traces: debug_getRawBlock, debug_traceTransaction and the like. */
export function debugMethods(
  view: ChainView,
  reader: ChainReader,
  limits: RpcLimits,
): readonly [string, RpcMethod][] {
  const chainId = BigInt(view.chain.chainId)
  const byHash = (value: unknown): BlockId => ({
    kind: 'hash',
    hash: parseHash(value, 'block hash'),
  })

  const rawOf = (read: (evm: EvmView, block: EvmBlock) => unknown): RpcMethod => {
    return (params) => {
      checkParamCount(params, { min: 1, max: 1 })
      const id = parseBlockId(params[0])
      return reader.read((evm) => {
        const block = blockOf(evm, id)
        if (block === undefined) throw unknownBlock(id)
        return read(evm, block)
      })
    }
  }

  const traceBlock = (parse: (value: unknown) => BlockId): RpcMethod => {
    return async (params) => {
      checkParamCount(params, { min: 1, max: 2 })
      const id = parse(params[0])
      const options = parseTraceOptions(params[1], limits.requestTimeoutMs)
      const traces = await reader.run(id, (_, block, evm) =>
        evm.traceBlock(block.header.number, options),
      )
      return traces.map((trace: EvmTrace) => ({
        txHash: trace.transactionHash === undefined ? null : data(trace.transactionHash),
        result: traceToJson(trace),
      }))
    }
  }

  return [
    ['debug_getRawHeader', rawOf((_, block) => data(rawHeader(block)))],
    [
      'debug_getRawBlock',
      rawOf((evm, block) => {
        const places = evm.getTransactions(block.header.number) ?? []
        return data(
          rawBlock(
            block,
            places.map(({ transaction }) => transaction),
          ),
        )
      }),
    ],
    [
      'debug_getRawReceipts',
      rawOf((evm, block) =>
        (evm.getReceipts(block.header.number) ?? []).map((receipt) => data(rawReceipt(receipt))),
      ),
    ],
    [
      'debug_getRawTransaction',
      (params) => {
        checkParamCount(params, { min: 1, max: 1 })
        const hash = parseHash(params[0], 'transaction hash')
        return reader.read((evm) => {
          const transaction =
            evm.getTransaction(hash)?.transaction ?? view.pendingEvmTransaction(hash)
          return transaction === undefined ? '0x' : data(transaction.bytes)
        })
      },
    ],
    [
      'debug_traceTransaction',
      async (params) => {
        checkParamCount(params, { min: 1, max: 2 })
        const hash = parseHash(params[0], 'transaction hash')
        const options = parseTraceOptions(params[1], limits.requestTimeoutMs)
        const id = await reader.read((evm) => blockOfTransaction(evm, hash))
        return traceToJson(
          await reader.run(id, (_, __, evm) => evm.traceTransaction(hash, options)),
        )
      },
    ],
    [
      'debug_codeByHash',
      (params) => {
        // A second parameter names a block for some nodes; code is the same at all of them.
        checkParamCount(params, { min: 1, max: 2 })
        const hash = parseHash(params[0], 'code hash')
        return reader.read((evm) => {
          const code = evm.codeByHash(hash)
          return code === undefined ? null : data(code)
        })
      },
    ],
    [
      'debug_storageRangeAt',
      async (params) => {
        checkParamCount(params, { min: 5, max: 5 })
        const id = parseBlockId(params[0])
        const transactionIndex = parseCount(params[1], 'transaction index')
        const address = parseAddress(params[2], 'address')
        const start = parseSlot(params[3])
        const limit = Math.min(parseCount(params[4], 'limit'), STORAGE_RANGE_MAX)
        const { slots, next } = await reader.run(id, (_, { header }, evm) =>
          evm.storageRange({ blockNumber: header.number, transactionIndex, address, start, limit }),
        )
        return {
          storage: Object.fromEntries(
            slots.map(({ hash, slot, value }) => [
              data(hash),
              { key: data(slot), value: word(value) },
            ]),
          ),
          nextKey: next === undefined ? null : data(next),
        }
      },
    ],
    ['debug_traceBlockByNumber', traceBlock(parseBlockNumber)],
    ['debug_traceBlockByHash', traceBlock(byHash)],
    [
      'debug_traceCall',
      async (params) => {
        checkParamCount(params, { min: 1, max: 3 })
        const config = isAbsent(params[2]) ? {} : parseObject(params[2], 'trace options')
        const stateOverrides = parseStateOverrides(config['stateOverrides'])
        const blockOverrides = parseBlockOverrides(config['blockOverrides'])
        const request = {
          ...parseCallRequest(params[0], chainId),
          ...(stateOverrides.length === 0 ? {} : { stateOverrides }),
          ...(blockOverrides === undefined ? {} : { blockOverrides }),
        }
        const options = parseTraceOptions(params[2], limits.callTimeoutMs)
        return traceToJson(
          await reader.run(parseBlockId(params[1]), (_, block, evm) =>
            evm.traceCall(request, block.header.number, options),
          ),
        )
      },
    ],
  ]
}

/** Slots of one debug_storageRangeAt, as geth. */
const STORAGE_RANGE_MAX = 1_024

/** A slot's value with its leading zeros. */
function word(value: Uint8Array): string {
  return `0x${bytesToHex(value).slice(2).padStart(64, '0')}`
}

/** The block of a transaction that has been executed. */
export function blockOfTransaction(evm: EvmView, hash: Hash): BlockId {
  const place = evm.getTransaction(hash)
  if (place !== undefined) return { kind: 'number', number: place.blockNumber }
  throw new RpcError('transaction not found', {
    code: 'OL_RPC_BLOCK_UNKNOWN',
    block: bytesToHex(hash),
  })
}

/** Which tracer, and how, for so long. */
function parseTraceOptions(value: unknown, timeoutMs: number): EvmTraceOptions {
  const fields = isAbsent(value) ? {} : parseObject(value, 'trace options')
  return { ...parseTracer(fields), signal: AbortSignal.timeout(timeoutMs) }
}

/** Without a name it is the tracer of single steps. JavaScript tracers are not run. */
function parseTracer(fields: Readonly<Record<string, unknown>>): EvmTraceOptions {
  const { tracer, tracerConfig } = fields
  const config = isAbsent(tracerConfig) ? {} : parseObject(tracerConfig, 'tracerConfig')
  switch (tracer) {
    case undefined:
    case null:
    case '':
      return {
        tracer: 'struct',
        withMemory: flagOf(fields, 'enableMemory'),
        withoutStack: flagOf(fields, 'disableStack'),
        withoutStorage: flagOf(fields, 'disableStorage'),
        withReturnData: flagOf(fields, 'enableReturnData'),
        ...(isAbsent(fields['limit']) || fields['limit'] === 0
          ? {}
          : { limit: parseCount(fields['limit'], 'limit') }),
      }
    case 'callTracer':
      return {
        tracer: 'call',
        onlyTopCall: flagOf(config, 'onlyTopCall'),
        withLog: flagOf(config, 'withLog'),
      }
    case 'prestateTracer':
      return { tracer: 'prestate', diffMode: flagOf(config, 'diffMode') }
    case '4byteTracer':
      return { tracer: '4byte' }
    case 'noopTracer':
      return { tracer: 'noop' }
    default:
      throw invalidParams('tracers are callTracer, prestateTracer, 4byteTracer and noopTracer')
  }
}

function flagOf(fields: Readonly<Record<string, unknown>>, name: string): boolean {
  return isAbsent(fields[name]) ? false : parseBoolean(fields[name], name)
}
