import { readFileSync } from 'node:fs'
import { bytesToHex } from '@openliquid/primitives'
import { expect, test } from 'vitest'
import { CORE_WRITER_CODE } from './coreWriterCode.ts'
import { compileSolidity } from './testing/index.ts'

test('the committed code is what the committed source compiles to', () => {
  const source = readFileSync(new URL('./CoreWriter.sol', import.meta.url), 'utf8')
  const { runtimeCode } = compileSolidity(source, 'CoreWriter', { optimize: false })
  expect(bytesToHex(CORE_WRITER_CODE)).toBe(bytesToHex(runtimeCode))
})
