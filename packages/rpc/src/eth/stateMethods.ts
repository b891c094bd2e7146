import type { ChainView, EvmCallResult, EvmGasEstimate } from '@openliquid/execution'
import { bytesToHex } from '@openliquid/primitives'
import { RpcError } from '../errors.ts'
import type { RpcMethod } from '../transport/jsonRpc.ts'
import { parseCallRequest } from './callRequest.ts'
import type { ChainReader } from './chainReader.ts'
import { data, quantity } from './ethEncoding.ts'
import {
  type BlockId,
  checkParamCount,
  invalidParams,
  isAbsent,
  parseAddress,
  parseBlockId,
  parseObject,
  parseSlot,
} from './ethParams.ts'

/** Reads of the newest state, and messages run on it: eth_getBalance, eth_call, eth_estimateGas and the like. */
export function stateMethods(view: ChainView, reader: ChainReader): readonly [string, RpcMethod][] {
  const chainId = BigInt(view.chain.chainId)
  return [
    [
      'eth_getBalance',
      (params) => {
        checkParamCount(params, { min: 1, max: 2 })
        const address = parseAddress(params[0], 'address')
        return reader.readState(parseBlockId(params[1]), (evm) => quantity(evm.getBalance(address)))
      },
    ],
    [
      'eth_getTransactionCount',
      (params) => {
        checkParamCount(params, { min: 1, max: 2 })
        const address = parseAddress(params[0], 'address')
        const id = parseBlockId(params[1])
        return reader.readState(id, (evm) =>
          quantity(isPending(id) ? view.pendingNonce(address) : evm.getNonce(address)),
        )
      },
    ],
    [
      'eth_getCode',
      (params) => {
        checkParamCount(params, { min: 1, max: 2 })
        const address = parseAddress(params[0], 'address')
        return reader.readState(parseBlockId(params[1]), (evm) => data(evm.getCode(address)))
      },
    ],
    [
      'eth_getStorageAt',
      (params) => {
        checkParamCount(params, { min: 2, max: 3 })
        const address = parseAddress(params[0], 'address')
        const slot = parseSlot(params[1])
        return reader.readState(parseBlockId(params[2]), (evm) =>
          data(evm.getStorage(address, slot)),
        )
      },
    ],
    [
      'eth_call',
      (params) => {
        checkParamCount(params, { min: 1, max: 4 })
        const request = parseCallRequest(params[0], chainId)
        refuseOverrides(params[2], params[3])
        return reader.readState(parseBlockId(params[1]), async (evm) => {
          const result = await evm.call(request)
          if (result.status === 'success') return data(result.output)
          throw callError(result)
        })
      },
    ],
    [
      'eth_estimateGas',
      (params) => {
        checkParamCount(params, { min: 1, max: 4 })
        const request = parseCallRequest(params[0], chainId)
        refuseOverrides(params[2], params[3])
        return reader.readState(parseBlockId(params[1]), async (evm) => {
          const result = await evm.estimateGas(request)
          if (result.status === 'success') return quantity(result.gas)
          throw callError(result)
        })
      },
    ],
  ]
}

function isPending(id: BlockId): boolean {
  return id.kind === 'tag' && id.tag === 'pending'
}

/** An override that was ignored would give a wrong answer; one that changes nothing is let through. */
function refuseOverrides(...overrides: readonly unknown[]): void {
  for (const override of overrides) {
    if (isAbsent(override)) continue
    if (Object.keys(parseObject(override, 'overrides')).length > 0) {
      throw invalidParams('state and block overrides are not supported yet')
    }
  }
}

function callError(
  result: Exclude<EvmCallResult | EvmGasEstimate, { readonly status: 'success' }>,
): RpcError {
  switch (result.status) {
    case 'reverted': {
      const reason = revertReason(result.output)
      return new RpcError(
        reason === undefined ? 'execution reverted' : `execution reverted: ${reason}`,
        { code: 'OL_RPC_REVERTED', revertData: bytesToHex(result.output) },
      )
    }
    case 'failed':
      return new RpcError(result.reason, { code: 'OL_RPC_EXECUTION', reason: result.reason })
    case 'refused':
      return new RpcError(result.reason, { code: 'OL_RPC_EXECUTION', reason: result.code })
  }
}

const ERROR_SELECTOR = '0x08c379a0'
const PANIC_SELECTOR = '0x4e487b71'

/** The text of Solidity's `Error(string)` or the code of its `Panic(uint256)`, as geth puts it in the message. */
function revertReason(output: Uint8Array): string | undefined {
  const selector = bytesToHex(output.subarray(0, 4))
  const body = output.subarray(4)
  if (selector === PANIC_SELECTOR && body.length === 32) {
    return `panic code 0x${BigInt(bytesToHex(body)).toString(16)}`
  }
  if (selector !== ERROR_SELECTOR || body.length < 64) return undefined
  const size = BigInt(bytesToHex(body.subarray(32, 64)))
  if (size > BigInt(body.length - 64)) return undefined
  return new TextDecoder().decode(body.subarray(64, 64 + Number(size)))
}
