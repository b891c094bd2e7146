import type { L1Precompile } from '@openliquid/primitives'
import { address, int, list, text, tuple, uint } from './abi.ts'
import { readPrecompile } from './readPrecompile.ts'

/** `(uint32 token) → (string name, uint64[] spots, uint64 deployerTradingFeeShare, address deployer, address evmContract,
 * uint8 szDecimals, uint8 weiDecimals, int8 evmExtraWeiDecimals)`. */
export const tokenInfo: L1Precompile = readPrecompile({
  address: 0x080c,
  name: 'tokenInfo',
  inputs: ['uint32'],
  read(reader, args) {
    const token = args.id(0)
    const reading = token === undefined ? undefined : reader.tokenInfoOf(token)
    if (reading === undefined) return undefined
    return tuple(
      text(reading.name),
      list(reading.spotPairs.map((pair) => uint(64, pair))),
      uint(64, reading.deployerTradingFeeShare),
      address(reading.deployer),
      address(reading.evmContract),
      uint(8, reading.szDecimals),
      uint(8, reading.weiDecimals),
      int(8, reading.evmExtraWeiDecimals),
    )
  },
})
