import { EvmError } from './errors.ts'
import type { EvmBlock } from './evmBlock.ts'
import type { EvmFeeHistory, EvmView } from './evmView.ts'
import { FEE_HISTORY_BLOCKS_MAX, FEE_HISTORY_PERCENTILES_MAX } from './limits.ts'

type Request = Parameters<EvmView['getFeeHistory']>[0]
type Chain = Pick<
  EvmView,
  'head' | 'oldestBlock' | 'getBlockByNumber' | 'getReceipts' | 'getBaseFee'
>

/**
 * What blocks asked and got, oldest first; as many blocks as there are, up to the number asked for.
 *
 * @throws {EvmError} OL_EVM_FEE_HISTORY
 */
export function feeHistory(request: Request, chain: Chain): EvmFeeHistory {
  const { newestNumber, rewardPercentiles } = request
  checkRequest(request, chain)
  const available = newestNumber + 1n
  const count = BigInt(Math.min(request.blockCount, FEE_HISTORY_BLOCKS_MAX))
  let oldestNumber = count < available ? available - count : 0n
  // Blocks before the oldest one are as if they were none, and the newest is always told of.
  if (oldestNumber < chain.oldestBlock) oldestNumber = chain.oldestBlock
  if (oldestNumber > newestNumber) oldestNumber = newestNumber
  const blocks: EvmBlock[] = []
  for (let number = oldestNumber; number <= newestNumber; number++) {
    const block = chain.getBlockByNumber(number)
    if (block !== undefined) blocks.push(block)
  }
  const fees = blocks.map(({ header }) => header.baseFeePerGas)
  const reward =
    rewardPercentiles === undefined || rewardPercentiles.length === 0
      ? {}
      : { reward: blocks.map((block) => rewards(block, rewardPercentiles, chain)) }
  return {
    oldestNumber,
    baseFeePerGas: [...fees, feeAfter(newestNumber, chain)],
    gas: blocks.map(({ header }) => ({ used: header.gasUsed, limit: header.gasLimit })),
    ...reward,
  }
}

function checkRequest(
  { blockCount, newestNumber, rewardPercentiles = [] }: Request,
  chain: Chain,
): void {
  if (!Number.isSafeInteger(blockCount) || blockCount < 1) {
    throw invalid('the number of blocks is not a positive integer')
  }
  if (newestNumber < 0n || newestNumber > chain.head.header.number) {
    throw invalid('the newest block is not there yet')
  }
  if (rewardPercentiles.length > FEE_HISTORY_PERCENTILES_MAX) {
    throw invalid(`more than ${FEE_HISTORY_PERCENTILES_MAX} percentiles`)
  }
  let last = 0
  for (const percentile of rewardPercentiles) {
    if (!(percentile >= last && percentile <= 100)) {
      throw invalid('percentiles are not ascending from 0 to 100')
    }
    last = percentile
  }
}

/** Base fee of the next block: of the same lane as far as it is known, which is at the head. */
function feeAfter(number: bigint, chain: Chain): bigint {
  const next = chain.getBlockByNumber(number + 1n)
  if (next !== undefined) return next.header.baseFeePerGas
  return chain.getBaseFee(chain.head.lane)
}

/** Tips at the given percentiles of the block's gas, cheapest first. */
function rewards({ header }: EvmBlock, percentiles: readonly number[], chain: Chain): bigint[] {
  const tips = (chain.getReceipts(header.number) ?? [])
    .map(({ effectiveGasPrice, gasUsed }) => ({
      tip: effectiveGasPrice - header.baseFeePerGas,
      gasUsed,
    }))
    .sort((a, b) => (a.tip < b.tip ? -1 : a.tip > b.tip ? 1 : 0))
  return percentiles.map((percentile) => {
    // Percentiles come as floating point numbers; millionths are exact enough for an answer to a reader.
    const wanted = (header.gasUsed * BigInt(Math.round(percentile * 10_000))) / 1_000_000n
    let gas = 0n
    for (const { tip, gasUsed } of tips) {
      gas += gasUsed
      if (gas >= wanted) return tip
    }
    return 0n
  })
}

function invalid(reason: string): EvmError {
  return new EvmError(`the request for fee history is invalid: ${reason}`, {
    code: 'OL_EVM_FEE_HISTORY',
    reason,
  })
}
