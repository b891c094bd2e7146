import { readFileSync } from 'node:fs'
import {
  bytesToHex,
  bytesToUint,
  concatBytes,
  keccak256,
  utf8ToBytes,
} from '@openliquid/primitives'
import { memoryStore } from '@openliquid/storage/testing'
import { expect, test } from 'vitest'
import { SYSTEM_ADDRESS_CODE, WRAPPED_HYPE_CODE } from './predeployCode.ts'
import { WRAPPED_HYPE_ADDRESS } from './predeploys.ts'
import { compileSolidity, EvmFixture, FIXTURE_ADDRESSES } from './testing/index.ts'
import { callData } from './testing/probeContract.ts'

test.each([
  ['SystemAddress', SYSTEM_ADDRESS_CODE],
  ['WrappedHype', WRAPPED_HYPE_CODE],
])('the committed code of %s is what the committed source compiles to', (contract, code) => {
  const source = readFileSync(new URL(`./${contract}.sol`, import.meta.url), 'utf8')
  const { runtimeCode } = compileSolidity(source, contract, { optimize: true })
  expect(bytesToHex(code)).toBe(bytesToHex(runtimeCode))
})

test('the wrapped native token has its name, and gives back what was deposited', async () => {
  const chain = await EvmFixture.create({ store: memoryStore() })
  const [alice, bob] = FIXTURE_ADDRESSES
  const to = WRAPPED_HYPE_ADDRESS
  const read = async (data: Uint8Array): Promise<Uint8Array> => {
    const result = await chain.executor.view.call({ to, data })
    if (result.status !== 'success') throw new Error(result.status)
    return result.output
  }
  const text = async (name: string): Promise<string> => {
    const output = await read(keccak256(utf8ToBytes(`${name}()`)).slice(0, 4))
    return new TextDecoder().decode(output.slice(64)).replaceAll('\0', '')
  }
  expect(await text('name')).toBe('Wrapped HYPE')
  expect(await text('symbol')).toBe('WHYPE')

  const balance = (user: Uint8Array | undefined): Promise<bigint> =>
    read(
      concatBytes(
        keccak256(utf8ToBytes('balanceOf(address)')).slice(0, 4),
        new Uint8Array(12),
        user ?? new Uint8Array(20),
      ),
    ).then(bytesToUint)
  const { receipts } = await chain.block([
    chain.transaction({ nonce: 0, to, value: 5n }),
    chain.transaction({ nonce: 1, to, data: callData('transfer(address,uint256)', bob ?? to, 2n) }),
    chain.transaction({ nonce: 2, to, data: callData('withdraw(uint256)', 3n) }),
    chain.transaction({ nonce: 3, to, data: callData('withdraw(uint256)', 1n) }),
  ])
  expect(receipts.map(({ status }) => status)).toEqual([1, 1, 1, 0])
  expect(await balance(alice)).toBe(0n)
  expect(await balance(bob)).toBe(2n)
  expect(chain.executor.view.getBalance(to)).toBe(2n)
})
