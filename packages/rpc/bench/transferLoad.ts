import { signTransaction } from '@openliquid/evm/testing'
import { bytesToHex, hexToBytes } from '@openliquid/primitives'
import { mnemonicToAccount } from 'viem/accounts'
import { JsonRpcClient } from './jsonRpcClient.ts'

export const MNEMONIC = 'test test test test test test test test test test test junk'
const CHAIN_ID = 1998
const SENDERS = 20
const TRANSFERS_EACH = 100
/** A connection for every sender. */
const CONNECTIONS = SENDERS
const GWEI = 1_000_000_000n
const FUNDING_WEI = 10n ** 19n
/** How long a transfer may take to be mined before the run counts as failed. */
const MINED_MS_MAX = 30_000
/** Between two questions for a receipt that is not there yet. */
const POLL_MS = 5

interface Account {
  readonly address: `0x${string}`
  readonly secretKey: Uint8Array
}

const accounts = Array.from({ length: SENDERS }, (_, addressIndex): Account => {
  const account = mnemonicToAccount(MNEMONIC, { addressIndex })
  const secretKey = account.getHdKey().privateKey
  if (secretKey === null) throw new Error('a mnemonic gives secret keys')
  return { address: account.address, secretKey }
})

export interface SignedTransfer {
  readonly sender: number
  readonly raw: string
}

/** Transfers of every sender in order of nonce, shuffled between senders; signed before anything is measured. */
export function signedTransfers(): readonly SignedTransfer[] {
  // The first ones of some senders paid for the others: nonces go on from there.
  const next = accounts.map((_, sender): number => (sender < FUNDED ? 1 : 0))
  const order = accounts.flatMap((_, sender) => new Array<number>(TRANSFERS_EACH).fill(sender))
  shuffle(order)
  return order.map((sender) => {
    const nonce = next[sender] ?? 0
    next[sender] = nonce + 1
    return { sender, raw: sign(accountAt(sender), nonce, RECEIVER, 1n) }
  })
}

function accountAt(sender: number): Account {
  const account = accounts[sender]
  if (account === undefined) throw new Error('too few accounts')
  return account
}

/** Only the first ten accounts of a development chain have money: each pays for one more. */
const FUNDED = 10

const RECEIVER = `0x${'ab'.repeat(20)}` as const

function sign({ secretKey }: Account, nonce: number, to: string, value: bigint): string {
  const transfer = {
    chainId: CHAIN_ID,
    nonce,
    to: hexToBytes(to),
    value,
    gasLimit: 21_000n,
    maxFeePerGas: 100n * GWEI,
    maxPriorityFeePerGas: GWEI,
  }
  return bytesToHex(signTransaction(transfer, secretKey))
}

/** Gives the other half of the senders money, until every server has seen it; not measured. */
export async function fundSenders(urls: readonly string[]): Promise<void> {
  const clients = urls.map((url) => new JsonRpcClient(url, CONNECTIONS))
  const [first] = clients
  if (first === undefined) throw new Error('there is no server')
  const fund = async (sender: number): Promise<void> => {
    const raw = sign(accountAt(sender), 0, accountAt(FUNDED + sender).address, FUNDING_WEI)
    const hash = String(await first.call('eth_sendRawTransaction', [raw]))
    for (const client of clients) await receiptOf(client, hash)
  }
  await Promise.all(Array.from({ length: FUNDED }, (_, sender) => fund(sender)))
  for (const client of clients) client.close()
}

/**
 * Transactions per second from the first request to the last receipt. A sender waits for the answer to its transfer
 * before it sends the next one, as a wallet does; senders do not wait for each other.
 *
 * @param urls - senders are dealt to these servers in turn
 * @throws {Error} one was not mined
 */
export async function runTransfers(
  urls: readonly string[],
  transfers: readonly SignedTransfer[],
): Promise<number> {
  const clients = urls.map((url) => new JsonRpcClient(url, CONNECTIONS))
  const clientOf = (sender: number): JsonRpcClient =>
    clients[sender % clients.length] as JsonRpcClient
  const startMs = performance.now()
  const sent: Promise<string>[] = Array.from({ length: SENDERS }, () => Promise.resolve(''))
  const accepted = transfers.map(({ sender, raw }) => {
    const client = clientOf(sender)
    const hash = Promise.resolve(sent[sender]).then(async () =>
      String(await client.call('eth_sendRawTransaction', [raw])),
    )
    sent[sender] = hash
    return hash
  })
  const hashes = await Promise.all(accepted)
  const queues = transfers.map(({ sender }, i) => ({ sender, hash: hashes[i] ?? '' }))
  await inParallel(queues, ({ sender, hash }) => receiptOf(clientOf(sender), hash))
  const seconds = (performance.now() - startMs) / 1_000
  for (const client of clients) client.close()
  return transfers.length / seconds
}

async function receiptOf(client: JsonRpcClient, hash: string): Promise<void> {
  const endMs = performance.now() + MINED_MS_MAX
  while (performance.now() < endMs) {
    const receipt = await client.call('eth_getTransactionReceipt', [hash])
    if (receipt !== null) {
      const { status } = receipt as { status: string }
      if (status !== '0x1') throw new Error(`${hash} failed`)
      return
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  throw new Error(`${hash} was not mined`)
}

async function inParallel<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length) {
      const item = items[next++] as T
      await run(item)
    }
  }
  await Promise.all(Array.from({ length: CONNECTIONS }, worker))
}

/** The same order in every run. */
function shuffle(items: number[]): void {
  let seed = 1
  for (let i = items.length - 1; i > 0; i--) {
    seed = (seed * 48_271) % 2_147_483_647
    const other = seed % (i + 1)
    const item = items[i] as number
    items[i] = items[other] as number
    items[other] = item
  }
}
