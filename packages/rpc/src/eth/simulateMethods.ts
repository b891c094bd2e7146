import type { ChainView } from '@openliquid/execution'
import { RpcError } from '../errors.ts'
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
        const given = parseList(options['blockStateCalls'], 'blockStateCalls', Infinity)
        if (given.length === 0) throw invalidParams('blockStateCalls is empty')
        if (given.length > SIMULATED_BLOCKS_MAX) throw tooManyBlocks()
        const blocks = given.map((block) => parseBlock(block, chainId, signal))
        const { ordered, results } = await reader.run(
          parseBlockId(params[1]),
          async (state, { header }) => {
            const ordered = inOrder(blocks, header)
            return { ordered, results: await state.simulate(ordered) }
          },
        )
        for (const [index, { calls }] of ordered.entries()) {
          checkResults(calls, results[index] as EvmSimulatedResult, limits)
        }
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

/**
 * Blocks with the empty ones that lie between them, each above and after the one before it.
 *
 * @throws {RpcError} OL_RPC_SIMULATION_NUMBER, OL_RPC_SIMULATION_TIME, OL_RPC_SIMULATION_SIZE
 */
function inOrder(
  blocks: readonly EvmSimulatedBlock[],
  base: { readonly number: bigint; readonly timestamp: bigint },
): readonly EvmSimulatedBlock[] {
  const ordered: EvmSimulatedBlock[] = []
  let { number, timestamp } = base
  for (const block of blocks) {
    const { number: wanted = number + 1n, timestamp: time } = block.blockOverrides ?? {}
    if (wanted <= number) {
      throw new RpcError(`block numbers must be in order: ${wanted} <= ${number}`, {
        code: 'OL_RPC_SIMULATION_NUMBER',
        number: wanted.toString(),
      })
    }
    if (BigInt(ordered.length) + wanted - number > SIMULATED_BLOCKS_MAX) throw tooManyBlocks()
    for (; number + 1n < wanted; number++) {
      ordered.push({ calls: [] })
      timestamp += 1n
    }
    if (time !== undefined && time <= timestamp) {
      throw new RpcError(`block timestamps must be in order: ${time} <= ${timestamp}`, {
        code: 'OL_RPC_SIMULATION_TIME',
        timestamp: time.toString(),
      })
    }
    number = wanted
    timestamp = time ?? timestamp + 1n
    ordered.push(block)
  }
  return ordered
}

function tooManyBlocks(): RpcError {
  return new RpcError(`at most ${SIMULATED_BLOCKS_MAX} blocks are simulated`, {
    code: 'OL_RPC_SIMULATION_SIZE',
    max: SIMULATED_BLOCKS_MAX,
  })
}

/** A call that could not be part of a block fails the whole simulation. */
function checkResults(
  requests: EvmSimulatedBlock['calls'],
  { calls, gasLimit }: EvmSimulatedResult,
  limits: RpcLimits,
): void {
  let left = gasLimit
  for (const [index, { result }] of calls.entries()) {
    const gas = requests[index]?.gas ?? 0n
    if (gas > left) {
      throw new RpcError(`block gas limit reached: ${gas} > ${left}`, {
        code: 'OL_RPC_SIMULATION_BLOCK_GAS',
        gas: gas.toString(),
      })
    }
    if (result.status === 'refused') throw refusalOf(result, limits)
    left -= result.gasUsed
  }
}

function refusalOf(
  refused: Extract<EvmSimulatedResult['calls'][number]['result'], { readonly status: 'refused' }>,
  limits: RpcLimits,
): RpcError {
  switch (refused.code) {
    case 'OL_EVM_CALL_GAS':
      return new RpcError(refused.reason, { code: 'OL_RPC_SIMULATION_GAS' })
    case 'OL_EVM_CALL_FUNDS':
      return new RpcError(refused.reason, { code: 'OL_RPC_SIMULATION_FUNDS' })
    default:
      return callError(refused, limits)
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
              ...(result.status === 'reverted' ? { data: data(result.output) } : {}),
            },
          }),
    })),
  }
}
