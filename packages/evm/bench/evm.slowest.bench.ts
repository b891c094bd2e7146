// Gas per CPU second of every instruction and precompile, at its published price: the slowest one bounds the time of a block.

import { addressOf, signDigest } from '@openliquid/crypto'
import { concatBytes, keccak256, uintToBytes } from '@openliquid/primitives'
import { cpuMs, report } from '../../../bench/figure.ts'
import { EMPTY_CODE_HASH } from '../src/account.ts'
import { FastMachine } from '../src/fastMachine.ts'
import { CALLER, KERNEL_ADDRESS, memoryState } from './kernels.ts'

const GAS = 20_000_000n
const ENVIRONMENT = { number: 300n, timestamp: 1n, gasLimit: 1_000_000_000n, baseFeePerGas: 0n }
const machine = await FastMachine.create({ chainId: 1_998n, precompiles: [] })

const push = (value: number | bigint): number[] => {
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

interface Case {
  readonly name: string
  readonly code: Uint8Array
}
const cases: Case[] = []
const op = (name: string, body: readonly number[], prelude: readonly number[] = []): void => {
  cases.push({ name, code: loop(prelude, body) })
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
  [...push(0x5ff3n << 240n), 0x5f, 0x52],
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
void addressOf
precompile('ecrecover', 1, concatBytes(digest, word(v), r, s))
precompile('sha256 of 0', 2, new Uint8Array(0))
precompile('sha256 of 4096', 2, new Uint8Array(4096))
precompile('ripemd160 of 0', 3, new Uint8Array(0))
precompile('ripemd160 of 1024', 3, new Uint8Array(1024))
precompile('identity of 0', 4, new Uint8Array(0))
precompile('identity of 4096', 4, new Uint8Array(4096))
const modexp = (size: number, exponent: Uint8Array): Uint8Array =>
  concatBytes(
    word(size),
    word(exponent.length),
    word(size),
    new Uint8Array(size).fill(0xfb),
    exponent,
    new Uint8Array(size).fill(0xfd),
  )
precompile('modexp of 32 bytes', 5, modexp(32, new Uint8Array(32).fill(0xff)))
precompile('modexp of 64 bytes', 5, modexp(64, new Uint8Array(16).fill(0xff)))
precompile('modexp of 256 bytes', 5, modexp(256, Uint8Array.of(1, 0, 1)))
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

const rows: { readonly name: string; readonly speed: number }[] = []
for (const { name, code } of cases) {
  const state = memoryState()
  state.setAccount(KERNEL_ADDRESS, { nonce: 1n, balance: 10n ** 18n, codeHash: EMPTY_CODE_HASH })
  state.setCode(KERNEL_ADDRESS, code)
  state.setAccount(uintToBytes(0x78, 20), { nonce: 1n, balance: 0n, codeHash: EMPTY_CODE_HASH })
  state.setCode(uintToBytes(0x78, 20), Uint8Array.of(0x5f, 0x50))
  const run = async (gas: bigint): Promise<number> => {
    machine.bind({ state, exchange: undefined, blockHash: (number) => word(number) })
    const message = {
      from: CALLER,
      to: KERNEL_ADDRESS,
      data: new Uint8Array(0),
      value: 0n,
      gas,
      gasPrice: 0n,
      accessList: [],
    }
    return cpuMs(async () => {
      state.checkpoint()
      await machine.runMessage(message, ENVIRONMENT)
      state.revert()
      state.endTransaction()
    })
  }
  await run(GAS / 20n)
  const ms = await run(GAS)
  rows.push({ name, speed: Number(GAS) / ms / 1_000 })
}
rows.sort((a, b) => a.speed - b.speed)
for (const { name, speed } of rows)
  console.log(`${name.padEnd(32)} ${speed.toFixed(1).padStart(8)} Mgas/CPU-s`)
const slowest = rows[0]
report({
  id: 'evm.slowest',
  value: slowest?.speed ?? 0,
  unit: `Mgas per CPU second (${slowest?.name})`,
  op: '>=',
  target: 5,
  runs: [slowest?.speed ?? 0],
})
