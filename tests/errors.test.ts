// Every coded error is documented, and every documented code exists.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'

const ROOT = new URL('..', import.meta.url).pathname

function codesInSource(): Set<string> {
  const codes = new Set<string>()
  for (const name of readdirSync(join(ROOT, 'packages'))) {
    const source = join(ROOT, 'packages', name, 'src')
    for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue
      const text = readFileSync(join(source, file), 'utf8')
      for (const [, code] of text.matchAll(/['"`](OL_[A-Z0-9_]+)['"`]/g)) codes.add(code as string)
    }
  }
  return codes
}

function codesInDocs(): Set<string> {
  const text = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8')
  return new Set([...text.matchAll(/^\| `(OL_[A-Z0-9_]+)` \|/gm)].map(([, code]) => code as string))
}

it('documents every code', () => {
  const documented = codesInDocs()
  const missing = [...codesInSource()].filter((code) => !documented.has(code)).sort()
  expect(missing, 'add a row to docs/errors.md').toEqual([])
})

it('documents no code that is gone', () => {
  const used = codesInSource()
  expect([...codesInDocs()].filter((code) => !used.has(code)).sort()).toEqual([])
})
