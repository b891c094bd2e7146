// Signed value transfers of distinct senders: decode, recover, execute, root, one synced batch a block, per CPU second.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressOf } from '@openliquid/crypto'
import { bytesToHex, keccak256, uintToBytes } from '@openliquid/primitives'
import { openStore } from '@openliquid/storage'
import { median, report, seriesCpuMs } from '../../../bench/figure.ts'
import {
  EvmFixture,
  FIXTURE_CHAIN_ID,
  fixtureGenesis,
  payloadTransaction,
  signTransaction,
} from '../src/testing/index.ts'

const SENDERS = 1_000
const BLOCKS = 8

const keys = Array.from({ length: SENDERS }, (_, n) => keccak256(uintToBytes(n + 1, 32)))
const alloc = Object.fromEntries(
  keys.map((key) => [bytesToHex(addressOf(key)), { balance: (10n ** 21n).toString() }]),
)
const folder = await mkdtemp(join(tmpdir(), 'transfers-'))
const store = await openStore(folder)
const chain = await EvmFixture.create({ store, genesis: fixtureGenesis({ alloc }) })

/** One transfer of each sender; half of them to an address that was never used. */
function sign(nonce: number): Uint8Array[] {
  return keys.map((key, n) => {
    const to =
      n % 2 === 0
        ? addressOf(keys[(n + 1) % SENDERS] as Uint8Array)
        : uintToBytes(2 ** 40 + nonce * SENDERS + n, 20)
    return signTransaction(
      { chainId: FIXTURE_CHAIN_ID, nonce, to, value: 1n, gasLimit: 21_000n },
      key,
    )
  })
}

const runs: number[] = []
for (let nonce = 0; nonce < BLOCKS; nonce++) {
  const signed = sign(nonce)
  let mined = 0
  const ms = await seriesCpuMs(async () => {
    const { receipts } = await chain.block(signed.map((bytes) => payloadTransaction(bytes)))
    mined = receipts.length
  })
  if (mined !== SENDERS) throw new Error(`${mined} of ${SENDERS} were mined`)
  // The first blocks warm the engine up.
  if (nonce >= 3) runs.push((SENDERS / ms) * 1_000)
}
await store.close()
await rm(folder, { recursive: true })
report({
  id: 'evm.transfers',
  value: median(runs),
  unit: 'transactions per CPU second',
  op: '>=',
  target: 3_000,
  runs,
})
