import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import {
  type Chain,
  createPublicClient,
  createWalletClient,
  defineChain,
  type Hex,
  http,
  type PublicClient,
  type Transport,
  type WalletClient,
} from 'viem'
import { mnemonicToAccount, type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'

const MNEMONIC = 'test test test test test test test test test test test junk'
const TOOLS = fileURLToPath(new URL('../../node_modules/.bin/', import.meta.url))
const POLL_MS = 100

/** A development account with its key, which `cast` wants. */
export interface Trader {
  readonly account: PrivateKeyAccount
  readonly privateKey: Hex
}

/** Account of the shared development mnemonic. */
export function devTrader(addressIndex: number): Trader {
  const { privateKey } = mnemonicToAccount(MNEMONIC, { addressIndex }).getHdKey()
  const key: Hex = `0x${Buffer.from(privateKey!).toString('hex')}`
  return { account: privateKeyToAccount(key), privateKey: key }
}

export function chainOf(rpcUrl: string): Chain {
  return defineChain({
    id: 1_998,
    name: 'OpenLiquid dev',
    nativeCurrency: { name: 'HYPE', symbol: 'HYPE', decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  })
}

export function publicClientOf(rpcUrl: string): PublicClient<Transport, Chain> {
  return createPublicClient({
    chain: chainOf(rpcUrl),
    transport: http(rpcUrl),
    pollingInterval: POLL_MS,
  })
}

export function walletClientOf(
  rpcUrl: string,
  { account }: Trader,
): WalletClient<Transport, Chain, PrivateKeyAccount> {
  return createWalletClient({
    account,
    chain: chainOf(rpcUrl),
    transport: http(rpcUrl),
    pollingInterval: POLL_MS,
  })
}

/** Runs the stock `cast` and gives what it prints. */
export function cast(...args: readonly string[]): Promise<string> {
  return runTool('cast', args)
}

/** Runs a tool of Foundry and gives what it prints. */
export async function runTool(tool: 'cast' | 'forge', args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(`${TOOLS}${tool}`, [...args], {
    env: { ...process.env, FOUNDRY_DISABLE_NIGHTLY_WARNING: '1' },
  })
  return stdout.trim()
}
