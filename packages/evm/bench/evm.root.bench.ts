// Root and one synced batch of 1,000 and 10,000 account updates in a trie of 50,000 accounts, and the same by the trie
// of ethereumjs on the same database.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMPT } from '@ethereumjs/mpt'
import { Account, type DB } from '@ethereumjs/util'
import { equalBytes, hexToBytes, keccak256, uintToBytes, type Write } from '@openliquid/primitives'
import { type LevelStore, openStore } from '@openliquid/storage'
import { median, report, seriesCpuMs } from '../../../bench/figure.ts'
import { EMPTY_CODE_HASH } from '../src/account.ts'
import { JournaledState } from '../src/journaledState.ts'
import { LruCache } from '../src/lruCache.ts'
import { NodeCache } from '../src/nodeCache.ts'
import { commitState } from '../src/stateCommit.ts'
import { StateReader } from '../src/stateReader.ts'
import { EMPTY_TRIE_ROOT } from '../src/trie.ts'

const ACCOUNTS = 50_000
const addressOf = (n: number): Uint8Array => keccak256(uintToBytes(n, 32)).slice(12)
const addresses = Array.from({ length: ACCOUNTS }, (_, n) => addressOf(n))

const folder = await mkdtemp(join(tmpdir(), 'root-'))
const store = await openStore(join(folder, 'ours'))
const codes = new LruCache(1_000)
const nodes = new NodeCache(64 * 1_048_576)
let root = EMPTY_TRIE_ROOT

/** Sets the balance of accounts, commits, and says what that took. */
async function update(chosen: readonly Uint8Array[], balance: bigint): Promise<number> {
  const reader = new StateReader({ read: (key) => store.get(key) }, codes)
  const state = new JournaledState(reader)
  for (const address of chosen) {
    state.setAccount(address, { nonce: 1n, balance, codeHash: EMPTY_CODE_HASH })
  }
  return seriesCpuMs(async () => {
    const commit = commitState(root, state.changes(), {
      readNode: (key) => nodes.get(key, (bytes) => store.get(bytes)),
      account: (address) => reader.account(address),
      slot: (address, incarnation, slot) => reader.slot(address, incarnation, slot),
      nextIncarnation: (address) => reader.nextIncarnation(address),
    })
    await store.batch(commit.writes, { sync: true })
    for (const [key, node] of commit.nodes) nodes.set(key, node)
    root = commit.root
  })
}

const pick = (count: number, round: number): Uint8Array[] =>
  Array.from(
    { length: count },
    (_, n) => addresses[(n * 4_999 + round * 131) % ACCOUNTS] as Uint8Array,
  )

await update(addresses, 1n)
/** After each of the steps that both tries take. */
const roots = [root]
const times = new Map<number, number[]>()
for (const count of [1_000, 10_000]) {
  const runs: number[] = []
  for (let round = 0; round < 20; round++) {
    const ms = await update(pick(count, round), BigInt(10 + round))
    if (roots.length === 1) roots.push(root)
    // The first ones warm up what the fifty thousand, all of them new, did not.
    if (round >= 10) runs.push(ms)
  }
  times.set(count, runs)
}

/** The database as the library's trie wants it. */
function database(level: LevelStore): DB<string, Uint8Array> {
  const bytes = (key: string): Uint8Array => hexToBytes(`0x${key}`)
  return {
    get: async (key) => level.get(bytes(key)),
    put: (key, value) => level.batch([[bytes(key), value]], { sync: false }),
    del: (key) => level.batch([[bytes(key), undefined]], { sync: false }),
    batch: (operations) =>
      level.batch(
        operations.map(
          (operation): Write => [
            bytes(operation.key),
            operation.type === 'put' ? operation.value : undefined,
          ],
        ),
        { sync: true },
      ),
    shallowCopy: () => database(level),
    open: async () => {},
  } as DB<string, Uint8Array>
}

const stockStore = await openStore(join(folder, 'stock'))
const trie = await createMPT({
  db: database(stockStore) as never,
  useKeyHashing: true,
  useNodePruning: false,
  cacheSize: 100_000,
  valueEncoding: 'bytes' as never,
})
async function stockUpdate(chosen: readonly Uint8Array[], balance: bigint): Promise<number> {
  return seriesCpuMs(async () => {
    trie.checkpoint()
    for (const address of chosen) await trie.put(address, new Account(1n, balance).serialize())
    await trie.commit()
  })
}
await stockUpdate(addresses, 1n)
checkRoot(0)
const baseline = new Map<number, number[]>()
for (const count of [1_000, 10_000]) {
  const runs: number[] = []
  // The fifty thousand have warmed it up.
  for (let round = 0; round < 3; round++) {
    runs.push(await stockUpdate(pick(count, round), BigInt(10 + round)))
    if (count === 1_000 && round === 0) checkRoot(1)
  }
  baseline.set(count, runs)
}

/** Both have the same root, or the comparison is of different work. */
function checkRoot(step: number): void {
  if (!equalBytes(roots[step] ?? EMPTY_TRIE_ROOT, trie.root())) throw new Error('the roots differ')
}

for (const [count, target] of [
  [1_000, 60],
  [10_000, 300],
] as const) {
  const runs = times.get(count) ?? []
  report({
    id: `evm.root.${count}`,
    value: median(runs),
    unit: 'ms CPU',
    op: '<=',
    target,
    baseline: {
      name: 'ethereumjs trie on LevelDB',
      value: median(baseline.get(count) ?? []),
      unit: 'ms CPU',
    },
    runs,
  })
}
const ratios = [1_000, 10_000].map(
  (count) => median(baseline.get(count) ?? []) / median(times.get(count) ?? []),
)
report({
  id: 'evm.root',
  value: Math.min(...ratios),
  unit: '× ethereumjs trie on LevelDB',
  op: '>=',
  target: 20,
  runs: ratios,
})
await store.close()
await stockStore.close()
await rm(folder, { recursive: true })
