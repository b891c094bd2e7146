// What the table of evm.slowest measures: every instruction and precompile on the input that takes longest for its gas.

import { signDigest } from '@openliquid/crypto'
import { concatBytes, keccak256, uintToBytes } from '@openliquid/primitives'
import { CORE_WRITER_CODE } from '../src/coreWriterCode.ts'

export const push = (value: number | bigint): number[] => {
  const hex = value.toString(16)
  const bytes = hex.padStart(hex.length + (hex.length % 2), '0').match(/../g) ?? []
  return [0x5f + bytes.length, ...bytes.map((byte) => Number.parseInt(byte, 16))]
}
const BIG = (1n << 255n) - 19n
const MODULUS = (1n << 254n) + 1n

/** Repeats `body`, which leaves the stack as it finds it, as often as fits, in an endless loop. */
function loop(prelude: readonly number[], body: readonly number[]): Uint8Array {
  const start = prelude.length
  const times = Math.max(1, Math.floor(20_000 / body.length))
  const jump = [...push(start), 0x56]
  return Uint8Array.from([
    ...prelude,
    0x5b,
    ...Array.from({ length: times }, () => body).flat(),
    ...jump,
  ])
}

/** A program that does one thing over and over until its gas is used up. */
export interface SlowestCase {
  readonly name: string
  readonly code: Uint8Array
  /** Less than usual, for what there are not that many accounts to do to. */
  readonly gas?: bigint
}
/** Contracts that cases call, by their address. */
export const CALLED: readonly (readonly [address: number, code: Uint8Array])[] = [
  [0x78, Uint8Array.of(0x5f, 0x50)],
  [0x79, Uint8Array.of(0x5f, 0x5f, 0xfd)],
  // SELFDESTRUCT to itself.
  [0x7a, Uint8Array.of(0x30, 0xff)],
  // Memory of 64 KiB, and of 1 MiB.
  [0x7b, Uint8Array.of(0x5f, 0x61, 0xff, 0xe0, 0x52)],
  [0x7c, Uint8Array.of(0x5f, 0x62, 0x0f, 0xff, 0xe0, 0x52)],
  [0x3333, CORE_WRITER_CODE],
]
/** First of the accounts that lie on disk; see the bench. */
export const ON_DISK = 0x1_0000_0000
/** First of the contracts on disk, each with as much code as there may be. */
export const CONTRACTS_ON_DISK = 0x2_0000_0000

export const cases: SlowestCase[] = []
const op = (
  name: string,
  body: readonly number[],
  prelude: readonly number[] = [],
  gas?: bigint,
): void => {
  cases.push({ name, code: loop(prelude, body), ...(gas === undefined ? {} : { gas }) })
}
const binary: [string, number][] = [
  ['ADD', 0x01],
  ['MUL', 0x02],
  ['SUB', 0x03],
  ['DIV', 0x04],
  ['SDIV', 0x05],
  ['MOD', 0x06],
  ['SMOD', 0x07],
  ['EXP', 0x0a],
  ['SIGNEXTEND', 0x0b],
  ['LT', 0x10],
  ['GT', 0x11],
  ['SLT', 0x12],
  ['SGT', 0x13],
  ['EQ', 0x14],
  ['AND', 0x16],
  ['OR', 0x17],
  ['XOR', 0x18],
  ['BYTE', 0x1a],
  ['SHL', 0x1b],
  ['SHR', 0x1c],
  ['SAR', 0x1d],
]
// Operands stay below on the stack and are copied: what is measured costs two copies and a POP more.
for (const [name, code] of binary) {
  const top =
    name === 'BYTE' || name === 'SIGNEXTEND'
      ? 3n
      : name.startsWith('S') && name !== 'SDIV' && name !== 'SMOD' && name !== 'SUB'
        ? 7n
        : BIG
  op(name, [0x81, 0x81, code, 0x50], [...push(BIG), ...push(top)])
}
for (const [name, code] of [
  ['ADDMOD', 0x08],
  ['MULMOD', 0x09],
] as const) {
  op(name, [0x82, 0x82, 0x82, code, 0x50], [...push(MODULUS), ...push(BIG), ...push(BIG - 1n)])
}
// Divisors of two to four words, for which a quotient takes longest.
for (const [name, code] of [
  ['DIV', 0x04],
  ['SDIV', 0x05],
  ['MOD', 0x06],
  ['SMOD', 0x07],
] as const) {
  for (const bits of [65n, 130n, 190n]) {
    const divisor = (1n << bits) - 19n
    op(`${name} by ${bits} bits`, [0x81, 0x81, code, 0x50], [...push(divisor), ...push(BIG)])
  }
}
for (const [name, code] of [
  ['ADDMOD', 0x08],
  ['MULMOD', 0x09],
] as const) {
  const prelude = [...push((1n << 130n) - 5n), ...push(BIG), ...push(BIG - 1n)]
  op(`${name} by 130 bits`, [0x82, 0x82, 0x82, code, 0x50], prelude)
}
op('EXP of a byte', [0x81, 0x81, 0x0a, 0x50], [...push(0xff), ...push(BIG)])
op('EXP of all ones', [0x81, 0x81, 0x0a, 0x50], [...push((1n << 256n) - 1n), ...push(BIG)])
for (const [name, code] of [
  ['ISZERO', 0x15],
  ['NOT', 0x19],
] as const)
  op(name, [0x80, code, 0x50], push(BIG))
for (const [name, code] of [
  ['ADDRESS', 0x30],
  ['ORIGIN', 0x32],
  ['CALLER', 0x33],
  ['CALLVALUE', 0x34],
  ['CALLDATASIZE', 0x36],
  ['CODESIZE', 0x38],
  ['GASPRICE', 0x3a],
  ['RETURNDATASIZE', 0x3d],
  ['COINBASE', 0x41],
  ['TIMESTAMP', 0x42],
  ['NUMBER', 0x43],
  ['PREVRANDAO', 0x44],
  ['GASLIMIT', 0x45],
  ['CHAINID', 0x46],
  ['SELFBALANCE', 0x47],
  ['BASEFEE', 0x48],
  ['BLOBBASEFEE', 0x4a],
  ['PC', 0x58],
  ['MSIZE', 0x59],
  ['GAS', 0x5a],
  ['PUSH0', 0x5f],
] as const)
  op(name, [code, 0x50])
op('PUSH32', [...push(BIG), 0x50])
op('PUSH1', [...push(1), 0x50])
op('DUP16', [0x8f, 0x50], Array.from({ length: 16 }, (_, n) => push(n + 1)).flat())
op('SWAP16', [0x9f], Array.from({ length: 17 }, (_, n) => push(n + 1)).flat())
op('JUMPDEST', [0x5b])
op('CALLDATALOAD', [0x5f, 0x35, 0x50])
op('BLOBHASH', [0x5f, 0x49, 0x50])
op('BLOCKHASH', [...push(299), 0x40, 0x50])
// One of the last 256, by the gas that is left.
op('BLOCKHASH of many', [...push(255), 0x5a, 0x16, ...push(44), 0x01, 0x40, 0x50])
op('MLOAD', [0x5f, 0x51, 0x50])
op('MSTORE', [0x80, 0x5f, 0x52], push(BIG))
op('MSTORE8', [0x80, 0x5f, 0x53], push(BIG))
op('KECCAK256 of 32', [...push(32), 0x5f, 0x20, 0x50])
op('KECCAK256 of 4096', [...push(4096), 0x5f, 0x20, 0x50])
for (const [name, code] of [
  ['CALLDATACOPY', 0x37],
  ['CODECOPY', 0x39],
  ['MCOPY', 0x5e],
] as const) {
  op(`${name} of 32`, [...push(32), 0x5f, 0x5f, code])
  op(`${name} of 8192`, [...push(8192), 0x5f, 0x5f, code])
}
op('EXTCODECOPY of 0', [0x5f, 0x5f, 0x5f, 0x30, 0x3c])
op('EXTCODECOPY of 8192', [...push(8192), 0x5f, 0x5f, 0x30, 0x3c])
for (const [name, code] of [
  ['BALANCE', 0x31],
  ['EXTCODESIZE', 0x3b],
  ['EXTCODEHASH', 0x3f],
] as const) {
  op(`${name} warm`, [0x30, code, 0x50])
  op(`${name} cold`, [0x5a, code, 0x50])
}
op('SLOAD warm', [0x5f, 0x54, 0x50])
op('SLOAD cold', [0x5a, 0x54, 0x50])
op('SSTORE dirty', [0x5a, 0x5f, 0x55])
op('SSTORE new', [0x5a, 0x80, 0x55])
op('TLOAD', [0x5f, 0x5c, 0x50])
op('TSTORE', [0x5a, 0x80, 0x5d])
for (let n = 0; n <= 4; n++)
  op(`LOG${n}`, [...Array.from({ length: n }, () => 0x5f), ...push(32), 0x5f, 0xa0 + n])
const callNobody = (code: number, gas: number[], to: number[]): number[] => [
  0x5f,
  0x5f,
  0x5f,
  0x5f,
  ...(code === 0xf1 || code === 0xf2 ? [0x5f] : []),
  ...to,
  ...gas,
  code,
  0x50,
]
op('CALL of an empty account', callNobody(0xf1, push(0), push(0x77)))
op('STATICCALL of an empty account', callNobody(0xfa, push(0), push(0x77)))
op('DELEGATECALL of a contract', callNobody(0xf4, push(100), push(0x78)))
op('CALLCODE of a contract', callNobody(0xf2, push(100), push(0x78)))
op('CREATE of nothing', [0x5f, 0x5f, 0x5f, 0xf0, 0x50])
op(
  'CREATE2 of a contract',
  [0x5a, ...push(32), 0x5f, 0x5f, 0xf5, 0x50],
  [...push(0x5f5ff3n << 232n), 0x5f, 0x52],
)
op('CALL of a contract that reverts', callNobody(0xf1, push(100), push(0x79)))
op('CALL with value', [
  ...[0x5f, 0x5f, 0x5f, 0x5f, ...push(1), ...push(0x78), ...push(100), 0xf1, 0x50],
])
op('CALL with value to new accounts', [
  ...[0x5f, 0x5f, 0x5f, 0x5f, ...push(1), 0x5a, 0x5f, 0xf1, 0x50],
])
op('SELFDESTRUCT', callNobody(0xf1, push(10_000), push(0x7a)))
op('memory of 64 KiB', callNobody(0xf1, push(100_000), push(0x7b)))
op('memory of 1 MiB', callNobody(0xf1, push(10_000_000), push(0x7c)))
op(
  'CALL with 1 MiB of input',
  [0x5f, 0x5f, ...push(1_048_576), 0x5f, 0x5f, ...push(0x78), ...push(100), 0xf1, 0x50],
  [0x5f, ...push(1_048_576 - 32), 0x52],
)
op(
  'RETURNDATACOPY of 32',
  [...push(32), 0x5f, 0x5f, 0x3e],
  [...[0x5f, 0x5f, ...push(8192), 0x5f, ...push(4), 0x5a, 0xfa, 0x50]],
)
op(
  'RETURNDATACOPY of 8192',
  [...push(8192), 0x5f, 0x5f, 0x3e],
  [...[0x5f, 0x5f, ...push(8192), 0x5f, ...push(4), 0x5a, 0xfa, 0x50]],
)
// Init code of the greatest length that jumps, so its destinations are looked for.
op(
  'CREATE of 49152 bytes',
  [...push(49_152), 0x5f, 0x5f, 0xf0, 0x50],
  [...push(0x6003565bn << 224n), 0x5f, 0x52],
)
op(
  'CREATE2 of 49152 bytes',
  [0x5a, ...push(49_152), 0x5f, 0x5f, 0xf5, 0x50],
  [...push(0x6003565bn << 224n), 0x5f, 0x52],
)
// A number that counts up is the next account on disk.
const next = (code: readonly number[]): number[] => [...push(1), 0x01, ...code]
for (const [name, code] of [
  ['BALANCE', 0x31],
  ['EXTCODESIZE', 0x3b],
  ['EXTCODEHASH', 0x3f],
] as const) {
  op(`${name} on disk`, next([0x80, code, 0x50]), push(ON_DISK))
}
op('CALL of accounts on disk', next([0x5f, 0x5f, 0x5f, 0x5f, 0x5f, 0x85, 0x5f, 0xf1, 0x50]), [
  ...push(ON_DISK),
])
op('SLOAD on disk', next([0x80, 0x54, 0x50]), push(ON_DISK))
op('SSTORE on disk', next([0x5f, 0x81, 0x55]), push(ON_DISK))
const CONTRACTS_GAS = 3_500_000n
op(
  'CALL of largest contracts on disk',
  next([0x5f, 0x5f, 0x5f, 0x5f, 0x5f, 0x85, ...push(100), 0xf1, 0x50]),
  push(CONTRACTS_ON_DISK),
  CONTRACTS_GAS,
)
op(
  'EXTCODECOPY of largest contracts on disk',
  next([...push(32), 0x5f, 0x5f, 0x83, 0x3c]),
  push(CONTRACTS_ON_DISK),
  CONTRACTS_GAS,
)
cases.push({ name: 'JUMP', code: Uint8Array.from([0x5b, 0x5f, 0x56]) })
cases.push({ name: 'JUMPI', code: Uint8Array.from([0x5b, ...push(1), 0x5f, 0x57]) })

/** Calls a precompile with input that is in memory, over and over. */
function precompile(name: string, address: number, input: Uint8Array): void {
  const data = input.length === 0 ? new Uint8Array(0) : input
  const inputs = new Uint8Array(Math.ceil(data.length / 32) * 32)
  inputs.set(data)
  const prelude: number[] = []
  for (let at = 0; at < inputs.length; at += 32) {
    prelude.push(0x7f, ...inputs.subarray(at, at + 32), ...push(at), 0x52)
  }
  op(name, [0x5f, 0x5f, ...push(data.length), 0x5f, ...push(address), 0x5a, 0xfa, 0x50], prelude)
}
const word = (value: bigint | number): Uint8Array => uintToBytes(value, 32)
const digest = keccak256(Uint8Array.of(1))
const key = keccak256(Uint8Array.of(2))
const { r, s, v } = signDigest(key, digest)
precompile('ecrecover', 1, concatBytes(digest, word(v), r, s))
precompile('sha256 of 0', 2, new Uint8Array(0))
precompile('sha256 of 4096', 2, new Uint8Array(4096))
precompile('ripemd160 of 0', 3, new Uint8Array(0))
precompile('ripemd160 of 1024', 3, new Uint8Array(1024))
precompile('identity of 0', 4, new Uint8Array(0))
precompile('identity of 4096', 4, new Uint8Array(4096))
const modexp = (base: number, exponent: Uint8Array, modulus: Uint8Array): Uint8Array =>
  concatBytes(
    ...[base, exponent.length, modulus.length].map(word),
    new Uint8Array(base).fill(0xfb),
    exponent,
    modulus,
  )
const ones = (size: number): Uint8Array => new Uint8Array(size).fill(0xff)
/** Half zeros: an even number whose odd part is not small. */
const even = (size: number): Uint8Array => ones(size).fill(0, size >> 1)
for (const size of [1, 8, 9, 16, 32, 33, 64, 256]) {
  precompile(`modexp of ${size} bytes, short`, 5, modexp(size, ones(3), ones(size)))
  precompile(`modexp of ${size} bytes, word`, 5, modexp(size, ones(32), ones(size)))
  if (size > 1) precompile(`modexp of ${size} bytes, even`, 5, modexp(size, ones(32), even(size)))
}
// Below it the price is the same, whatever the exponent.
precompile('modexp of 8 bytes, dearest exponent', 5, modexp(8, ones(75), ones(8)))
precompile('modexp of 8 bytes, exponent of 32 KiB', 5, modexp(8, ones(32_768), ones(8)))
precompile('modexp of 40 bytes, exponent of 1 KiB', 5, modexp(40, ones(1_024), ones(40)))
const G1 = concatBytes(word(1), word(2))
const G1_DOUBLE = concatBytes(
  word(1368015179489954701390400359078579693043519447331113978918064868415326638035n),
  word(9918110051302171585080402603319702774565515993150576347155970296011118125764n),
)
const G2 = concatBytes(
  word(0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2n),
  word(0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6edn),
  word(0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975bn),
  word(0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daan),
)
precompile('bn254 add', 6, concatBytes(G1, G1_DOUBLE))
precompile('bn254 mul', 7, concatBytes(G1_DOUBLE, word((1n << 253n) - 12_345n)))
precompile('bn254 pairing of 1', 8, concatBytes(G1, G2))
precompile('bn254 pairing of 2', 8, concatBytes(G1, G2, G1_DOUBLE, G2))
precompile('bn254 pairing of 4', 8, concatBytes(G1, G2, G1_DOUBLE, G2, G1, G2, G1_DOUBLE, G2))
const blake = (rounds: number): Uint8Array =>
  concatBytes(uintToBytes(rounds, 4), new Uint8Array(208), Uint8Array.of(1))
precompile('blake2f of 12 rounds', 9, blake(12))
precompile('blake2f of 100000 rounds', 9, blake(100_000))

// Refused input costs all of its frame's gas, so what is slowest is what is found out last.
precompile('bn254 pairing off the curve', 8, concatBytes(G1, G2.slice(0, 96), word(5)))

/** Calls a read of the exchange. */
export function readCase(name: string, address: number, input: Uint8Array): void {
  precompile(name, address, input)
}

const data = concatBytes(
  uintToBytes(0x17938e13, 4),
  ...[word(32), word(4), uintToBytes(0x01000007n << 224n, 32)],
)
const stored = Array.from({ length: Math.ceil(data.length / 32) }, (_, n) => [
  ...[0x7f, ...concatBytes(data.subarray(32 * n, 32 * n + 32), new Uint8Array(32)).subarray(0, 32)],
  ...[...push(32 * n), 0x52],
])
op(
  'CoreWriter',
  [0x5f, 0x5f, ...push(data.length), 0x5f, 0x5f, ...push(0x3333), 0x5a, 0xf1, 0x50],
  stored.flat(),
)
