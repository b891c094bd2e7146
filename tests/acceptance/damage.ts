import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Hex, hexToBytes } from 'viem'
import { openStore } from '../../packages/storage/src/index.ts'

const EMPTY_TRIE_ROOT = '56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421'

/** Changes a stored EVM balance by one unit, checksum included: what no check of single values can see. */
export async function changeBalance(db: string, address: Hex): Promise<void> {
  const store = await openStore(db)
  try {
    const key = Uint8Array.of(...new TextEncoder().encode('ea'), ...hexToBytes(address))
    const account = Buffer.from(store.get(key)!)
    // RLP: nonce, balance, storage root (32 bytes behind 0xa0), …
    const balanceEnd = account.indexOf(Buffer.from(EMPTY_TRIE_ROOT, 'hex')) - 2
    account[balanceEnd]! ^= 1
    await store.batch([[key, new Uint8Array(account)]], { sync: true })
  } finally {
    await store.close()
  }
}

/** Flips bits in the middle of every file whose name matches. */
export function flipBits(folder: string, name: RegExp): void {
  for (const file of readdirSync(folder)) {
    if (!name.test(file)) continue
    const path = join(folder, file)
    const bytes = readFileSync(path)
    for (let i = 0; i < 16; i++) bytes[Math.floor((bytes.length * i) / 16)]! ^= 0xff
    writeFileSync(path, bytes)
  }
}
