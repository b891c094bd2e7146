import type { ChainView } from '@openliquid/execution'
import type { RpcLimits } from '../limits.ts'
import type { RpcMethod } from '../transport/jsonRpc.ts'
import { parseBlockOverrides, parseStateOverrides } from './callOverrides.ts'
import { parseCallRequest } from './callRequest.ts'
import type { ChainReader } from './chainReader.ts'
import { data, quantity } from './ethEncoding.ts'
import {
  checkParamCount,
  invalidParams,
  isAbsent,
  parseBlockId,
  parseBoolean,
  parseList,
  parseObject,
} from './ethParams.ts'
import type { EvmSimulatedBlock, EvmSimulatedResult } from './evmTypes.ts'
import { callError } from './stateMethods.ts'

/** Blocks and calls of one eth_simulateV1, as geth. */
const SIMULATED_BLOCKS_MAX = 256
const SIMULATED_CALLS_MAX = 1_000

/** Modes that this version does not have; false and absent are the same. */
const UNSUPPORTED_MODES = ['validation', 'traceTransfers', 'returnFullTransactions'] as const

/** Codes of a call that failed, as eth_simulateV1 fixes them. */
const REVERTED = 3
const VM_ERROR = -32015

/** eth_simulateV1: calls on top of each other, in blocks that never come to be. */
export function simulateMethods(
  view: ChainView,
  reader: ChainReader,
  limits: RpcLimits,
): readonly [string, RpcMethod][] {
  const chainId = BigInt(view.chain.chainId)
  return [
    [
      'eth_simulateV1',
      async (params) => {
        checkParamCount(params, { min: 1, max: 2 })
        const options = parseObject(params[0], 'simulation')
        for (const mode of UNSUPPORTED_MODES) {
          if (!isAbsent(options[mode]) && parseBoolean(options[mode], mode)) {
            throw invalidParams(`${mode} is not supported`)
          }
        }
        const signal = AbortSignal.timeout(limits.callTimeoutMs)
        const blocks = parseList(
          options['blockStateCalls'],
          'blockStateCalls',
          SIMULATED_BLOCKS_MAX,
        ).map((block) => parseBlock(block, chainId, signal))
        const results = await reader.run(parseBlockId(params[1]), (state) => state.simulate(blocks))
        return results.map((result) => blockToJson(result, limits))
      },
    ],
  ]
}

function parseBlock(value: unknown, chainId: bigint, signal: AbortSignal): EvmSimulatedBlock {
  const { blockOverrides, stateOverrides, calls } = parseObject(value, 'block')
  const block = parseBlockOverrides(blockOverrides)
  return {
    ...(block === undefined ? {} : { blockOverrides: block }),
    stateOverrides: parseStateOverrides(stateOverrides),
    calls: isAbsent(calls)
      ? []
      : parseList(calls, 'calls', SIMULATED_CALLS_MAX).map((call) => ({
          ...parseCallRequest(call, chainId),
          signal,
        })),
  }
}

/** What is known of a block that was never built: it has no hash and no roots. */
function blockToJson(block: EvmSimulatedResult, limits: RpcLimits): unknown {
  const blockNumber = quantity(block.number)
  let logIndex = 0
  return {
    number: blockNumber,
    timestamp: quantity(block.timestamp),
    gasLimit: quantity(block.gasLimit),
    gasUsed: quantity(block.gasUsed),
    baseFeePerGas: quantity(block.baseFeePerGas),
    calls: block.calls.map(({ result, logs }, index) => ({
      returnData: 'output' in result ? data(result.output) : '0x',
      logs: logs.map((log) => ({
        address: data(log.address),
        topics: log.topics.map(data),
        data: data(log.data),
        blockNumber,
        transactionIndex: quantity(index),
        logIndex: quantity(logIndex++),
        removed: false,
      })),
      gasUsed: 'gasUsed' in result ? quantity(result.gasUsed) : '0x0',
      status: quantity(result.status === 'success' ? 1 : 0),
      ...(result.status === 'success'
        ? {}
        : {
            error: {
              code: result.status === 'reverted' ? REVERTED : VM_ERROR,
              message: callError(result, limits).summary,
            },
          }),
    })),
  }
}
