import { describe, expect, it } from 'vitest'
import { parseCallRequest } from './callRequest.ts'
import {
  checkParamCount,
  parseAddress,
  parseBlockId,
  parseBlockNumber,
  parseCount,
  parseData,
  parseQuantity,
  parseSlot,
} from './ethParams.ts'

const refused = expect.objectContaining({ code: 'OL_RPC_PARAMS' })
const ADDRESS = `0x${'ab'.repeat(20)}`
const HASH = `0x${'cd'.repeat(32)}`

describe('parseQuantity', () => {
  it.each([
    ['0x0', 0n],
    ['0xfF', 255n],
    [`0x${'f'.repeat(64)}`, 2n ** 256n - 1n],
  ])('reads %s', (text, value) => {
    expect(parseQuantity(text, 'x')).toBe(value)
  })

  it.each([
    '0x',
    '0x00',
    '0x01',
    '10',
    '-0x1',
    '0xg',
    ' 0x1',
    `0x1${'0'.repeat(64)}`,
    1,
    1n,
    null,
    undefined,
    {},
    [],
    true,
  ])('refuses %s', (value) => {
    expect(() => parseQuantity(value, 'x')).toThrow(refused)
  })
})

describe('bytes', () => {
  it('are hex of the size wanted', () => {
    expect(parseData('0x', 'x')).toEqual(new Uint8Array())
    expect(parseAddress(ADDRESS.toUpperCase().replace('0X', '0x'), 'x')).toEqual(
      new Uint8Array(20).fill(0xab),
    )
    expect(parseSlot('0x1')).toEqual(Uint8Array.of(...new Uint8Array(31), 1))
    expect(parseSlot(HASH)).toEqual(new Uint8Array(32).fill(0xcd))
  })

  it.each(['0x1', 'ab', '', '0xzz', 5, null, ADDRESS.slice(0, -2), `${ADDRESS}00`])(
    'refuses the address %s',
    (value) => {
      expect(() => parseAddress(value, 'x')).toThrow(refused)
    },
  )

  it.each(['0x', '', `${HASH}0`, '0xg', 1, null])('refuses the slot %s', (value) => {
    expect(() => parseSlot(value)).toThrow(refused)
  })
})

describe('blocks', () => {
  it.each([
    [undefined, { kind: 'tag', tag: 'latest' }],
    [null, { kind: 'tag', tag: 'latest' }],
    ['safe', { kind: 'tag', tag: 'safe' }],
    ['0x10', { kind: 'number', number: 16n }],
    [{ blockNumber: '0x1' }, { kind: 'number', number: 1n }],
    [HASH, { kind: 'hash', hash: new Uint8Array(32).fill(0xcd) }],
    [
      { blockHash: HASH, requireCanonical: true },
      { kind: 'hash', hash: new Uint8Array(32).fill(0xcd) },
    ],
  ])('reads %j', (value, id) => {
    expect(parseBlockId(value)).toEqual(id)
  })

  it.each([
    'newest',
    '1',
    1,
    -1,
    true,
    [],
    {},
    { blockNumber: '0x1', blockHash: HASH },
    { blockHash: '0x1' },
    { blockHash: HASH, requireCanonical: 'yes' },
  ])('refuses %j', (value) => {
    expect(() => parseBlockId(value)).toThrow(refused)
  })

  it('by number are not named by hash', () => {
    expect(() => parseBlockNumber(HASH)).not.toThrow()
    expect(() => parseBlockNumber({ blockHash: HASH })).toThrow(refused)
  })
})

describe('counts', () => {
  it('are whole numbers or quantities', () => {
    expect(parseCount(4, 'x')).toBe(4)
    expect(parseCount('0x4', 'x')).toBe(4)
    for (const value of [-1, 1.5, Number.NaN, `0x${'f'.repeat(20)}`, '4', null]) {
      expect(() => parseCount(value, 'x')).toThrow(refused)
    }
  })

  it('of parameters leave out trailing nulls', () => {
    expect(() => checkParamCount(['a', null, undefined], { min: 1, max: 1 })).not.toThrow()
    expect(() => checkParamCount([null], { min: 1, max: 1 })).toThrow(refused)
    expect(() => checkParamCount(['a', 'b'], { min: 0, max: 1 })).toThrow(refused)
  })
})

describe('parseCallRequest', () => {
  it('reads all fields', () => {
    const request = parseCallRequest(
      {
        from: ADDRESS,
        to: ADDRESS,
        gas: '0x5208',
        maxFeePerGas: '0x2',
        maxPriorityFeePerGas: '0x1',
        value: '0x0',
        input: '0x01',
        data: '0x01',
        nonce: '0x0',
        type: '0x2',
        chainId: '0x7ce',
        accessList: [{ address: ADDRESS, storageKeys: [HASH] }],
      },
      1998n,
    )
    const address = new Uint8Array(20).fill(0xab)
    expect(request).toEqual({
      from: address,
      to: address,
      gas: 21_000n,
      gasPrice: 2n,
      value: 0n,
      data: Uint8Array.of(1),
      accessList: [{ address, storageKeys: [new Uint8Array(32).fill(0xcd)] }],
    })
  })

  it('takes nulls as absent', () => {
    expect(parseCallRequest({ to: null, gasPrice: null, data: null }, 1n)).toEqual({})
  })

  it.each([
    ['nothing', undefined],
    ['an array', []],
    ['data and input that differ', { data: '0x01', input: '0x02' }],
    ['two kinds of fees', { gasPrice: '0x1', maxFeePerGas: '0x1' }],
    ['a tip above the fee', { maxFeePerGas: '0x1', maxPriorityFeePerGas: '0x2' }],
    ['another chain', { chainId: '0x1' }],
    ['blobs', { maxFeePerBlobGas: '0x1' }],
    ['an authorization list', { authorizationList: [] }],
    ['a number for gas', { gas: 21_000 }],
    ['an access list that is no list', { accessList: {} }],
    ['an access list without address', { accessList: [{ storageKeys: [] }] }],
  ])('refuses %s', (_, value) => {
    expect(() => parseCallRequest(value, 1998n)).toThrow(refused)
  })
})
