/** The example of the package's README runs as it stands. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test, vi } from 'vitest'

const PACKAGE = fileURLToPath(new URL('..', import.meta.url))
const FOLDER = join(PACKAGE, 'node_modules/.readme')

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }))

test('two nodes talk in no more than 30 lines', async () => {
  const readme = readFileSync(join(PACKAGE, 'README.md'), 'utf8')
  const [, example = ''] = readme.match(/^```ts\n([\s\S]*?)^```$/m) ?? []
  expect(example.split('\n').length).toBeLessThanOrEqual(31)
  mkdirSync(FOLDER, { recursive: true })
  const path = join(FOLDER, 'example.ts')
  writeFileSync(path, example)
  const printed = vi.spyOn(console, 'log').mockImplementation(() => undefined)
  await import(path)
  expect(printed.mock.calls).toEqual([['heard', 'yes']])
  printed.mockRestore()
})
