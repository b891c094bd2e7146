import type { Common } from '@ethereumjs/common'
import type { FastPrices } from './fastLoop.ts'

/** Prices of the fork that the machine around the loop charges, beside those of the loop. */
export interface MachinePrices extends FastPrices {
  readonly coldAccount: number
  readonly newAccount: number
  readonly callValue: number
  readonly callStipend: number
  readonly initCodeWord: number
  readonly codeByte: number
  readonly logTopic: number
  readonly logByte: number
  readonly storeSentry: number
  readonly storeSet: number
  readonly storeReset: number
  readonly storeClearRefund: number
}

/** Prices of the library's table for the fork, as numbers. */
export function pricesOf(common: Common): MachinePrices {
  const price = (name: string): number => Number(common.param(name))
  return {
    copyWord: price('copyGas'),
    hashWord: price('keccak256WordGas'),
    expByte: price('expByteGas'),
    coldSlot: price('coldsloadGas'),
    warmAccess: price('warmstoragereadGas'),
    coldAccount: price('coldaccountaccessGas'),
    newAccount: price('callNewAccountGas'),
    callValue: price('callValueTransferGas'),
    callStipend: price('callStipendGas'),
    initCodeWord: price('initCodeWordGas'),
    codeByte: price('createDataGas'),
    logTopic: price('logTopicGas'),
    logByte: price('logDataGas'),
    storeSentry: price('sstoreSentryEIP2200Gas'),
    storeSet: price('sstoreInitEIP2200Gas'),
    storeReset: price('sstoreCleanEIP2200Gas'),
    storeClearRefund: price('sstoreClearRefundEIP2200Gas'),
  }
}
