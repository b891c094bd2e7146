import { createCustomCommon, Hardfork, Mainnet } from '@ethereumjs/common'
import { RLP } from '@ethereumjs/rlp'
import { createTxFromRLP } from '@ethereumjs/tx'
import {
  bytesToHex,
  concatBytes,
  keccak256,
  TRANSACTION_BYTES_MAX,
  uintToBytes,
} from '@openliquid/primitives'
import { describe, expect, test } from 'vitest'
import { EvmTransactionError } from './errors.ts'
import { decodeEvmTransaction } from './evmTransaction.ts'
import { decodeRlp, encodeRlp, type RlpItem, uintToRlp } from './rlp.ts'
import {
  FIXTURE_ADDRESSES,
  signTransaction,
  TEST_SECRET_KEYS,
  type UnsignedTransaction,
} from './testing/index.ts'

const CHAIN_ID = 1_998
const [alice, bob] = FIXTURE_ADDRESSES as [Uint8Array, Uint8Array]
const key = TEST_SECRET_KEYS[0] as Uint8Array
const CURVE_ORDER =
  0xffff_ffff_ffff_ffff_ffff_ffff_ffff_fffe_baae_dce6_af48_a03b_bfd2_5e8c_d036_4141n

const full: UnsignedTransaction = {
  chainId: CHAIN_ID,
  nonce: 7,
  gasLimit: 100_000n,
  to: bob,
  value: 123_456_789n,
  data: Uint8Array.of(0, 1, 2, 0),
  maxFeePerGas: 50_000_000_000n,
  maxPriorityFeePerGas: 1_000_000_000n,
}
const accessList = [{ address: alice, storageKeys: [uintToBytes(1, 32), uintToBytes(2, 32)] }]

function sign(changes: Partial<UnsignedTransaction> = {}): Uint8Array {
  return signTransaction({ ...full, ...changes }, key)
}

/** The signed fields with one of them replaced, without signing again. */
function forge(bytes: Uint8Array, index: number, item: RlpItem | undefined): Uint8Array {
  const typed = (bytes[0] as number) < 0x80
  const items = [...(decodeRlp(typed ? bytes.subarray(1) : bytes, 4) as readonly RlpItem[])]
  if (item === undefined) items.splice(index, 1)
  else items[index < 0 ? items.length + index : index] = item
  const body = RLP.encode(items as Parameters<typeof RLP.encode>[0])
  return typed ? concatBytes(bytes.subarray(0, 1), body) : body
}

function codeOf(bytes: Uint8Array, chainId: number = CHAIN_ID): string | undefined {
  try {
    decodeEvmTransaction(bytes, chainId)
    return undefined
  } catch (error) {
    expect(error).toBeInstanceOf(EvmTransactionError)
    return (error as EvmTransactionError).code
  }
}

describe('reads what ethereumjs reads', () => {
  const common = createCustomCommon({ chainId: CHAIN_ID }, Mainnet, { hardfork: Hardfork.Cancun })
  test.each([
    ['legacy', { type: 0 as const }],
    ['legacy creation', { type: 0 as const, to: new Uint8Array(0) }],
    ['EIP-2930', { type: 1 as const, accessList }],
    ['EIP-1559', { type: 2 as const, accessList }],
    ['EIP-1559 with nothing in it', { value: 0n, data: new Uint8Array(0), nonce: 0 }],
  ])('%s', (_name, changes) => {
    const bytes = sign(changes)
    const ours = decodeEvmTransaction(bytes, CHAIN_ID)
    const theirs = createTxFromRLP(bytes, { common })
    expect(bytesToHex(ours.sender)).toBe(theirs.getSenderAddress().toString())
    expect(ours.sender).toEqual(alice)
    expect(ours.hash).toEqual(theirs.hash())
    expect(ours.hash).toEqual(keccak256(bytes))
    expect(ours).toMatchObject({
      type: theirs.type,
      nonce: theirs.nonce,
      gasLimit: theirs.gasLimit,
      value: theirs.value,
      data: theirs.data,
      v: theirs.v,
      r: theirs.r,
      s: theirs.s,
      chainId: BigInt(CHAIN_ID),
    })
    expect(ours.to).toEqual(theirs.to?.bytes)
  })

  test('an access list keeps its order', () => {
    expect(decodeEvmTransaction(sign({ accessList }), CHAIN_ID).accessList).toEqual(accessList)
  })
})

describe('refuses', () => {
  test('another chain', () => {
    for (const type of [0, 1, 2] as const) {
      expect(codeOf(sign({ type, chainId: 1 }))).toBe('OL_EVM_TX_CHAIN_ID')
    }
  })

  test('a legacy transaction without chain id', () => {
    for (const v of [27n, 28n]) {
      expect(codeOf(forge(sign({ type: 0 }), 6, uintToRlp(v)))).toBe('OL_EVM_TX_UNPROTECTED')
    }
    expect(codeOf(forge(sign({ type: 0 }), 6, uintToRlp(34n)))).toBe('OL_EVM_TX_SIGNATURE')
  })

  test.each([3, 4, 5, 0x7f, 0])('type %i', (type) => {
    const body = sign().subarray(1)
    expect(codeOf(Uint8Array.of(type, ...body))).toBe('OL_EVM_TX_TYPE')
  })

  test('a first byte that is neither type nor list', () => {
    expect(codeOf(Uint8Array.of(0x80))).toBe('OL_EVM_TX_MALFORMED')
    expect(codeOf(Uint8Array.of(0xb8, 1, 1))).toBe('OL_EVM_TX_MALFORMED')
    expect(codeOf(new Uint8Array(0))).toBe('OL_EVM_TX_MALFORMED')
  })

  test('a high s, although it is the same key’s signature', () => {
    const bytes = sign()
    const { s, yParity } = decodeEvmTransaction(bytes, CHAIN_ID)
    const flipped = forge(
      forge(bytes, -1, uintToRlp(CURVE_ORDER - s)),
      -3,
      uintToRlp(BigInt(1 - yParity)),
    )
    expect(codeOf(flipped)).toBe('OL_EVM_TX_SIGNATURE')
  })

  test.each([
    ['r of 0', -2, 0n],
    ['r of the curve’s order', -2, CURVE_ORDER],
    ['s of 0', -1, 0n],
    ['y parity of 2', -3, 2n],
  ])('%s', (_what, index, value) => {
    expect(codeOf(forge(sign(), index, uintToRlp(value)))).toBe('OL_EVM_TX_SIGNATURE')
  })

  test('an r that no point has', () => {
    const codes = [5n, 6n, 7n, 8n, 9n, 10n].map((r) => codeOf(forge(sign(), -2, uintToRlp(r))))
    expect(codes).toContain('OL_EVM_TX_SIGNATURE')
  })

  test('more bytes than allowed; exactly as many are read', () => {
    const overhead = sign({ data: new Uint8Array(100_000), gasLimit: 30_000_000n }).length - 100_000
    const data = new Uint8Array(TRANSACTION_BYTES_MAX - overhead)
    expect(sign({ data, gasLimit: 30_000_000n })).toHaveLength(TRANSACTION_BYTES_MAX)
    expect(codeOf(sign({ data, gasLimit: 30_000_000n }))).toBeUndefined()
    const longer = new Uint8Array(data.length + 1)
    expect(codeOf(sign({ data: longer, gasLimit: 30_000_000n }))).toBe('OL_EVM_TX_SIZE')
  })

  test('trailing bytes and every truncation', () => {
    for (const type of [0, 1, 2] as const) {
      const bytes = sign({ type, accessList: type === 0 ? [] : accessList })
      expect(codeOf(Uint8Array.of(...bytes, 0))).toBe('OL_EVM_TX_MALFORMED')
      for (let end = 0; end < bytes.length; end++) {
        expect(codeOf(bytes.subarray(0, end))).toBe('OL_EVM_TX_MALFORMED')
      }
    }
  })

  test('lists nested deeper than any transaction has them', () => {
    const deep = encodeRlp([[[[[]]]]])
    expect(codeOf(deep)).toBe('OL_EVM_TX_MALFORMED')
    expect(codeOf(new Uint8Array(100_000).fill(0xc1))).toBe('OL_EVM_TX_MALFORMED')
    expect(codeOf(forge(sign(), 8, [[alice, [[uintToBytes(1, 32)]]]]))).toBe('OL_EVM_TX_MALFORMED')
  })

  test.each([
    ['a field too few', 3, undefined],
    ['a leading zero', 1, Uint8Array.of(0, 7)],
    ['a nonce of nine bytes', 1, new Uint8Array(9).fill(1)],
    ['the nonce that cannot be counted up', 1, uintToRlp((1n << 64n) - 1n)],
    ['a gas limit of nine bytes', 4, new Uint8Array(9).fill(1)],
    ['a value of 33 bytes', 6, new Uint8Array(33).fill(1)],
    ['an address of 19 bytes', 5, new Uint8Array(19)],
    ['a list for the data', 7, []],
    ['bytes for the access list', 8, Uint8Array.of(1)],
    ['an entry without keys', 8, [[alice]]],
    ['a key of 31 bytes', 8, [[alice, [new Uint8Array(31)]]]],
    ['an access list address of 21 bytes', 8, [[new Uint8Array(21), []]]],
  ])('%s', (_what, index, item) => {
    expect(codeOf(forge(sign({ accessList }), index, item))).toBe('OL_EVM_TX_MALFORMED')
  })

  test('less gas than is due before the first instruction', () => {
    // 21000, two zero bytes, two others, one address and two slots.
    const required = 21_000n + 2n * 4n + 2n * 16n + 2_400n + 2n * 1_900n
    expect(codeOf(sign({ accessList, gasLimit: required }))).toBeUndefined()
    expect(codeOf(sign({ accessList, gasLimit: required - 1n }))).toBe('OL_EVM_TX_INTRINSIC_GAS')
  })

  test('init code above its limit; data of the same size is fine in a call', () => {
    const to = new Uint8Array(0)
    const gasLimit = 10_000_000n
    expect(codeOf(sign({ to, gasLimit, data: new Uint8Array(49_152) }))).toBeUndefined()
    expect(codeOf(sign({ to, gasLimit, data: new Uint8Array(49_153) }))).toBe('OL_EVM_TX_INIT_CODE')
    expect(codeOf(sign({ gasLimit, data: new Uint8Array(49_153) }))).toBeUndefined()
  })

  test('a tip above the maximum fee, and sums that leave 256 bits', () => {
    expect(codeOf(sign({ maxPriorityFeePerGas: full.maxFeePerGas! + 1n }))).toBe('OL_EVM_TX_FEES')
    expect(codeOf(sign({ maxFeePerGas: (1n << 256n) - 1n }))).toBe('OL_EVM_TX_FEES')
    expect(codeOf(sign({ value: (1n << 256n) - 1n }))).toBe('OL_EVM_TX_FEES')
  })
})

test('every changed bit is refused or names another sender', () => {
  const bytes = sign({ accessList })
  for (let bit = 0; bit < bytes.length * 8; bit += 13) {
    const changed = bytes.slice()
    changed[bit >> 3] = (changed[bit >> 3] as number) ^ (1 << (bit % 8))
    try {
      const { sender } = decodeEvmTransaction(changed, CHAIN_ID)
      expect(sender).not.toEqual(alice)
    } catch (error) {
      expect(error).toBeInstanceOf(EvmTransactionError)
    }
  }
})
