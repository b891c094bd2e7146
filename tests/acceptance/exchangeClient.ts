import { concatHex, type Hex, hexToBytes, keccak256, numberToHex, toHex } from 'viem'
import type { PrivateKeyAccount } from 'viem/accounts'
import { encodeMsgpack } from './msgpack.ts'

const ZERO_ADDRESS = '0x0000000000000000000000000000000000000000'

/** An order as clients write it on the wire. */
export interface WireOrder {
  readonly a: number
  readonly b: boolean
  readonly p: string
  readonly s: string
  readonly r: boolean
  readonly t: { readonly limit: { readonly tif: 'Gtc' | 'Ioc' | 'Alo' } }
  readonly c?: Hex
}

/** Body of POST /exchange. */
export interface SignedAction {
  readonly action: object
  readonly nonce: number
  readonly signature: { readonly r: Hex; readonly s: Hex; readonly v: number }
  readonly vaultAddress?: Hex
  readonly expiresAfter?: number
}

/** Hyperliquid's scheme for L1 actions, by viem; docs/spec/hyperliquid.md §3.2. */
export async function signL1Action(
  account: PrivateKeyAccount,
  action: object,
  options: {
    readonly nonce: number
    readonly source?: 'a' | 'b'
    readonly vaultAddress?: Hex
    readonly expiresAfter?: number
  },
): Promise<SignedAction> {
  const { nonce, source = 'b', vaultAddress, expiresAfter } = options
  const connectionId = keccak256(
    concatHex([
      toHex(encodeMsgpack(action)),
      numberToHex(nonce, { size: 8 }),
      vaultAddress === undefined ? '0x00' : concatHex(['0x01', vaultAddress]),
      expiresAfter === undefined
        ? '0x'
        : concatHex(['0x00', numberToHex(expiresAfter, { size: 8 })]),
    ]),
  )
  const signature = await account.signTypedData({
    domain: { name: 'Exchange', version: '1', chainId: 1337, verifyingContract: ZERO_ADDRESS },
    types: {
      Agent: [
        { name: 'source', type: 'string' },
        { name: 'connectionId', type: 'bytes32' },
      ],
    },
    primaryType: 'Agent',
    message: { source, connectionId },
  })
  return {
    action,
    nonce,
    signature: splitSignature(signature),
    ...(vaultAddress === undefined ? {} : { vaultAddress }),
    ...(expiresAfter === undefined ? {} : { expiresAfter }),
  }
}

/** Hyperliquid's scheme for a transfer between users; docs/spec/hyperliquid.md §3.3. */
export async function signUsdSend(
  account: PrivateKeyAccount,
  transfer: { readonly destination: Hex; readonly amount: string; readonly time: number },
): Promise<SignedAction> {
  const message = { hyperliquidChain: 'Testnet', ...transfer, time: BigInt(transfer.time) }
  const signature = await account.signTypedData({
    domain: {
      name: 'HyperliquidSignTransaction',
      version: '1',
      chainId: 0x66eee,
      verifyingContract: ZERO_ADDRESS,
    },
    types: {
      'HyperliquidTransaction:UsdSend': [
        { name: 'hyperliquidChain', type: 'string' },
        { name: 'destination', type: 'string' },
        { name: 'amount', type: 'string' },
        { name: 'time', type: 'uint64' },
      ],
    },
    primaryType: 'HyperliquidTransaction:UsdSend',
    message,
  })
  return {
    action: {
      type: 'usdSend',
      signatureChainId: '0x66eee',
      hyperliquidChain: 'Testnet',
      ...transfer,
    },
    nonce: transfer.time,
    signature: splitSignature(signature),
  }
}

function splitSignature(signature: Hex): SignedAction['signature'] {
  const bytes = hexToBytes(signature)
  return { r: toHex(bytes.slice(0, 32)), s: toHex(bytes.slice(32, 64)), v: bytes[64]! }
}

let lastNonce = 0

/** Milliseconds, never the same twice. */
export function nextNonce(): number {
  lastNonce = Math.max(lastNonce + 1, Date.now())
  return lastNonce
}

/** The two exchange endpoints of one node. */
export class ExchangeClient {
  readonly #url: string

  constructor(rpcUrl: string) {
    this.#url = rpcUrl
  }

  async info<T = unknown>(request: object): Promise<T> {
    return (await this.#post('/info', JSON.stringify(request))).body as T
  }

  async exchange(signed: SignedAction): Promise<ExchangeAnswer> {
    return (await this.#post('/exchange', JSON.stringify(signed))).body as ExchangeAnswer
  }

  /** Any body, for what no client would send. */
  post(path: '/info' | '/exchange', body: string): Promise<{ status: number; body: unknown }> {
    return this.#post(path, body)
  }

  async order(account: PrivateKeyAccount, ...orders: WireOrder[]): Promise<OrderStatus[]> {
    const action = { type: 'order', orders, grouping: 'na' }
    const signed = await signL1Action(account, action, { nonce: nextNonce() })
    const answer = await this.exchange(signed)
    if (answer.status !== 'ok') throw new Error(`order refused: ${answer.response}`)
    return answer.response.data?.statuses as OrderStatus[]
  }

  async cancel(account: PrivateKeyAccount, asset: number, oid: number): Promise<unknown> {
    const action = { type: 'cancel', cancels: [{ a: asset, o: oid }] }
    return this.exchange(await signL1Action(account, action, { nonce: nextNonce() }))
  }

  async #post(path: string, body: string): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${this.#url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    return { status: response.status, body: await response.json() }
  }
}

export type ExchangeAnswer =
  | {
      readonly status: 'ok'
      readonly response: {
        readonly type: string
        readonly data?: { readonly statuses: readonly unknown[] }
      }
    }
  | { readonly status: 'err'; readonly response: string }

export type OrderStatus =
  | { readonly resting: { readonly oid: number } }
  | { readonly filled: { readonly totalSz: string; readonly avgPx: string; readonly oid: number } }
  | { readonly error: string }
