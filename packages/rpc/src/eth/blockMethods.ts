import type { EvmBlock, EvmView } from '@openliquid/execution'
import type { RpcMethod } from '../transport/jsonRpc.ts'
import { blockOf, type ChainReader } from './chainReader.ts'
import { quantity } from './ethEncoding.ts'
import { blockToJson, headerToJson, receiptToJson, transactionToJson } from './ethObjects.ts'
import {
  type BlockId,
  checkParamCount,
  isAbsent,
  parseBlockId,
  parseBlockNumber,
  parseBoolean,
  parseCount,
  parseHash,
} from './ethParams.ts'

type BlockIdParser = (value: unknown) => BlockId

/** Blocks, headers, and what hangs on a block: eth_getBlockByNumber, eth_getBlockReceipts and the like. */
export function blockMethods(reader: ChainReader): readonly [string, RpcMethod][] {
  const byHash: BlockIdParser = (value) => ({ kind: 'hash', hash: parseHash(value, 'block hash') })

  /** A method of one block that answers null when there is no such block. */
  const ofBlock = (
    parse: BlockIdParser,
    read: (evm: EvmView, block: EvmBlock) => unknown,
  ): RpcMethod => {
    return (params) => {
      checkParamCount(params, { min: 1, max: 1 })
      const id = parse(params[0])
      return reader.read((evm) => {
        const block = blockOf(evm, id)
        return block === undefined ? null : read(evm, block)
      })
    }
  }

  const wholeBlock = (parse: BlockIdParser): RpcMethod => {
    return (params) => {
      checkParamCount(params, { min: 1, max: 2 })
      const id = parse(params[0])
      const isFull = isAbsent(params[1]) ? false : parseBoolean(params[1], 'full transactions')
      return reader.read((evm) => {
        const block = blockOf(evm, id)
        if (block === undefined) return null
        return blockToJson(block, isFull ? evm.getTransactions(block.header.number) : undefined)
      })
    }
  }

  const transactionAt = (parse: BlockIdParser): RpcMethod => {
    return (params) => {
      checkParamCount(params, { min: 2, max: 2 })
      const id = parse(params[0])
      const index = parseCount(params[1], 'index')
      return reader.read((evm) => {
        const block = blockOf(evm, id)
        if (block === undefined) return null
        const place = evm.getTransactions(block.header.number)?.[index]
        return place === undefined ? null : transactionToJson(place)
      })
    }
  }

  /** There are no uncles: every block of this chain has one parent and is final. */
  const noUncle = (parse: BlockIdParser): RpcMethod => {
    return (params) => {
      checkParamCount(params, { min: 2, max: 2 })
      parse(params[0])
      parseCount(params[1], 'index')
      return null
    }
  }

  const transactionCount = (_: EvmView, block: EvmBlock): string =>
    quantity(block.transactionHashes.length)
  const uncleCount = (): string => quantity(0)
  const systemTransactions = (evm: EvmView, block: EvmBlock): unknown =>
    evm.getSystemTransactions(block.header.number)?.map(transactionToJson)
  const header = (_: EvmView, block: EvmBlock): unknown => headerToJson(block)

  return [
    ['eth_getBlockByNumber', wholeBlock(parseBlockNumber)],
    ['eth_getBlockByHash', wholeBlock(byHash)],
    ['eth_getHeaderByNumber', ofBlock(parseBlockNumber, header)],
    ['eth_getHeaderByHash', ofBlock(byHash, header)],
    [
      'eth_getBlockReceipts',
      ofBlock(parseBlockId, (evm, block) =>
        evm.getReceipts(block.header.number)?.map(receiptToJson),
      ),
    ],
    ['eth_getSystemTxsByBlockNumber', ofBlock(parseBlockNumber, systemTransactions)],
    ['eth_getSystemTxsByBlockHash', ofBlock(byHash, systemTransactions)],
    ['eth_getBlockTransactionCountByNumber', ofBlock(parseBlockNumber, transactionCount)],
    ['eth_getBlockTransactionCountByHash', ofBlock(byHash, transactionCount)],
    ['eth_getUncleCountByBlockNumber', ofBlock(parseBlockNumber, uncleCount)],
    ['eth_getUncleCountByBlockHash', ofBlock(byHash, uncleCount)],
    ['eth_getUncleByBlockNumberAndIndex', noUncle(parseBlockNumber)],
    ['eth_getUncleByBlockHashAndIndex', noUncle(byHash)],
    ['eth_getTransactionByBlockNumberAndIndex', transactionAt(parseBlockNumber)],
    ['eth_getTransactionByBlockHashAndIndex', transactionAt(byHash)],
  ]
}
