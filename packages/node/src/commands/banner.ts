import type { Genesis } from '@openliquid/primitives'
import { DEV_ACCOUNTS, DEV_MNEMONIC } from '../devAccounts.ts'

/** What a person needs to use a development chain. */
export interface ChainSummary {
  readonly rpcUrls: readonly string[]
  readonly genesis: Genesis
  readonly datadir: string
  readonly stop: string
}

/** Where clients reach a node. */
export function endpointsOf(node: {
  readonly rpcUrl: string | undefined
  readonly genesis: Genesis
}): { readonly rpcUrls: readonly string[]; readonly chainId: number } {
  const rpcUrls = node.rpcUrl === undefined ? [] : [node.rpcUrl]
  return { rpcUrls, chainId: node.genesis.chainId }
}

/** The lines that `npm start` and `start --dev` print. */
export function chainLines({ rpcUrls, genesis, datadir, stop }: ChainSummary): string[] {
  const { spotPairs, perps, tokens } = genesis.core
  const nameOf = (token: number): string => tokens[token]?.name ?? String(token)
  const spot = spotPairs.map(({ base, quote, index }) => {
    return `${nameOf(base)}/${nameOf(quote)} (asset ${10_000 + index})`
  })
  return [
    '',
    'OpenLiquid is running.',
    '',
    `  RPC        ${rpcUrls.join('  ')}`,
    '             Ethereum JSON-RPC (HTTP and WebSocket), POST /info, POST /exchange',
    `  chain id   ${genesis.chainId}`,
    `  markets    spot: ${spot.join(', ')}`,
    `             perpetual: ${perps.map(({ name }, i) => `${name} (asset ${i})`).join(', ')}`,
    `  accounts   10,000 HYPE each on the EVM, 1,000,000 USDC each in spot and in perp`,
    `             public development keys of "${DEV_MNEMONIC}":`,
    ...DEV_ACCOUNTS.map(({ address, privateKey }) => `             ${address}  ${privateKey}`),
    `  data       ${datadir}`,
    `  stop       ${stop}`,
    '',
  ]
}
