import { createBlock } from '@ethereumjs/block'
import { createCustomCommon, Mainnet } from '@ethereumjs/common'
import type { EVMMockBlockchainInterface } from '@ethereumjs/evm'
import { createTx } from '@ethereumjs/tx'
import { Account, Address } from '@ethereumjs/util'
import { createVM, runTx } from '@ethereumjs/vm'
import { addressOf } from '@openliquid/crypto'
import { bytesToHex, keccak256, uintToBytes } from '@openliquid/primitives'
import { encodeRlp } from '../rlp.ts'
import { TEST_SECRET_KEYS } from './signTransaction.ts'

/** One case: code, and the transaction that runs it. */
export interface StateCase {
  readonly name: string
  readonly code: readonly number[]
  readonly forks?: readonly string[]
  readonly other?: readonly number[]
  readonly transaction?: Record<string, unknown>
}

const CONTRACT = uintToBytes(0xc0de, 20)
/** Another contract that cases call. */
const OTHER = uintToBytes(0x07e4, 20)
const COINBASE = uintToBytes(0xbeef, 20)
const KEY = TEST_SECRET_KEYS[0] as Uint8Array
const SENDER = addressOf(KEY)
const FORK_NAMES: Record<string, string> = {
  Berlin: 'berlin',
  London: 'london',
  Shanghai: 'shanghai',
  Cancun: 'cancun',
}

const ENV = {
  currentCoinbase: bytesToHex(COINBASE),
  currentGasLimit: '0x1c9c380',
  currentNumber: '0x10',
  currentTimestamp: '0x3e8',
  currentRandom: `0x${'12'.repeat(32)}`,
  currentBaseFee: '0xa',
}

/** Hashes of past blocks as the format defines them: of the number's decimal digits. */
const BLOCKS: EVMMockBlockchainInterface = {
  getBlock: async (number) => ({ hash: () => keccak256(new TextEncoder().encode(`${number}`)) }),
  putBlock: async () => {},
  shallowCopy: () => BLOCKS,
}

/** Pushes a value. */
export function push(value: bigint | number): number[] {
  const hex = value.toString(16)
  const bytes = hex.padStart(hex.length + (hex.length % 2), '0').match(/../g) ?? []
  return [0x5f + bytes.length, ...bytes.map((byte) => Number.parseInt(byte, 16))]
}

/** Stores the top of the stack in the next slot. */
function stores(values: readonly (readonly number[])[]): number[] {
  return values.flatMap((code, slot) => [...code, ...push(slot + 1), 0x55])
}

const BIG = (1n << 256n) - 5n
const NEGATIVE = (1n << 255n) + 77n
const PAIRS = [
  [7n, 3n],
  [3n, 7n],
  [BIG, 2n],
  [NEGATIVE, BIG],
  [5n, 0n],
  [0n, 5n],
] as const

/** Runs an instruction of two operands on each pair. */
function binary(op: number): number[] {
  return stores(PAIRS.map(([a, b]) => [...push(b), ...push(a), op]))
}

const memoryOf = (bytes: number[]): number[] =>
  bytes.flatMap((byte, at) => [...push(byte), ...push(at), 0x53])

const call = (
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

const precompile = (index: number, input: number[]): number[] => [
  ...memoryOf(input),
  ...stores([
    call(0xfa, uintToBytes(index, 20), { input: input.length, output: 64, gas: 500_000 }),
    [...push(64), 0x51],
    [...push(96), 0x51],
    [0x3d],
  ]),
]

/** Init code that returns the given code. */
const deploys = (code: number[]): number[] => [
  ...code.flatMap((byte, at) => [...push(byte), ...push(at), 0x53]),
  ...push(code.length),
  ...push(0),
  0xf3,
]

const create = (op: number, init: number[], salt = 5): number[] => [
  ...memoryOf(init),
  ...(op === 0xf5 ? push(salt) : []),
  ...push(init.length),
  ...push(0),
  ...push(3),
  op,
]

const ALL = ['Berlin', 'London', 'Shanghai', 'Cancun']

/** Cases of every group of instructions, of transaction types, and of what differs between forks. */
export const STATE_CASES: readonly StateCase[] = [
  ...[
    ['add', 0x01],
    ['mul', 0x02],
    ['sub', 0x03],
    ['div', 0x04],
    ['sdiv', 0x05],
    ['mod', 0x06],
    ['smod', 0x07],
    ['signextend', 0x0b],
    ['lt', 0x10],
    ['gt', 0x11],
    ['slt', 0x12],
    ['sgt', 0x13],
    ['eq', 0x14],
    ['and', 0x16],
    ['or', 0x17],
    ['xor', 0x18],
    ['byte', 0x1a],
    ['shl', 0x1b],
    ['shr', 0x1c],
    ['sar', 0x1d],
  ].map(([name, op]): StateCase => ({ name: `${name}`, code: binary(op as number) })),
  {
    name: 'exp',
    code: stores(
      [
        [3n, 200n],
        [0n, 0n],
        [BIG, 3n],
        [2n, 256n],
        [2n, 255n],
      ].map(([a, b]) => [...push(b as bigint), ...push(a as bigint), 0x0a]),
    ),
  },
  {
    name: 'addmod mulmod',
    code: stores(
      [
        [0x08, 7n],
        [0x09, 7n],
        [0x08, 0n],
        [0x09, BIG],
      ].map(([op, m]) => [...push(m as bigint), ...push(BIG), ...push(NEGATIVE), op as number]),
    ),
  },
  {
    name: 'iszero not',
    code: stores([
      [...push(0), 0x15],
      [...push(9), 0x15],
      [...push(9), 0x19],
    ]),
  },
  {
    name: 'keccak256',
    code: stores([
      [...push(0), ...push(0), 0x20],
      [...push(100), ...push(3), 0x20],
    ]),
  },
  {
    name: 'environment',
    code: stores([
      [0x30],
      [...push(0), 0x31],
      [0x30, 0x31],
      [0x32],
      [0x33],
      [0x34],
      [0x36],
      [0x38],
      [0x3a],
      [0x47],
      [...push(3), 0x35],
      [...push(1_000), 0x35],
    ]),
    transaction: { value: 9n, data: uintToBytes(0x0102030405060708n, 20) },
  },
  {
    name: 'code and data copies',
    code: [
      ...push(40),
      ...push(2),
      ...push(1),
      0x37,
      ...push(40),
      ...push(5),
      ...push(50),
      0x39,
      ...push(20),
      ...push(0),
      ...push(90),
      0x73,
      ...OTHER,
      0x3c,
      ...stores([
        [...push(0), 0x51],
        [...push(32), 0x51],
        [...push(64), 0x51],
        [...push(96), 0x51],
        [0x59],
        [0x73, ...OTHER, 0x3b],
        [0x73, ...OTHER, 0x3f],
        [...push(0x1234), 0x3f],
      ]),
    ],
    transaction: { data: uintToBytes(0xffff0000ffffn, 30) },
  },
  {
    name: 'block',
    code: stores([
      [0x41],
      [0x42],
      [0x43],
      [0x44],
      [0x45],
      [0x46],
      [0x48],
      [...push(0x10), 0x40],
      [...push(0x11), 0x40],
    ]),
    forks: ['London', 'Shanghai', 'Cancun'],
  },
  { name: 'blobs', code: stores([[0x4a], [...push(0), 0x49]]), forks: ['Cancun', 'Shanghai'] },
  {
    name: 'memory',
    code: [
      ...push(BIG),
      ...push(70),
      0x52,
      ...push(0xabcd),
      ...push(5),
      0x53,
      ...stores([[...push(64), 0x51], [...push(0), 0x51], [...push(1_000), 0x51], [0x59]]),
    ],
  },
  { name: 'memory beyond its price', code: [...push(1), ...push(1n << 60n), 0x52] },
  {
    name: 'storage',
    code: [
      ...push(7),
      ...push(1),
      0x55,
      ...push(0),
      ...push(1),
      0x55,
      ...push(0),
      ...push(100),
      0x55,
      ...push(5),
      ...push(101),
      0x55,
      ...push(101),
      0x54,
      ...push(2),
      0x55,
      ...push(100),
      0x54,
      ...push(3),
      0x55,
    ],
    forks: ALL,
  },
  {
    name: 'storage back and forth',
    code: [
      ...[0, 9, 8, 9, 0, 100].flatMap((value) => [...push(value), ...push(100), 0x55]),
      ...[3, 0, 4, 0].flatMap((value) => [...push(value), ...push(7), 0x55]),
    ],
    forks: ALL,
  },
  {
    name: 'storage with little gas',
    code: [...push(7), ...push(1), 0x55],
    transaction: { gasLimit: 23_400n },
  },
  {
    name: 'flow',
    code: [
      ...push(5),
      ...push(1),
      ...push(9),
      0x57,
      0xfe,
      0x00,
      0x00,
      0x00,
      0x5b,
      ...stores([[0x58], [0x5a]]),
      0x00,
    ],
  },
  { name: 'jump to no destination', code: [...push(3), 0x56, 0x5b] },
  { name: 'jump into push data', code: [...push(4), 0x56, 0x60, 0x5b] },
  {
    name: 'push dup swap',
    code: [
      ...Array.from({ length: 17 }, (_, n) => push(n + 1)).flat(),
      0x8f,
      0x9f,
      0x80,
      0x90,
      ...push(BIG),
      ...stores([[], [], [], []].map(() => [])),
    ],
  },
  { name: 'push past the end', code: [...push(1), ...push(2), 0x55, 0x7f, 0x11] },
  { name: 'stack overflow', code: [0x5b, ...push(1), ...push(0), 0x56] },
  { name: 'stack underflow', code: [...push(1), 0x01] },
  {
    name: 'log',
    code: [
      ...memoryOf([1, 2, 3, 4]),
      ...[0, 1, 2, 3, 4].flatMap((topics) => [
        ...Array.from({ length: topics }, (_, n) => push(n + 10)).flat(),
        ...push(topics * 9),
        ...push(0),
        0xa0 + topics,
      ]),
    ],
  },
  { name: 'return', code: [...push(1), ...push(1), 0x55, ...push(64), ...push(0), 0xf3] },
  { name: 'revert', code: [...push(1), ...push(1), 0x55, ...push(64), ...push(0), 0xfd] },
  { name: 'invalid', code: [...push(1), ...push(1), 0x55, 0xfe] },
  { name: 'no instruction', code: [0x0c] },
  ...[
    ['call', 0xf1],
    ['callcode', 0xf2],
    ['delegatecall', 0xf4],
    ['staticcall', 0xfa],
  ].map(
    ([name, op]): StateCase => ({
      name: `${name}`,
      other: [
        0x33,
        ...push(0),
        0x52,
        0x34,
        ...push(32),
        0x52,
        ...(op === 0xfa ? [] : [...push(5), ...push(77), 0x55]),
        ...push(64),
        ...push(0),
        0xf3,
      ],
      code: stores([
        call(op as number, OTHER, { value: 2, output: 64 }),
        [...push(64), 0x51],
        [...push(96), 0x51],
        [0x3d],
        [0x5a],
      ]),
    }),
  ),
  {
    name: 'call of nobody with value',
    code: stores([
      call(0xf1, uintToBytes(0x5555, 20), { value: 1 }),
      call(0xf1, uintToBytes(0x5556, 20)),
    ]),
    forks: ALL,
  },
  {
    name: 'call with more value than there is',
    code: stores([call(0xf1, OTHER, { value: 1_000_000 }), [0x3d]]),
  },
  {
    name: 'call that reverts',
    other: [...push(9), ...push(1), 0x55, ...push(32), ...push(0), 0xfd],
    code: stores([call(0xf1, OTHER), [0x3d], [...push(64), 0x51]]),
  },
  {
    name: 'call without gas',
    other: [0x5b, ...push(0), 0x56],
    code: stores([call(0xf1, OTHER, { gas: 5_000 }), [0x5a]]),
  },
  {
    name: 'static call that writes',
    other: [...push(9), ...push(1), 0x55],
    code: stores([call(0xfa, OTHER), [0x3d]]),
  },
  {
    name: 'return data copy',
    other: [...push(BIG), ...push(0), 0x52, ...push(40), ...push(0), 0xf3],
    code: [
      ...call(0xf1, OTHER, { output: 0 }),
      0x50,
      ...push(30),
      ...push(8),
      ...push(0),
      0x3e,
      ...stores([[...push(0), 0x51]]),
    ],
  },
  {
    name: 'return data copy past its end',
    other: [0x00],
    code: [...call(0xf1, OTHER), ...push(1), ...push(0), ...push(0), 0x3e],
  },
  { name: 'create', code: stores([create(0xf0, deploys([0x60, 0x01])), [0x3d]]), forks: ALL },
  {
    name: 'create2 twice',
    code: stores([
      create(0xf5, deploys([0x60, 0x01])),
      create(0xf5, deploys([0x60, 0x01])),
      [0x3d],
    ]),
    forks: ALL,
  },
  {
    name: 'create that reverts',
    code: stores([create(0xf0, [...push(32), ...push(0), 0xfd]), [0x3d]]),
  },
  {
    name: 'create of reserved code',
    code: stores([create(0xf0, deploys([0xef, 0x01]))]),
    forks: ALL,
  },
  {
    name: 'create with too long init code',
    code: [...push(50_000), ...push(0), ...push(0), 0xf0, ...push(1), 0x55],
    forks: ALL,
  },
  { name: 'selfdestruct', code: [0x73, ...OTHER, 0xff], forks: ALL },
  { name: 'selfdestruct of what was just made', code: create(0xf0, [0x30, 0xff]), forks: ALL },
  {
    name: 'transient storage',
    code: [
      ...push(6),
      ...push(1),
      0x5d,
      ...stores([
        [...push(1), 0x5c],
        [...push(2), 0x5c],
      ]),
    ],
    forks: ALL,
  },
  { name: 'push0', code: [0x5f, 0x5f, 0x55, ...push(1), 0x5f, 0x55], forks: ALL },
  {
    name: 'mcopy',
    code: [
      ...memoryOf([1, 2, 3, 4, 5]),
      ...push(5),
      ...push(0),
      ...push(2),
      0x5e,
      ...push(32),
      ...push(0),
      ...push(700),
      0x5e,
      ...stores([[...push(0), 0x51], [0x59]]),
    ],
    forks: ALL,
  },
  { name: 'warm coinbase', code: stores([[0x5a], [0x41, 0x31], [0x5a]]), forks: ALL },
  {
    name: 'ecrecover',
    code: precompile(1, [
      ...keccak256(Uint8Array.of(1)),
      ...uintToBytes(28, 32),
      ...uintToBytes(7, 32),
      ...uintToBytes(9, 32),
    ]),
  },
  { name: 'sha256', code: precompile(2, [1, 2, 3]) },
  { name: 'ripemd160', code: precompile(3, [1, 2, 3]) },
  { name: 'identity', code: precompile(4, [1, 2, 3]) },
  {
    name: 'modexp',
    code: precompile(5, [
      ...uintToBytes(1, 32),
      ...uintToBytes(1, 32),
      ...uintToBytes(1, 32),
      7,
      5,
      13,
    ]),
  },
  {
    name: 'bn254 add',
    code: precompile(6, [
      ...uintToBytes(1, 32),
      ...uintToBytes(2, 32),
      ...uintToBytes(1, 32),
      ...uintToBytes(2, 32),
    ]),
  },
  {
    name: 'bn254 mul',
    code: precompile(7, [...uintToBytes(1, 32), ...uintToBytes(2, 32), ...uintToBytes(BIG, 32)]),
  },
  {
    name: 'bn254 off the curve',
    code: precompile(7, [...uintToBytes(1, 32), ...uintToBytes(3, 32), ...uintToBytes(3, 32)]),
  },
  { name: 'bn254 pairing of nothing', code: precompile(8, []) },
  {
    name: 'blake2f',
    code: precompile(9, [0, 0, 0, 3, ...Array.from({ length: 208 }, (_, n) => n), 1]),
  },
  { name: 'blake2f of a wrong length', code: precompile(9, [1, 2, 3]) },
  {
    name: 'transfer',
    code: [],
    transaction: { to: uintToBytes(0xabcdef, 20), value: 5n },
    forks: ALL,
  },
  {
    name: 'creation',
    code: [],
    transaction: { to: undefined, data: Uint8Array.from(deploys([0x60, 0x02, 0x54])), value: 3n },
    forks: ALL,
  },
  {
    name: 'creation that fails',
    code: [],
    transaction: { to: undefined, data: Uint8Array.of(0xfe) },
    forks: ALL,
  },
  {
    name: 'type 1 with access list',
    code: stores([[...push(100), 0x54], [0x73, ...OTHER, 0x31], [0x5a]]),
    transaction: {
      type: 1,
      accessList: [
        [CONTRACT, [uintToBytes(100, 32)]],
        [OTHER, []],
      ],
    },
    forks: ALL,
  },
  {
    name: 'type 2 with a tip',
    code: stores([[0x3a], [0x48]]),
    transaction: { type: 2, maxFeePerGas: 100n, maxPriorityFeePerGas: 3n },
    forks: ['London', 'Shanghai', 'Cancun'],
  },
  { name: 'nonce too high', code: [], transaction: { nonce: 3n }, forks: ALL },
  { name: 'too little gas to begin', code: [], transaction: { gasLimit: 20_000n }, forks: ALL },
  {
    name: 'price below the base fee',
    code: [],
    transaction: { gasPrice: 1n },
    forks: ['London', 'Cancun'],
  },
  { name: 'too poor', code: [], transaction: { value: 10n ** 30n }, forks: ALL },
]

/** The file of the cases: what ethereumjs with its own state manager makes of them. */
export async function makeStateTests(
  cases: readonly StateCase[],
): Promise<Record<string, unknown>> {
  const file: Record<string, unknown> = {}
  for (const one of cases) {
    const post: Record<string, unknown> = {}
    for (const fork of one.forks ?? ['Cancun'])
      post[fork] = [await runStock(one, FORK_NAMES[fork] as string)]
    file[one.name] = { env: ENV, pre: preOf(one), post }
  }
  return file
}

function preOf({ code, other = [] }: StateCase): Record<string, unknown> {
  return {
    [bytesToHex(SENDER)]: { nonce: '0x00', balance: '0xde0b6b3a7640000', code: '0x', storage: {} },
    [bytesToHex(CONTRACT)]: {
      nonce: '0x01',
      balance: '0x64',
      code: bytesToHex(Uint8Array.from(code)),
      storage: { '0x64': '0x64', '0x65': '0x05' },
    },
    [bytesToHex(OTHER)]: {
      nonce: '0x01',
      balance: '0x01',
      code: bytesToHex(Uint8Array.from(other)),
      storage: {},
    },
  }
}

async function runStock(one: StateCase, hardfork: string): Promise<Record<string, unknown>> {
  const common = createCustomCommon({ chainId: 1 }, Mainnet, { hardfork })
  const vm = await createVM({ common, blockchain: BLOCKS })
  const pre = preOf(one) as Record<
    string,
    { nonce: string; balance: string; code: `0x${string}`; storage: Record<string, string> }
  >
  for (const [text, account] of Object.entries(pre)) {
    const address = new Address(Uint8Array.from(Buffer.from(text.slice(2), 'hex')))
    await vm.stateManager.putAccount(
      address,
      new Account(BigInt(account.nonce), BigInt(account.balance)),
    )
    await vm.stateManager.putCode(
      address,
      Uint8Array.from(Buffer.from(account.code.slice(2), 'hex')),
    )
    for (const [slot, value] of Object.entries(account.storage)) {
      await vm.stateManager.putStorage(
        address,
        uintToBytes(BigInt(slot), 32),
        Uint8Array.of(Number(value)),
      )
    }
  }
  const has1559 = common.isActivatedEIP(1559)
  const block = createBlock(
    {
      header: {
        number: 16n,
        timestamp: 1_000n,
        gasLimit: 30_000_000n,
        coinbase: new Address(COINBASE),
        mixHash: Uint8Array.from(Buffer.from(ENV.currentRandom.slice(2), 'hex')),
        ...(has1559 ? { baseFeePerGas: 10n } : {}),
      },
    },
    { common, skipConsensusFormatValidation: true },
  )
  const type = one.transaction?.['type'] ?? 0
  const unsigned = createTx(
    {
      nonce: 0n,
      gasLimit: 2_000_000n,
      to: new Address(CONTRACT),
      value: 0n,
      ...(type === 2 ? {} : { gasPrice: 20n }),
      ...(type === 0 ? {} : { chainId: 1n }),
      ...one.transaction,
      ...(one.transaction !== undefined && 'to' in one.transaction
        ? {
            to:
              one.transaction['to'] === undefined
                ? undefined
                : new Address(one.transaction['to'] as Uint8Array),
          }
        : {}),
    } as never,
    { common, allowUnlimitedInitCodeSize: true, freeze: false },
  )
  const tx = unsigned.sign(KEY)
  const txbytes = bytesToHex(tx.serialize())
  let logs: readonly (readonly [Uint8Array, Uint8Array[], Uint8Array])[] = []
  let exception = {}
  try {
    const result = await runTx(vm, { tx, block })
    logs = (result.execResult.exceptionError === undefined ? result.execResult.logs : []) ?? []
  } catch (error) {
    exception = { expectException: String((error as Error).message).slice(0, 30) }
  }
  const hash = bytesToHex(await vm.stateManager.getStateRoot())
  return {
    hash,
    logs: bytesToHex(keccak256(encodeRlp(logs.map((log) => [...log])))),
    txbytes,
    indexes: { data: 0, gas: 0, value: 0 },
    ...exception,
  }
}
