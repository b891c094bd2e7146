import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { runStateTests } from './stateTests.ts'
import { makeStateTests, STATE_CASES } from './testing/makeStateTests.ts'

// The vectors are cases of every group of instructions and of fork rules, in the format of the Ethereum foundation. What
// is expected comes from ethereumjs with its own state manager, hashes and driver.

const file = JSON.parse(
  readFileSync(new URL('../vectors/stateTests.json', import.meta.url), 'utf8'),
)

test.each(['fast', 'reference'] as const)(
  'engine %s passes every case that it runs',
  async (engine) => {
    const results = await runStateTests(file, { engine })
    expect(results.filter(({ status }) => status === 'failed')).toEqual([])
    const passed = results.filter(({ status }) => status === 'passed')
    const cancun = passed.filter(({ fork }) => fork === 'Cancun')
    expect(cancun).toHaveLength(
      STATE_CASES.filter(({ forks }) => forks?.includes('Cancun') !== false).length,
    )
    expect(passed.length).toBe(engine === 'fast' ? cancun.length : results.length)
  },
)

const GROUPS = Array.from({ length: 6 }, (_, group) =>
  STATE_CASES.filter((_case, index) => index % 6 === group),
)

test.each([...GROUPS.entries()])(
  'the vectors are what the library makes of the cases: part %i',
  async (_part, cases) => {
    const names = cases.map(({ name }) => name)
    const vectors = Object.fromEntries(names.map((name) => [name, file[name]]))
    expect(await makeStateTests(cases)).toEqual(vectors)
  },
)

test('there are no vectors of other cases', () => {
  expect(Object.keys(file)).toEqual(STATE_CASES.map(({ name }) => name))
})

test('a wrong root, wrong logs and a transaction that should not run are failures', async () => {
  const [name, content] = Object.entries(file)[0] as [string, { post: { Cancun: object[] } }]
  const run = async (change: object): Promise<string[]> => {
    const post = { Cancun: [{ ...content.post.Cancun[0], ...change }] }
    const results = await runStateTests({ [name]: { ...content, post } }, { engine: 'fast' })
    return results.map(({ status, reason }) => `${status}: ${reason?.split(' ')[0]}`)
  }
  const zero = `0x${'00'.repeat(32)}`
  expect(await run({ hash: zero })).toEqual(['failed: root'])
  expect(await run({ logs: zero })).toEqual(['failed: logs'])
  expect(await run({ expectException: 'x' })).toEqual(['failed: the'])
  expect(await run({ txbytes: '0x03c0' })).toEqual(['skipped: transaction'])
  await expect(runStateTests([], { engine: 'fast' })).rejects.toMatchObject({
    code: 'OL_EVM_STATE_TEST',
  })
  await expect(runStateTests({ a: {} }, { engine: 'fast' })).rejects.toMatchObject({
    code: 'OL_EVM_STATE_TEST',
  })
})
