import { chmodSync, mkdirSync, mkdtempSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateValidatorKeys } from '@openliquid/crypto'
import { expect, test } from 'vitest'
import { dataDirectoryAt } from './dataDirectory.ts'
import { readKeyFiles, writeKeyFiles } from './keyFiles.ts'

async function withKeys() {
  const directory = dataDirectoryAt(mkdtempSync(join(tmpdir(), 'openliquid-keys-')))
  mkdirSync(directory.keys)
  mkdirSync(directory.secrets)
  const keys = generateValidatorKeys({ scheme: 'bls', entropy: new Uint8Array(32).fill(7) })
  await writeKeyFiles(directory, keys)
  return { directory, keys }
}

test('reads back the secrets it wrote, and only the owner can', async () => {
  const { directory, keys } = await withKeys()
  const { nodeSecret, voteSecret } = await readKeyFiles(directory)
  expect([...nodeSecret]).toEqual([...keys.nodeSecret])
  expect([...(voteSecret ?? [])]).toEqual([...keys.voteSecret])
  for (const path of [directory.nodeKey, join(directory.keys, 'vote.json')]) {
    expect(statSync(path).mode & 0o777).toBe(0o600)
  }
})

test('never overwrites a key', async () => {
  const { directory, keys } = await withKeys()
  await expect(writeKeyFiles(directory, keys)).rejects.toThrow(/EEXIST/)
})

test('refuses a key that others can read, and says how to mend it', async () => {
  const { directory } = await withKeys()
  chmodSync(directory.nodeKey, 0o644)
  await expect(readKeyFiles(directory)).rejects.toMatchObject({
    code: 'OL_NODE_KEYS',
    message: expect.stringContaining('chmod 600'),
  })
})

test('refuses a wrong password and a damaged node key', async () => {
  const { directory } = await withKeys()
  writeFileSync(join(directory.secrets, 'vote.txt'), 'wrong')
  await expect(readKeyFiles(directory)).rejects.toMatchObject({ code: 'OL_NODE_KEYS' })
  writeFileSync(directory.nodeKey, '0x12')
  await expect(readKeyFiles(directory)).rejects.toMatchObject({ code: 'OL_NODE_KEYS' })
})
