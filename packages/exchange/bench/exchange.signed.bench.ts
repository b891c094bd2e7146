// Signed batches of 40 orders on one core: hashing (keccak over the canonical msgpack, EIP-712), recovery of the signer by
// libsecp256k1, and execution with the end of every block. The same stream with noble's recovery must end in the same root.
// Reading the msgpack is no part of the figure; what it costs is printed beside it.

import { addressOf, recoverAddress, recoverAddressPortable, signDigest } from '@openliquid/crypto'
import {
  type Action,
  actionHash,
  decodeAction,
  encodeAction,
  l1ActionDigest,
  sha256,
  uintToBytes,
} from '@openliquid/primitives'
import { median, repeat, report, seriesCpuMs } from '../../../bench/figure.ts'
import { prng } from '../src/testing/index.ts'
import { limitOrder, MarketMachine, orderAction } from './marketMachine.ts'

const SIGNERS = 500
const PERPS = 50
const BATCH = 40
const BLOCK_ACTIONS = 250
const BLOCKS = 2
const RUNS = 5
const WARM_UP = 6

const secrets = Array.from({ length: SIGNERS }, (_, i) => sha256(uintToBytes(i, 4)))
const users = secrets.map((secret) => addressOf(secret))

interface Signed {
  readonly action: Action
  readonly envelope: { readonly action: Uint8Array; readonly nonce: number }
  readonly signature: ReturnType<typeof signDigest>
  readonly txId: Uint8Array
}

class SignedMarket {
  readonly #market = new MarketMachine({ perps: PERPS, accounts: SIGNERS, users })
  readonly #next = prng(1)

  sign(): Signed {
    const next = this.#next
    const asset = next(PERPS)
    const orders = Array.from({ length: BATCH }, () =>
      limitOrder(next, { asset, spread: 20, tif: next(10) < 7 ? 'Gtc' : 'Ioc' }),
    )
    const action = orderAction(orders)
    const envelope = { action: encodeAction(action), nonce: this.#market.nextNonce() }
    const digest = l1ActionDigest(actionHash(envelope), 'Testnet')
    const signature = signDigest(secrets[next(SIGNERS)] as Uint8Array, digest)
    return { action, envelope, signature, txId: sha256(envelope.action, digest) }
  }

  run(batches: readonly Signed[], recover: typeof recoverAddress): Uint8Array {
    let root: Uint8Array = new Uint8Array(0)
    for (const [i, { action, envelope, signature, txId }] of batches.entries()) {
      const digest = l1ActionDigest(actionHash(envelope), 'Testnet')
      const sender = recover(digest, signature)
      if (sender === undefined) throw new Error('a signature of nobody')
      const { status } = this.#market.machine.applyAction(sender, action, {
        txId,
        nonce: envelope.nonce,
      })
      if (status !== 'ok') throw new Error('an action was refused')
      if (i % BLOCK_ACTIONS === BLOCK_ACTIONS - 1) root = this.#market.endBlock().coreRoot
    }
    return root
  }
}

const market = new SignedMarket()
let first: { readonly batches: readonly Signed[]; readonly root: Uint8Array } | undefined
let decodeMs = 0
const runs = await repeat(RUNS, WARM_UP, async () => {
  const batches = Array.from({ length: BLOCKS * BLOCK_ACTIONS }, () => market.sign())
  let root: Uint8Array = new Uint8Array(0)
  const ms = await seriesCpuMs(() => {
    root = market.run(batches, recoverAddress)
  })
  first ??= { batches, root }
  decodeMs = await seriesCpuMs(() => {
    for (const { envelope } of batches) decodeAction(envelope.action)
  })
  return (1_000 * batches.length * BATCH) / ms
})

if (first === undefined) throw new Error('nothing ran')
const portableRoot = new SignedMarket().run(first.batches, recoverAddressPortable)
if (Buffer.compare(portableRoot, first.root) !== 0) throw new Error('noble leads to another root')
const orders = BLOCKS * BLOCK_ACTIONS * BATCH
process.stdout.write(`reading the msgpack: ${Math.round((1e6 * decodeMs) / orders)} ns an order\n`)
report({
  id: 'exchange.signed',
  value: median(runs),
  unit: 'orders/s',
  op: '>=',
  target: 100_000,
  runs,
})
