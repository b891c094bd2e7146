import type {
  ChainView,
  EvmCallRequest,
  EvmCallResult,
  EvmGasEstimate,
} from '@openliquid/execution'
import { type Address, bytesToHex } from '@openliquid/primitives'
import { RpcError } from '../errors.ts'
import type { RpcLimits } from '../limits.ts'
import type { RpcMethod } from '../transport/jsonRpc.ts'
import { parseBlockOverrides, parseStateOverrides } from './callOverrides.ts'
import { parseCallRequest } from './callRequest.ts'
import type { ChainReader } from './chainReader.ts'
import { data, quantity } from './ethEncoding.ts'
import { accessListToJson } from './ethObjects.ts'
import {
  type BlockId,
  checkParamCount,
  parseAddress,
  parseBlockId,
  parseList,
  parseObject,
  parseSlot,
} from './ethParams.ts'
import type { EvmProof } from './evmTypes.ts'

/** Reads of the newest state, and messages run on it: eth_getBalance, eth_call, eth_estimateGas and the like. */
export function stateMethods(
  view: ChainView,
  reader: ChainReader,
  limits: RpcLimits,
): readonly [string, RpcMethod][] {
  const chainId = BigInt(view.chain.chainId)
  /** Message, block, state overrides, block overrides. */
  const parseCall = ([message, , state, block]: readonly unknown[]): EvmCallRequest => {
    const request = parseCallRequest(message, chainId)
    const stateOverrides = parseStateOverrides(state)
    const blockOverrides = parseBlockOverrides(block)
    return {
      ...request,
      ...(stateOverrides.length === 0 ? {} : { stateOverrides }),
      ...(blockOverrides === undefined ? {} : { blockOverrides }),
      signal: AbortSignal.timeout(limits.callTimeoutMs),
    }
  }
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
      'eth_getStorageValues',
      (params) => {
        checkParamCount(params, { min: 1, max: 2 })
        const wanted = parseStorageRequest(params[0])
        return reader.readState(parseBlockId(params[1]), (evm) =>
          Object.fromEntries(
            wanted.map(({ key, address, slots }) => [
              key,
              slots.map((slot) => data(evm.getStorage(address, slot))),
            ]),
          ),
        )
      },
    ],
    [
      'eth_getProof',
      (params) => {
        checkParamCount(params, { min: 2, max: 3 })
        const address = parseAddress(params[0], 'address')
        const slots = parseList(params[1], 'storageKeys', PROOF_SLOTS_MAX).map(parseSlot)
        const id = parseBlockId(params[2])
        return reader.readState(id, (_, { header }, evm) =>
          proofToJson(evm.getProof(address, slots, header.number)),
        )
      },
    ],
    [
      'eth_call',
      async (params) => {
        checkParamCount(params, { min: 1, max: 4 })
        const request = parseCall(params)
        const result = await reader.run(parseBlockId(params[1]), (state) => state.call(request))
        if (result.status === 'success') return data(result.output)
        throw callError(result, limits)
      },
    ],
    [
      'eth_estimateGas',
      async (params) => {
        checkParamCount(params, { min: 1, max: 4 })
        const request = parseCall(params)
        const result = await reader.run(parseBlockId(params[1]), (state) =>
          state.estimateGas(request),
        )
        if (result.status === 'success') return quantity(result.gas)
        throw callError(result, limits)
      },
    ],
    [
      'eth_createAccessList',
      async (params) => {
        checkParamCount(params, { min: 1, max: 3 })
        const request = parseCall([params[0], params[1], params[2]])
        const { accessList, result } = await reader.run(parseBlockId(params[1]), (state) =>
          state.createAccessList(request),
        )
        if (result.status === 'refused') throw callError(result, limits)
        return {
          accessList: accessListToJson(accessList),
          gasUsed: quantity(result.gasUsed),
          ...(result.status === 'success' ? {} : { error: callError(result, limits).summary }),
        }
      },
    ],
  ]
}

/** Slots of one eth_getProof, and of one eth_getStorageValues together, as geth. */
const PROOF_SLOTS_MAX = 1_024

function parseStorageRequest(
  value: unknown,
): readonly { readonly key: string; readonly address: Address; readonly slots: Uint8Array[] }[] {
  const accounts = Object.entries(parseObject(value, 'storage request'))
  let left = PROOF_SLOTS_MAX
  return accounts.map(([key, list]) => {
    const slots = parseList(list, 'slots', left).map(parseSlot)
    left -= slots.length
    return { key, address: parseAddress(key, 'address'), slots }
  })
}

function proofToJson(proof: EvmProof): unknown {
  return {
    address: data(proof.address),
    accountProof: proof.accountProof.map(data),
    balance: quantity(proof.balance),
    codeHash: data(proof.codeHash),
    nonce: quantity(proof.nonce),
    storageHash: data(proof.storageRoot),
    storageProof: proof.storageProofs.map(({ slot, value, proof: nodes }) => ({
      key: data(slot),
      value: quantity(value),
      proof: nodes.map(data),
    })),
  }
}

function isPending(id: BlockId): boolean {
  return id.kind === 'tag' && id.tag === 'pending'
}

/** A call that did not succeed, as the error that geth gives. */
export function callError(
  result: Exclude<EvmCallResult | EvmGasEstimate, { readonly status: 'success' }>,
  { callTimeoutMs: timeoutMs }: Pick<RpcLimits, 'callTimeoutMs'>,
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
      if (result.code === 'OL_EVM_CALL_TIME') {
        return new RpcError(`execution aborted (timeout = ${timeoutMs}ms)`, {
          code: 'OL_RPC_TIMEOUT',
          timeoutMs,
        })
      }
      if (result.code === 'OL_EVM_CALL_FULL') {
        return new RpcError('too many calls at a time; try again later', { code: 'OL_RPC_BUSY' })
      }
      return new RpcError(result.reason, { code: 'OL_RPC_EXECUTION', reason: result.code })
  }
}

const ERROR_SELECTOR = '0x08c379a0'
const PANIC_SELECTOR = '0x4e487b71'

/** The text of Solidity's `Error(string)` or the code of its `Panic(uint256)`, as geth puts it in the message. */
export function revertReason(output: Uint8Array): string | undefined {
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
