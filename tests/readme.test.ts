// What README.md tells a newcomer to type exists, and its TypeScript runs as it stands.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'

const ROOT = new URL('..', import.meta.url).pathname
const FOLDER = join(ROOT, 'tests/.readme')
const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')

function blocks(language: string): string[] {
  return [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)]
    .filter(([, found]) => found === language)
    .map(([, , text]) => text as string)
}

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }))

it('names only npm scripts that exist', () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    scripts: Record<string, string>
  }
  const named = blocks('sh')
    .join('\n')
    .matchAll(/^npm (?:run )?([\w:]+)/gm)
  const wanted = [...named].map(([, script]) => script as string)
  expect(wanted).toContain('start')
  expect(wanted).toContain('test')
  for (const script of wanted) expect(Object.keys(scripts)).toContain(script)
})

it('links only to what exists', () => {
  for (const [, path] of readme.matchAll(/\]\((?!http)([^)#]+)\)/g)) {
    expect(() => readFileSync(join(ROOT, path as string, 'package.json'))).not.toThrow()
  }
  for (const [, path] of readme.matchAll(/`(docs\/[\w./-]+\.md|[A-Z]+\.md)`/g)) {
    expect(() => readFileSync(join(ROOT, path as string))).not.toThrow()
  }
})

it('shows TypeScript that runs', { timeout: 60_000 }, async () => {
  const found = blocks('ts')
  expect(found.length).toBeGreaterThan(0)
  mkdirSync(FOLDER, { recursive: true })
  const printed = vi.spyOn(console, 'log').mockImplementation(() => undefined)
  for (const [index, text] of found.entries()) {
    const path = join(FOLDER, `block${index}.ts`)
    writeFileSync(path, text)
    await import(path)
  }
  expect(printed.mock.calls[0]).toEqual(['chain', 1998])
  expect(printed.mock.calls[1]).toEqual(['HYPE in wei', 10_000n * 10n ** 18n])
  expect(printed.mock.calls[2]?.[0]).toBe('height')
  printed.mockRestore()
})
