import type { ChainView } from '@openliquid/execution'
import { RpcError } from '../errors.ts'
import type { RpcLimits } from '../limits.ts'
import type { RpcMethod } from '../transport/jsonRpc.ts'
import { parseBlockOverrides, parseStateOverrides } from './callOverrides.ts'
import { parseSimulatedRequest } from './callRequest.ts'
import type { ChainReader } from './chainReader.ts'
import { data, quantity } from './ethEncoding.ts'
import { blockToJson, logToJson } from './ethObjects.ts'
import {
  checkParamCount,
  invalidParams,
  isAbsent,
  parseBlockId,
  parseBoolean,
  parseList,
  parseObject,
} from './ethParams.ts'
import type { EvmSimulatedBlock, EvmSimulatedResult, EvmSimulationRefusal } from './evmTypes.ts'
import { callError } from './stateMethods.ts'

/** Blocks and calls of one eth_simulateV1, as geth. */
const SIMULATED_BLOCKS_MAX = 256
const SIMULATED_CALLS_MAX = 1_000

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
        const { blockStateCalls, ...modes } = parseObject(params[0], 'simulation')
        const isOn = (name: string): boolean =>
          !isAbsent(modes[name]) && parseBoolean(modes[name], name)
        const options = {
          validation: isOn('validation'),
          traceTransfers: isOn('traceTransfers'),
          signal: AbortSignal.timeout(limits.callTimeoutMs),
        }
        const isFull = isOn('returnFullTransactions')
        const given = parseList(blockStateCalls, 'blockStateCalls', Infinity)
        if (given.length === 0) throw invalidParams('blockStateCalls is empty')
        if (given.length > SIMULATED_BLOCKS_MAX) throw tooManyBlocks()
        const blocks = given.map((block) => parseBlock(block, chainId))
        const simulation = await reader.run(
          parseBlockId(params[1]),
          (state, { header }, _evm, exclusively) =>
            state.simulate(inOrder(blocks, header), { ...options, exclusively }),
        )
        if (simulation.status === 'refused') throw refusalOf(simulation, limits)
        return simulation.blocks.map((block) => simulatedToJson(block, isFull, limits))
      },
    ],
  ]
}

function parseBlock(value: unknown, chainId: bigint): EvmSimulatedBlock {
  const { blockOverrides, stateOverrides, calls } = parseObject(value, 'block')
  const block = parseBlockOverrides(blockOverrides)
  return {
    ...(block === undefined ? {} : { blockOverrides: block }),
    stateOverrides: parseStateOverrides(stateOverrides),
    calls: isAbsent(calls)
      ? []
      : parseList(calls, 'calls', SIMULATED_CALLS_MAX).map((call) =>
          parseSimulatedRequest(call, chainId),
        ),
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

const REFUSALS = {
  OL_EVM_SKIP_NONCE_TOO_LOW: 'OL_RPC_SIMULATION_NONCE_LOW',
  OL_EVM_SKIP_NONCE_TOO_HIGH: 'OL_RPC_SIMULATION_NONCE_HIGH',
  OL_EVM_SKIP_BASE_FEE: 'OL_RPC_SIMULATION_BASE_FEE',
  OL_EVM_SKIP_BLOCK_GAS: 'OL_RPC_SIMULATION_BLOCK_GAS',
  OL_EVM_TX_INIT_CODE: 'OL_RPC_SIMULATION_INIT_CODE',
  OL_EVM_CALL_GAS: 'OL_RPC_SIMULATION_GAS',
  OL_EVM_CALL_FUNDS: 'OL_RPC_SIMULATION_FUNDS',
} as const

/** A call that could not be part of a block fails the whole simulation. */
function refusalOf({ code, reason }: EvmSimulationRefusal, limits: RpcLimits): RpcError {
  if (code === 'OL_EVM_CALL_TIME' || code === 'OL_EVM_CALL_FULL') {
    return callError({ status: 'refused', code, reason }, limits)
  }
  return new RpcError(reason, { code: REFUSALS[code] })
}

function simulatedToJson(
  { block, transactions, calls }: EvmSimulatedResult,
  isFull: boolean,
  limits: RpcLimits,
): unknown {
  return {
    ...blockToJson(block, isFull ? transactions : undefined),
    calls: calls.map(({ result, gasPeak, logs }) => ({
      returnData: 'output' in result ? data(result.output) : '0x',
      logs: logs.map(logToJson),
      gasUsed: quantity(result.gasUsed),
      maxUsedGas: quantity(gasPeak),
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
