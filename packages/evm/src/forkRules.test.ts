import { expect, test } from 'vitest'
import { chainCommon } from './chainCommon.ts'
import { runStock, STATE_CASES } from './testing/makeStateTests.ts'

// Shows that for every rule of the forks up to Cancun there is a case that comes out in another way without it: each
// case runs under the rules before, and under those with the fork or the single EIP on top.

/** Fork or EIP, the fork before it, and the cases that feel it. */
const RULES: readonly (readonly [rule: string | number, before: string, ...cases: string[]])[] = [
  // EIP-2, EIP-7.
  ['homestead', 'chainstart', 'code that its gas does not pay for', 'storage of the caller'],
  // EIP-150.
  ['tangerineWhistle', 'homestead', 'call with all the gas there is'],
  // EIP-160, EIP-161, EIP-170.
  ['spuriousDragon', 'tangerineWhistle', 'exp', 'touch of an empty account', 'too long code'],
  // EIP-140, EIP-196, EIP-197, EIP-198, EIP-211, EIP-214.
  ['byzantium', 'spuriousDragon', 'revert', 'bn254 add', 'bn254 mul', 'bn254 pairing of opposites'],
  ['byzantium', 'spuriousDragon', 'modexp', 'return data copy', 'staticcall'],
  // EIP-145, EIP-1014, EIP-1052.
  ['constantinople', 'byzantium', 'shl', 'shr', 'sar', 'create2 twice', 'code and data copies'],
  // EIP-1283 is taken back.
  ['petersburg', 'constantinople', 'storage back and forth'],
  // EIP-152, EIP-1108, EIP-1344, EIP-1884, EIP-2028, EIP-2200.
  ['istanbul', 'petersburg', 'blake2f', 'bn254 mul', 'chain id', 'environment'],
  ['istanbul', 'petersburg', 'data of zeros and others', 'storage back and forth'],
  ['istanbul', 'petersburg', 'storage with the last of the gas'],
  [2565, 'istanbul', 'modexp of long numbers'],
  [2929, 'istanbul', 'warmth that a revert takes back', 'storage', 'call', 'selfdestruct'],
  ['berlin', 'istanbul', 'type 1 with access list'],
  ['london', 'berlin', 'type 2 with a tip', 'price below the base fee'],
  ['london', 'berlin', 'block'],
  [3529, 'berlin', 'a refund above a fifth', 'selfdestruct'],
  [3541, 'berlin', 'create of reserved code'],
  // EIP-4399.
  ['paris', 'london', 'block'],
  [3651, 'paris', 'warm coinbase'],
  [3855, 'paris', 'push0'],
  [3860, 'paris', 'create with too long init code', 'a byte of init code'],
  [1153, 'shanghai', 'transient storage', 'transient storage that a revert takes back'],
  [4844, 'shanghai', 'hash of a blob'],
  [5656, 'shanghai', 'mcopy'],
  [6780, 'shanghai', 'selfdestruct', 'selfdestruct to itself'],
  ['cancun', 'shanghai', 'base fee of blobs'],
]

/** What says nothing of a transaction: difficulty, rewards, uncles, withdrawals, the merge, roots of beacon blocks. */
const OF_BLOCKS = [3675, 4895, 4788]
/** EIPs that a fork of the table stands for, because the library does not know them apart from it. */
const BY_FORK = [
  606, 608, 607, 609, 1013, 1716, 1679, 2384, 4345, 5133, 2718, 2930, 1559, 3198, 4399, 7516,
]
/** Forks that only move the difficulty or a block. */
const FORKS_OF_BLOCKS = ['dao', 'muirGlacier', 'arrowGlacier', 'grayGlacier', 'mergeNetsplitBlock']

const RUNS = RULES.flatMap(([rule, before, ...cases]) =>
  cases.map((name): [string, string | number, string] => [name, rule, before]),
)

test.each(RUNS)('"%s" comes out otherwise without %s', async (name, rule, before) => {
  const one = STATE_CASES.find((entry) => entry.name === name)
  if (one === undefined) throw new Error(`there is no case ${name}`)
  const outcome = async (rules: Parameters<typeof runStock>[1]): Promise<string> => {
    try {
      const { hash, logs, expectException } = await runStock(one, rules)
      return JSON.stringify({ hash, logs, expectException })
    } catch (error) {
      return `no transaction of this fork: ${error}`
    }
  }
  const without = await outcome({ hardfork: before })
  const rules = typeof rule === 'string' ? { hardfork: rule } : { hardfork: before, eips: [rule] }
  const withRule = await outcome(rules)
  expect(withRule).not.toBe(without)
  expect(withRule).not.toContain('no transaction')
  // And the vectors hold it under the rules that our engines run.
  expect(one.forks ?? ['Cancun']).toContain('Cancun')
})

test('every rule of the forks up to Cancun has a case, or is about blocks', () => {
  const forks = chainCommon(1n)['HARDFORK_CHANGES']
  const until = forks.findIndex(([name]) => name === 'cancun')
  expect(until).toBeGreaterThan(0)
  const rules = RULES.map(([rule]) => rule)
  const missing: (string | number)[] = []
  for (const [name, { eips = [] }] of forks.slice(1, until + 1)) {
    if (eips.length === 0 && !rules.includes(name) && !FORKS_OF_BLOCKS.includes(name)) {
      missing.push(name)
    }
    for (const eip of eips) {
      if (rules.includes(eip) || OF_BLOCKS.includes(eip)) continue
      if (BY_FORK.includes(eip) && (rules.includes(name) || FORKS_OF_BLOCKS.includes(name)))
        continue
      missing.push(`${name}: ${eip}`)
    }
  }
  expect(missing).toEqual([])
})
