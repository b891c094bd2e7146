import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { SETTINGS } from './configSchema.ts'
import { EXIT_CODE } from './exitCodes.ts'
import { NODE_METRICS } from './nodeMetrics.ts'

const page = readFileSync(new URL('../../../docs/operations.md', import.meta.url), 'utf8')

test('docs/operations.md has every setting with its default and meaning', () => {
  for (const { path, defaultValue, help } of SETTINGS) {
    expect(page).toContain(`| \`${path}\` | \`${JSON.stringify(defaultValue)}\` | ${help} |`)
  }
})

test('docs/operations.md has every exit code and every metric of the node', () => {
  for (const code of Object.values(EXIT_CODE))
    expect(page).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'))
  for (const { name } of NODE_METRICS) expect(page).toContain(`| \`openliquid_${name}\` |`)
})
