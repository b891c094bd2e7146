// Gas per CPU second of every instruction and precompile, at its published price: the slowest one bounds the time of a block.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EVMError } from '@ethereumjs/evm'
import { TestExchange, testCore, testGenesis, testUser } from '@openliquid/exchange/testing'
import { readPrecompiles } from '@openliquid/precompiles'
import { concatBytes, keccak256, uintToBytes } from '@openliquid/primitives'
import { openStore } from '@openliquid/storage'
import { cpuMs, report } from '../../../bench/figure.ts'
import { EMPTY_CODE_HASH } from '../src/account.ts'
import { FastMachine } from '../src/fastMachine.ts'
import { JournaledState } from '../src/journaledState.ts'
import { CODE_BYTES_MAX, CODE_CACHE_BYTES_MAX } from '../src/limits.ts'
import { LruCache } from '../src/lruCache.ts'
import { commitState, NO_STATE } from '../src/stateCommit.ts'
import { StateReader } from '../src/stateReader.ts'
import { EMPTY_TRIE_ROOT } from '../src/trie.ts'
import { CALLER, KERNEL_ADDRESS } from './kernels.ts'
import { CALLED, CONTRACTS_ON_DISK, cases, ON_DISK, readCase } from './slowestCases.ts'

const GAS = 20_000_000n
const WARM_UP_GAS = 1_000_000n
/** Accounts and slots on disk: enough for the gas of a case. */
const ACCOUNTS = 12_000
/** More code than the cache holds. */
const CONTRACTS = 1_500
const PERPS = 100
const ENVIRONMENT = { number: 300n, timestamp: 1n, gasLimit: 1_000_000_000n, baseFeePerGas: 0n }
const word = (value: bigint | number): Uint8Array => uintToBytes(value, 32)
const address = (value: number): Uint8Array => uintToBytes(value, 20)

/** A state of accounts with a balance, contracts with code of their own, and slots of the contract that runs. */
async function stateOnDisk(folder: string): Promise<Awaited<ReturnType<typeof openStore>>> {
  const nothing = new StateReader({ read: () => undefined }, new LruCache(CODE_CACHE_BYTES_MAX))
  const state = new JournaledState(nothing)
  const account = { nonce: 1n, balance: 10n ** 18n, codeHash: EMPTY_CODE_HASH }
  state.setAccount(KERNEL_ADDRESS, account)
  state.setAccount(CALLER, account)
  for (let n = 0; n < ACCOUNTS; n++) {
    state.setAccount(address(ON_DISK + n), account)
    state.setSlot(KERNEL_ADDRESS, word(ON_DISK + n), Uint8Array.of(1))
  }
  for (let n = 0; n < CONTRACTS; n++) {
    // Jumps to its last byte but one, so all of it is looked through.
    const code = new Uint8Array(CODE_BYTES_MAX).fill(0x5b)
    code.set([0x61, (CODE_BYTES_MAX - 2) >> 8, (CODE_BYTES_MAX - 2) & 0xff, 0x56])
    code.set(uintToBytes(n, 4), 8)
    state.setAccount(address(CONTRACTS_ON_DISK + n), account)
    state.setCode(address(CONTRACTS_ON_DISK + n), code)
  }
  for (const [at, code] of CALLED) {
    state.setAccount(address(at), account)
    state.setCode(address(at), code)
  }
  const store = await openStore(folder)
  const { writes } = commitState(EMPTY_TRIE_ROOT, state.changes(), NO_STATE)
  await store.batch(writes, { sync: true })
  return store
}

/** An exchange with a hundred markets, and a user who has a position in each. */
function exchange(): TestExchange {
  const perps = Array.from({ length: PERPS }, (_, n) => ({
    ...{ name: `P${n}`, szDecimals: 2, maxLeverage: 10, marginTableId: 10, oraclePx: '40' },
  }))
  const core = { ...testCore(3), perps }
  const made = new TestExchange(testGenesis(3, core))
  for (let perp = 0; perp < PERPS; perp++) {
    made.order(testUser(1), perp, 'sell', { px: '40', size: '1' })
    made.order(testUser(2), perp, 'buy', { px: '40', size: '1' })
  }
  return made
}
const user = concatBytes(new Uint8Array(12), testUser(1))
const READ_INPUT: Readonly<Record<number, readonly Uint8Array[]>> = {
  2048: [user, word(7)],
  2049: [user, word(1)],
  2051: [user],
  2052: [user],
  2053: [user],
  2054: [word(7)],
  2055: [word(7)],
  2056: [word(1)],
  2057: [],
  2058: [word(7)],
  2059: [word(1)],
  2060: [word(0)],
  2061: [word(0)],
  2062: [word(7)],
  2063: [word(0), user],
  2064: [user],
  2067: [user, word(7)],
}
const reader = exchange().machine.reader(1n)
for (const precompile of readPrecompiles) {
  const at = Number.parseInt(Buffer.from(precompile.address).toString('hex'), 16)
  // A vault is the one thing that the exchange has none of: what is refused takes all the gas that it is given.
  const input = READ_INPUT[at]
  if (input === undefined) continue
  const bytes = concatBytes(...input)
  if (!precompile.run(bytes, GAS, reader).ok)
    throw new Error(`${precompile.name} refuses its input`)
  readCase(precompile.name, at, bytes)
}

const folder = await mkdtemp(join(tmpdir(), 'slowest-'))
const store = await stateOnDisk(join(folder, 'db'))
const codes = new LruCache(CODE_CACHE_BYTES_MAX)
const machine = await FastMachine.create({ chainId: 1_998n, precompiles: readPrecompiles })
const rows: { readonly name: string; readonly speed: number }[] = []
const [wanted] = process.argv.slice(2)
for (const { name, code, gas = GAS } of cases) {
  if (wanted !== undefined && !name.includes(wanted)) continue
  const run = async (limit: bigint): Promise<number> => {
    // A new one each time: what was read once is no longer on disk.
    const state = new JournaledState(new StateReader({ read: (key) => store.get(key) }, codes))
    state.setCode(KERNEL_ADDRESS, code)
    machine.bind({ state, exchange: reader, blockHash: (number) => keccak256(word(number)) })
    const message = {
      from: CALLER,
      to: KERNEL_ADDRESS,
      data: new Uint8Array(0),
      value: 0n,
      gas: limit,
      gasPrice: 0n,
      accessList: [],
    }
    return cpuMs(async () => {
      state.checkpoint()
      const { failure } = await machine.runMessage(message, ENVIRONMENT)
      // It is an endless loop, so any other end means that it did something else.
      if (failure !== EVMError.errorMessages.OUT_OF_GAS) throw new Error(`${name}: ${failure}`)
      state.revert()
      state.endTransaction()
    })
  }
  await run(gas < WARM_UP_GAS ? gas : WARM_UP_GAS)
  rows.push({ name, speed: Number(gas) / (await run(gas)) / 1_000 })
}
rows.sort((a, b) => a.speed - b.speed)
for (const { name, speed } of rows)
  console.log(`${name.padEnd(42)} ${speed.toFixed(1).padStart(8)} Mgas/CPU-s`)
await store.close()
await rm(folder, { recursive: true })
const slowest = rows[0]
report({
  id: 'evm.slowest',
  value: slowest?.speed ?? 0,
  unit: `Mgas per CPU second (${slowest?.name})`,
  op: '>=',
  target: 5,
  runs: [slowest?.speed ?? 0],
})
