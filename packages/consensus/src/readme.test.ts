// The embed example of README.md runs as it stands: four nodes with an application and a transport of their own.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, it, vi } from 'vitest'

const PACKAGE = fileURLToPath(new URL('..', import.meta.url))
const FOLDER = join(PACKAGE, 'dist', 'readme')

afterAll(() => rmSync(FOLDER, { recursive: true, force: true }))

it('embeds in 60 lines, and what one node is told all write down', async () => {
  const readme = readFileSync(join(PACKAGE, 'README.md'), 'utf8')
  const text = /\*\*Embed\.\*\*[\s\S]*?```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  expect(text.split('\n').length - 1).toBeLessThanOrEqual(60)
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(join(FOLDER, 'embed.ts'), text)
  const { nodes } = (await import(/* @vite-ignore */ join(FOLDER, 'embed.ts'))) as {
    nodes: { notes: string[] }[]
  }
  await vi.waitFor(() => {
    for (const { notes } of nodes) expect(notes).toEqual(['hello'])
  }, 10_000)
})
