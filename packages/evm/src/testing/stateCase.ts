import { addressOf } from '@openliquid/crypto'
import { uintToBytes } from '@openliquid/primitives'
import { TEST_SECRET_KEYS } from './signTransaction.ts'

/** One case: code, and the transaction that runs it. */
export interface StateCase {
  readonly name: string
  readonly code: readonly number[]
  readonly forks?: readonly string[]
  readonly other?: readonly number[]
  readonly transaction?: Record<string, unknown>
  /** Fields of accounts that are not as usual, by address. */
  readonly pre?: Readonly<Record<string, Partial<PreAccount>>>
}

/** An account as the format writes it. */
export interface PreAccount {
  readonly nonce: string
  readonly balance: string
  readonly code: string
  readonly storage: Readonly<Record<string, string>>
}

/** Runs the code of a case. */
export const CONTRACT: Uint8Array = uintToBytes(0xc0de, 20)
/** Another contract that cases call. */
export const OTHER: Uint8Array = uintToBytes(0x07e4, 20)
export const KEY: Uint8Array = TEST_SECRET_KEYS[0] as Uint8Array
export const SENDER: Uint8Array = addressOf(KEY)

/** Pushes a value. */
export function push(value: bigint | number): number[] {
  const hex = value.toString(16)
  const bytes = hex.padStart(hex.length + (hex.length % 2), '0').match(/../g) ?? []
  return [0x5f + bytes.length, ...bytes.map((byte) => Number.parseInt(byte, 16))]
}

/** Stores the top of the stack in the next slot. */
export function stores(values: readonly (readonly number[])[]): number[] {
  return values.flatMap((code, slot) => [...code, ...push(slot + 1), 0x55])
}

export const BIG: bigint = (1n << 256n) - 5n
export const NEGATIVE: bigint = (1n << 255n) + 77n
const PAIRS: readonly (readonly [bigint, bigint])[] = [
  [7n, 3n],
  [3n, 7n],
  [BIG, 2n],
  [NEGATIVE, BIG],
  [5n, 0n],
  [0n, 5n],
]

/** Runs an instruction of two operands on each pair. */
export function binary(op: number): number[] {
  return stores(PAIRS.map(([a, b]) => [...push(b), ...push(a), op]))
}

export const memoryOf = (bytes: number[]): number[] =>
  bytes.flatMap((byte, at) => [...push(byte), ...push(at), 0x53])

export const call = (
  op: number,
  to: Uint8Array,
  options: { value?: number; gas?: number; input?: number; output?: number } = {},
): number[] => {
  const { value = 0, gas = 100_000, input = 32, output = 32 } = options
  const sendsValue = op === 0xf1 || op === 0xf2
  return [
    ...push(output),
    ...push(64),
    ...push(input),
    ...push(0),
    ...(sendsValue ? push(value) : []),
    0x73,
    ...to,
    ...push(gas),
    op,
  ]
}

export const precompile = (index: number, input: number[]): number[] => [
  ...memoryOf(input),
  ...stores([
    call(0xfa, uintToBytes(index, 20), { input: input.length, output: 64, gas: 500_000 }),
    [...push(64), 0x51],
    [...push(96), 0x51],
    [0x3d],
  ]),
]

/** Init code that returns the given code. */
export const deploys = (code: number[]): number[] => [
  ...code.flatMap((byte, at) => [...push(byte), ...push(at), 0x53]),
  ...push(code.length),
  ...push(0),
  0xf3,
]

export const create = (op: number, init: number[], salt = 5): number[] => [
  ...memoryOf(init),
  ...(op === 0xf5 ? push(salt) : []),
  ...push(init.length),
  ...push(0),
  ...push(3),
  op,
]

export const ALL: readonly string[] = ['Berlin', 'London', 'Shanghai', 'Cancun']
