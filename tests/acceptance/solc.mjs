#!/usr/bin/env node
// The stock compiler of npm as forge calls one: nothing is downloaded.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const solc = createRequire(import.meta.url)('solc')
if (process.argv.includes('--standard-json')) {
  process.stdout.write(solc.compile(readFileSync(0, 'utf8')))
} else {
  // forge reads a native compiler's three-part version.
  process.stdout.write(`solc, the solidity compiler\nVersion: ${solc.version()}\n`)
}
