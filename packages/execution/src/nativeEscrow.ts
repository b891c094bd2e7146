import {
  bytesToHex,
  formatDecimal,
  type Genesis,
  type GenesisBalance,
  NATIVE_SYSTEM_ADDRESS,
  NATIVE_TOKEN_EVM_DECIMALS,
  NATIVE_TOKEN_NAME,
  parseDecimal,
} from '@openliquid/primitives'

const SYSTEM = bytesToHex(NATIVE_SYSTEM_ADDRESS)
/** Wei of the Core that the system address may hold: a supply fits 63 bits. */
const CORE_WEI_MAX = (1n << 62n) - 1n

/**
 * A genesis in which the system address of the native token holds in each world what the other one has in circulation,
 * so that all of it can cross over. What the file gives that address stays.
 *
 * @see docs/spec/hyperliquid.md §13
 */
export function withNativeEscrow(genesis: Genesis): Genesis {
  const token = genesis.core.tokens.find(({ name }) => name === NATIVE_TOKEN_NAME)
  if (token === undefined) return genesis
  const { weiDecimals } = token
  const extra = 10n ** BigInt(NATIVE_TOKEN_EVM_DECIMALS - weiDecimals)
  const { alloc } = genesis.evm
  const { balances } = genesis.core

  const isGivenOnEvm = Object.keys(alloc).some((address) => address.toLowerCase() === SYSTEM)
  let onEvm = 0n
  for (const [address, { balance }] of Object.entries(alloc)) {
    if (address.toLowerCase() !== SYSTEM) onEvm += BigInt(balance)
  }
  const isGivenOnCore = balances.some(({ address }) => address.toLowerCase() === SYSTEM)
  let onCore = 0n
  for (const { address, spot } of balances) {
    if (address.toLowerCase() === SYSTEM) continue
    onCore += parseDecimal(spot?.[NATIVE_TOKEN_NAME] ?? '0', weiDecimals)
  }
  const escrow = onEvm / extra < CORE_WEI_MAX ? onEvm / extra : CORE_WEI_MAX
  const core: GenesisBalance = {
    address: SYSTEM,
    spot: { [NATIVE_TOKEN_NAME]: formatDecimal(escrow, weiDecimals) },
  }
  const evm = { [SYSTEM]: { balance: String(onCore * extra) } }
  return {
    ...genesis,
    core: isGivenOnCore ? genesis.core : { ...genesis.core, balances: [...balances, core] },
    evm: isGivenOnEvm ? genesis.evm : { ...genesis.evm, alloc: { ...alloc, ...evm } },
  }
}
