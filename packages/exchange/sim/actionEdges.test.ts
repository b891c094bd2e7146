// Fields of actions at their edges, as docs/spec/hyperliquid.md §1.3 and §4 want it: whatever stands in any one field of
// any action, it ends in a receipt or is no action at all, and what is refused changes nothing. Prices, sizes and
// leverages with the answer that each edge gets are in src/fieldEdges.test.ts.
import { sha256, uintToBytes } from '@openliquid/primitives'
import { ACTION_EXAMPLES } from '@openliquid/primitives/testing'
import { expect, it } from 'vitest'
import { GENESIS_MS, testContext, testUser, testUserHex } from '../src/testing/index.ts'
import { type Json, type JsonObject, MORE_FORMS, machineOf, readAction } from './actionInputs.ts'

const NUMBERS = [
  0, 1, 255, 256, 65_535, 65_536, 4_294_967_295, 4_294_967_296, 1_000_000_000_000_000,
  1_000_000_000_000_001, 9_007_199_254_740_991, 9_007_199_254_740_992, -1, 0.5,
]
const DECIMALS = [
  '0',
  '1',
  '0.000001',
  '0.0000001',
  '0.00000001',
  '0.000000001',
  '99999',
  '99999.9',
  '123456',
  '1000000000000000',
  '1000000000000001',
  '9007199254740991',
  '9007199254740992',
  '9223372036854775807',
  '9223372036854775808',
  '18446744073709551615',
  '18446744073709551616',
  '-1',
  '-0',
  '01',
  '1.0',
  '1.',
  '.1',
  '1e3',
  '+1',
  ' 1',
  '',
  `1${'0'.repeat(80)}`,
]
const TEXTS = ['', 'x', 'x'.repeat(64), 'x'.repeat(65), 'x'.repeat(10_000), '\u0000', '0x', 'spot']

/** Everything that may stand in the place of a leaf. */
function edgesOf(leaf: Json): readonly Json[] {
  if (typeof leaf === 'number') return [...NUMBERS, null, '1']
  if (typeof leaf === 'boolean') return [!leaf, null, 0]
  if (typeof leaf !== 'string') return [0, '', true]
  return /^\d/.test(leaf) ? [...DECIMALS, null, 1] : [...TEXTS, null, 1, ...DECIMALS.slice(0, 3)]
}

/** The same action with one leaf at each of its edges, with one field less, and with one field that nobody knows. */
function* variantsOf(json: Json): Generator<Json> {
  if (json === null || typeof json !== 'object') {
    yield* edgesOf(json)
    return
  }
  if (Array.isArray(json)) {
    yield []
    yield [...json, ...json]
    for (const [i, item] of json.entries()) {
      for (const other of variantsOf(item)) yield json.map((one, at) => (at === i ? other : one))
    }
    return
  }
  const fields = json as JsonObject
  yield { ...fields, unknown: 1 }
  for (const [name, field] of Object.entries(fields)) {
    if (name === 'type') continue
    yield Object.fromEntries(Object.entries(fields).filter(([other]) => other !== name))
    for (const other of variantsOf(field)) yield { ...fields, [name]: other }
  }
}

/** Addresses of the examples become those of users. */
function localise(json: Json): Json {
  if (typeof json === 'string') return /^0x[0-9a-f]{40}$/i.test(json) ? testUserHex(2) : json
  if (json === null || typeof json !== 'object') return json
  if (Array.isArray(json)) return json.map(localise)
  return Object.fromEntries(Object.entries(json).map(([name, item]) => [name, localise(item)]))
}

const BLOCK_ACTIONS = 50
const SENDERS = [1, 1, 1, 1001, 2001]

it('any field of any action at 0, at 1, at its greatest value and one beyond', () => {
  const [tried, control] = [machineOf(3), machineOf(3)]
  const forms = [...Object.values(ACTION_EXAMPLES), ...MORE_FORMS] as unknown as Json[]
  const reached = new Set<string>()
  const seen = { malformed: 0, refused: 0, accepted: 0 }
  let [height, timestampMs, nonce, count] = [0n, GENESIS_MS, GENESIS_MS, 0]
  const begin = (): void => {
    height += 1n
    timestampMs += 500
    for (const machine of [tried, control]) machine.beginBlock(testContext(height, timestampMs))
  }
  begin()
  for (const form of forms) {
    const plain = localise(form)
    for (const json of [plain, ...variantsOf(plain)]) {
      const action = readAction(json)
      if (action === undefined) {
        seen.malformed += 1
        continue
      }
      nonce += 1
      count += 1
      const meta = { txId: sha256(uintToBytes(nonce, 8)), nonce, innerSigners: [testUser(3)] }
      reached.add(action.type)
      const sender = testUser(SENDERS[count % SENDERS.length] as number)
      const receipt = tried.applyAction(sender, action, meta)
      if (receipt.status === 'err') {
        seen.refused += 1
        expect(receipt.code).toMatch(/^OL_ACTION_/)
      } else seen.accepted += 1
      const same = receipt.status === 'ok' ? action : ({ type: 'noop' } as const)
      control.applyAction(sender, same, meta)
      if (count % BLOCK_ACTIONS !== 0) continue
      const [left, right] = [tried.endBlock(), control.endBlock()]
      expect(left.coreRoot, JSON.stringify(action)).toEqual(right.coreRoot)
      begin()
    }
  }
  expect(tried.endBlock().coreRoot).toEqual(control.endBlock().coreRoot)
  expect([...reached].sort()).toEqual(Object.keys(ACTION_EXAMPLES).sort())
  expect(seen.malformed).toBeGreaterThan(3_000)
  expect(seen.refused).toBeGreaterThan(1_000)
  expect(seen.accepted).toBeGreaterThan(100)
})
