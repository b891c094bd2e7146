import { readFileSync } from 'node:fs'

/** Version of this package. */
export function programVersion(): string {
  return VERSION
}

const VERSION = readVersion()

function readVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return String((JSON.parse(text) as { version: unknown }).version)
}
