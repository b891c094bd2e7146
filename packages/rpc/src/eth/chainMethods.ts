import type { ChainView } from '@openliquid/execution'
import { keccak256 } from '@openliquid/primitives'
import type { RpcMethod } from '../transport/jsonRpc.ts'
import { blockOf, type ChainReader, unknownBlock } from './chainReader.ts'
import { data, quantity } from './ethEncoding.ts'
import {
  checkParamCount,
  invalidParams,
  isAbsent,
  parseAddress,
  parseBlockNumber,
  parseCount,
  parseData,
  parseList,
} from './ethParams.ts'

/** Blocks of one eth_feeHistory answer; a request for more gets so many, as with geth. */
const FEE_HISTORY_BLOCKS_MAX = 1_024

/** Percentiles in one eth_feeHistory request, as geth. */
const PERCENTILES_MAX = 100

/** What the group needs; see `chainMethods`. */
export interface ChainMethodsOptions {
  readonly view: ChainView
  readonly reader: ChainReader
  readonly clientVersion: string
  readonly serveDebug: boolean
  readonly peerCount: () => number
}

/** Facts about chain, node and prices: eth_chainId, eth_gasPrice, net_*, web3_* and the like. */
export function chainMethods(options: ChainMethodsOptions): readonly [string, RpcMethod][] {
  const { view, reader } = options
  const constant = (value: unknown): RpcMethod => {
    return (params) => {
      checkParamCount(params, { min: 0, max: 0 })
      return value
    }
  }
  const price = (lane: number): RpcMethod => {
    return (params) => {
      checkParamCount(params, { min: 0, max: 0 })
      return reader.read((evm) => quantity(evm.getBaseFee(lane)))
    }
  }
  const modules = [
    ...(options.serveDebug ? ['debug', 'trace'] : []),
    ...['eth', 'net', 'rpc', 'txpool', 'web3'],
  ]
  const bigLane = view.chain.genesis.evm.lanes.length - 1

  return [
    ['web3_clientVersion', constant(options.clientVersion)],
    [
      'web3_sha3',
      (params) => {
        checkParamCount(params, { min: 1, max: 1 })
        return data(keccak256(parseData(params[0], 'data')))
      },
    ],
    ['net_version', constant(view.chain.chainId.toString())],
    ['net_listening', constant(true)],
    ['net_peerCount', () => quantity(options.peerCount())],
    ['rpc_modules', constant(Object.fromEntries(modules.map((name) => [name, '1.0'])))],
    ['eth_chainId', constant(quantity(view.chain.chainId))],
    // A node that answers has executed everything it knows to be committed, or says so at /readyz.
    ['eth_syncing', constant(false)],
    ['eth_accounts', constant([])],
    // Fees go to nobody: docs/spec/hyperliquid.md §14.
    ['eth_coinbase', constant(`0x${'00'.repeat(20)}`)],
    ['eth_blockNumber', () => reader.read((evm) => quantity(evm.head.header.number))],
    ['eth_gasPrice', price(0)],
    ['eth_baseFee', price(0)],
    ['eth_bigBlockGasPrice', price(bigLane)],
    // Without blobs the price stays at its minimum; docs/spec/evm.md §8.
    ['eth_blobBaseFee', constant('0x1')],
    ['eth_maxPriorityFeePerGas', constant('0x0')],
    ['eth_feeHistory', (params) => feeHistory(params, reader)],
    [
      'eth_usingBigBlocks',
      (params) => {
        checkParamCount(params, { min: 1, max: 1 })
        const user = parseAddress(params[0], 'address')
        return view.call(() => view.core.usingBigBlocks(user))
      },
    ],
  ]
}

async function feeHistory(params: readonly unknown[], reader: ChainReader): Promise<unknown> {
  checkParamCount(params, { min: 2, max: 3 })
  const blockCount = parseCount(params[0], 'blockCount')
  const id = parseBlockNumber(params[1])
  const rewardPercentiles = parsePercentiles(params[2])
  return reader.read((evm) => {
    const newest = blockOf(evm, id)
    if (newest === undefined) throw unknownBlock(id)
    if (blockCount === 0) return { oldestBlock: '0x0', baseFeePerGas: [], gasUsedRatio: [] }
    const history = evm.getFeeHistory({
      blockCount: Math.min(blockCount, FEE_HISTORY_BLOCKS_MAX),
      newestNumber: newest.header.number,
      ...(rewardPercentiles === undefined ? {} : { rewardPercentiles }),
    })
    return {
      oldestBlock: quantity(history.oldestNumber),
      baseFeePerGas: history.baseFeePerGas.map(quantity),
      gasUsedRatio: history.gas.map(({ used, limit }) =>
        limit === 0n ? 0 : Number(used) / Number(limit),
      ),
      ...(history.reward === undefined
        ? {}
        : { reward: history.reward.map((tips) => tips.map(quantity)) }),
    }
  })
}

function parsePercentiles(value: unknown): readonly number[] | undefined {
  if (isAbsent(value)) return undefined
  const percentiles = parseList(value, 'rewardPercentiles', PERCENTILES_MAX)
  let last = 0
  return percentiles.map((percentile) => {
    if (typeof percentile !== 'number' || !(percentile >= last && percentile <= 100)) {
      throw invalidParams('rewardPercentiles must be rising numbers from 0 to 100')
    }
    last = percentile
    return percentile
  })
}
