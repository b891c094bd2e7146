import type { L1Precompile } from '@openliquid/primitives'
import { address, list, tuple, uint } from './abi.ts'
import { readPrecompile } from './readPrecompile.ts'

/** `(uint32 token) → (uint64 maxSupply, uint64 totalSupply, uint64 circulatingSupply, uint64 futureEmissions,
 * (address user, uint64 balance)[] nonCirculatingUserBalances)`. */
export const tokenSupply: L1Precompile = readPrecompile({
  address: 0x080d,
  name: 'tokenSupply',
  inputs: ['uint32'],
  read(reader, args) {
    const token = args.id(0)
    const reading = token === undefined ? undefined : reader.tokenSupplyOf(token)
    if (reading === undefined) return undefined
    return tuple(
      uint(64, reading.maxSupply),
      uint(64, reading.totalSupply),
      uint(64, reading.circulatingSupply),
      uint(64, reading.futureEmissions),
      list(
        reading.nonCirculating.map(({ user, balance }) => tuple(address(user), uint(64, balance))),
      ),
    )
  },
})
