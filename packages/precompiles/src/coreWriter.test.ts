import {
  type CoreWriterAction,
  hexToBytes,
  keccak256,
  RAW_ACTION_TOPIC,
  uintToBytes,
  utf8ToBytes,
} from '@openliquid/primitives'
import { describe, expect, test } from 'vitest'
import { decodeCoreWriterLog } from './coreWriter.ts'

const word = (value: bigint | number): Uint8Array => uintToBytes(value, 32)
const action = (id: number, ...words: Uint8Array[]): Uint8Array =>
  Uint8Array.from([1, ...uintToBytes(id, 3), ...words.flatMap((bytes) => [...bytes])])

test('the topic is the hash of the event signature', () => {
  expect(keccak256(utf8ToBytes('RawAction(address,bytes)'))).toEqual(RAW_ACTION_TOPIC)
})

test('golden vector A7: class transfer of 1 USDC to perp', () => {
  const data = hexToBytes(`0x01000007${'0f4240'.padStart(64, '0')}${'1'.padStart(64, '0')}`)
  expect(decodeCoreWriterLog(data)).toEqual({
    ok: true,
    action: { type: 'usdClassTransfer', ntl: 1_000_000n, toPerp: true },
  })
})

test.each([
  [1, 'alo'],
  [2, 'gtc'],
  [3, 'ioc'],
] as const)('time in force %d is %s', (tif, timeInForce) => {
  const words = [4, 1, 3_000_000_000_000, 10_000_000, 0, tif, 9].map(word)
  expect(decodeCoreWriterLog(action(1, ...words))).toEqual({
    ok: true,
    action: {
      type: 'limitOrder',
      asset: 4,
      isBuy: true,
      limitPx: 3_000_000_000_000n,
      size: 10_000_000n,
      reduceOnly: false,
      timeInForce,
      clientOrderId: 9n,
    },
  })
})

test('cancels by order id and by client order id', () => {
  expect(decodeCoreWriterLog(action(10, word(4), word(77)))).toEqual({
    ok: true,
    action: { type: 'cancelByOid', asset: 4, oid: 77n },
  })
  expect(decodeCoreWriterLog(action(11, word(4), word((1n << 128n) - 1n)))).toEqual({
    ok: true,
    action: { type: 'cancelByCloid', asset: 4, clientOrderId: (1n << 128n) - 1n },
  })
})

const vault = new Uint8Array(20).fill(0xaa)
const addressWord = (address: Uint8Array): Uint8Array =>
  Uint8Array.of(...new Uint8Array(12), ...address)
const text = (value: string): Uint8Array[] => {
  const bytes = utf8ToBytes(value)
  const padded = new Uint8Array(Math.ceil(bytes.length / 32) * 32)
  padded.set(bytes)
  return [word(bytes.length), padded]
}

test.each<[number, Uint8Array[], CoreWriterAction]>([
  [
    2,
    [addressWord(vault), word(1), word(5)],
    { type: 'vaultTransfer', vault, isDeposit: true, usd: 5n },
  ],
  [
    3,
    [addressWord(vault), word(5), word(1)],
    { type: 'tokenDelegate', validator: vault, wei: 5n, isUndelegate: true },
  ],
  [4, [word(5)], { type: 'stakingDeposit', wei: 5n }],
  [5, [word(6)], { type: 'stakingWithdraw', wei: 6n }],
  [
    6,
    [addressWord(vault), word(150), word(7)],
    { type: 'spotSend', destination: vault, token: 150n, wei: 7n },
  ],
  [
    8,
    [word(1), word(1), word(9)],
    { type: 'finalizeEvmContract', token: 1n, input: { kind: 'create', nonce: 9n } },
  ],
  [
    8,
    [word(1), word(3), word(9)],
    { type: 'finalizeEvmContract', token: 1n, input: { kind: 'customStorageSlot' } },
  ],
  [
    9,
    [addressWord(vault), word(64), ...text('bot')],
    { type: 'addApiWallet', wallet: vault, name: 'bot' },
  ],
  [9, [addressWord(vault), word(64), word(0)], { type: 'addApiWallet', wallet: vault, name: '' }],
  [
    12,
    [word(10), addressWord(vault)],
    { type: 'approveBuilderFee', maxFeeRate: 10n, builder: vault },
  ],
  [
    13,
    [addressWord(vault), word(0), word(0), word(0xffff_ffff), word(0), word(8)],
    {
      type: 'sendAsset',
      destination: vault,
      subAccount: new Uint8Array(20),
      sourceDex: 0,
      destinationDex: 0xffff_ffff,
      token: 0n,
      wei: 8n,
    },
  ],
])('action %d decodes', (id, words, expected) => {
  expect(decodeCoreWriterLog(action(id, ...words))).toEqual({ ok: true, action: expected })
})

describe('the name of an API wallet', () => {
  const refused = (...words: Uint8Array[]): unknown => {
    const decoding = decodeCoreWriterLog(action(9, addressWord(vault), ...words))
    return decoding.ok ? 'accepted' : decoding.rejection.code
  }
  test.each([
    ['an offset that leaves a gap', [word(96), word(0), ...text('bot')], 'OL_CORE_WRITER_SIZE'],
    ['an offset elsewhere', [word(32), ...text('bot')], 'OL_CORE_WRITER_FIELD'],
    ['a length beyond the payload', [word(64), word(33), word(0)], 'OL_CORE_WRITER_SIZE'],
    ['a length of 2^255', [word(64), word(1n << 255n), word(0)], 'OL_CORE_WRITER_SIZE'],
    ['padding that is not zero', [word(64), word(1), word(1)], 'OL_CORE_WRITER_FIELD'],
    [
      'bytes that are no UTF-8',
      [word(64), word(1), Uint8Array.of(0xff, ...new Uint8Array(31))],
      'OL_CORE_WRITER_FIELD',
    ],
    ['no length', [word(64)], 'OL_CORE_WRITER_SIZE'],
  ])('is refused with %s', (_what, words, code) => {
    expect(refused(...words)).toBe(code)
  })
})

test('a link of another kind than 1 to 3 is refused', () => {
  for (const kind of [0, 4]) {
    expect(decodeCoreWriterLog(action(8, word(1), word(kind), word(0)))).toEqual({
      ok: false,
      rejection: { code: 'OL_CORE_WRITER_FIELD', actionId: 8, field: 'variant' },
    })
  }
})

test.each([15, 16, 17])('action %d is known and not supported', (id) => {
  expect(decodeCoreWriterLog(action(id))).toEqual({
    ok: true,
    action: { type: 'unsupported', actionId: id },
  })
})

describe('rejections', () => {
  const transfer = action(7, word(1), word(1))
  test.each([
    ['nothing', new Uint8Array(0), { code: 'OL_CORE_WRITER_HEADER', size: 0 }],
    ['half a header', Uint8Array.of(1, 0, 0), { code: 'OL_CORE_WRITER_HEADER', size: 3 }],
    ['version 0', Uint8Array.of(0, 0, 0, 7), { code: 'OL_CORE_WRITER_VERSION', version: 0 }],
    ['version 2', Uint8Array.of(2, 0, 0, 7), { code: 'OL_CORE_WRITER_VERSION', version: 2 }],
    ['id 0', action(0), { code: 'OL_CORE_WRITER_ACTION', actionId: 0 }],
    ['the gap 14', action(14), { code: 'OL_CORE_WRITER_ACTION', actionId: 14 }],
    ['id 18', action(18), { code: 'OL_CORE_WRITER_ACTION', actionId: 18 }],
    ['id 2^24 - 1', action(0xffffff), { code: 'OL_CORE_WRITER_ACTION', actionId: 0xffffff }],
    [
      'a byte short',
      transfer.subarray(0, -1),
      { code: 'OL_CORE_WRITER_SIZE', actionId: 7, size: 63, expected: 64 },
    ],
    [
      'a byte long',
      Uint8Array.of(...transfer, 0),
      { code: 'OL_CORE_WRITER_SIZE', actionId: 7, size: 65, expected: 64 },
    ],
    [
      'a bool of 2',
      action(7, word(1), word(2)),
      { code: 'OL_CORE_WRITER_FIELD', actionId: 7, field: 'toPerp' },
    ],
    [
      'an amount above uint64',
      action(7, word(1n << 64n), word(1)),
      { code: 'OL_CORE_WRITER_FIELD', actionId: 7, field: 'ntl' },
    ],
    [
      'an asset above uint32',
      action(10, word(1n << 32n), word(1)),
      { code: 'OL_CORE_WRITER_FIELD', actionId: 10, field: 'asset' },
    ],
    [
      'a time in force of 0',
      action(1, ...[0, 1, 1, 1, 0, 0, 0].map(word)),
      { code: 'OL_CORE_WRITER_FIELD', actionId: 1, field: 'tif' },
    ],
    [
      'a time in force of 4',
      action(1, ...[0, 1, 1, 1, 0, 4, 0].map(word)),
      { code: 'OL_CORE_WRITER_FIELD', actionId: 1, field: 'tif' },
    ],
    [
      'a client order id above uint128',
      action(1, ...[0, 1, 1, 1, 0, 1].map(word), word(1n << 128n)),
      { code: 'OL_CORE_WRITER_FIELD', actionId: 1, field: 'cloid' },
    ],
  ])('%s', (_what, data, rejection) => {
    expect(decodeCoreWriterLog(data)).toEqual({ ok: false, rejection })
  })
})
