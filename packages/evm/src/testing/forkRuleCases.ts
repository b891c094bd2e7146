import { signDigest } from '@openliquid/crypto'
import { bytesToHex, concatBytes, keccak256, uintToBytes } from '@openliquid/primitives'
import { contractAddress } from '../contractAddress.ts'
import {
  ALL,
  BIG,
  CONTRACT,
  call,
  create,
  deploys,
  KEY,
  OTHER,
  precompile,
  push,
  SENDER,
  type StateCase,
  stores,
} from './stateCase.ts'

const NOBODY = uintToBytes(0x5557, 20)
const revert = [...push(0), ...push(0), 0xfd]
const balanceOf = (address: Uint8Array): number[] => [0x73, ...address, 0x31]
const word = (value: bigint | number): Uint8Array => uintToBytes(value, 32)
const digest = keccak256(Uint8Array.of(1))
const { r, s, v } = signDigest(KEY, digest)
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const FIELD = 21888242871839275222246405745257275088696311157297823662689037894645226208583n
const G1 = concatBytes(word(1), word(2))
const NEGATIVE_G1 = concatBytes(word(1), word(FIELD - 2n))
const G2 = concatBytes(
  word(0x198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2n),
  word(0x1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6edn),
  word(0x090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975bn),
  word(0x12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daan),
)
const modexp = (base: number, exponent: number, modulus: number): number[] => [
  ...concatBytes(word(base), word(exponent), word(modulus)),
  ...new Uint8Array(base).fill(7),
  ...new Uint8Array(exponent).fill(0xff),
  ...new Uint8Array(modulus).fill(0xfd),
]

/** One rule each: what a fork or an EIP says beyond what an instruction computes. */
export const FORK_RULE_CASES: readonly StateCase[] = [
  // Every operand of a family.
  {
    name: 'every push',
    code: stores(
      Array.from({ length: 32 }, (_, n) => [0x60 + n, ...new Uint8Array(n + 1).fill(n + 1)]),
    ),
  },
  {
    name: 'every dup',
    code: [
      ...Array.from({ length: 16 }, (_, n) => push(n + 1)).flat(),
      ...stores(Array.from({ length: 16 }, (_, n) => [0x80 + n])),
    ],
  },
  {
    name: 'every swap',
    code: [
      ...Array.from({ length: 17 }, (_, n) => push(n + 1)).flat(),
      ...stores(Array.from({ length: 16 }, (_, n) => [0x90 + n, 0x80])),
    ],
  },
  {
    name: 'past blocks',
    code: stores([0, 1, 14, 15, 16, 17].map((number) => [...push(number), 0x40])),
    forks: ALL,
  },
  // Gas of frames.
  {
    name: 'call with all the gas there is',
    other: [0x5b, ...push(0), 0x56],
    code: stores([call(0xf1, OTHER, { gas: 0xff_ffff_ffff })]),
    forks: ALL,
  },
  {
    name: 'storage of the caller',
    other: [...push(5), ...push(77), 0x55],
    code: stores([call(0xf4, OTHER)]),
    forks: ALL,
  },
  {
    name: 'gas that comes with value',
    other: [0x5a, ...push(0), 0x52, ...push(32), ...push(0), 0xa0],
    code: stores([call(0xf1, OTHER, { gas: 0, value: 1 }), call(0xf1, OTHER, { gas: 0 })]),
  },
  {
    name: 'storage with the last of the gas',
    other: [...push(0), ...push(1), 0x55],
    code: stores([call(0xf1, OTHER, { gas: 2_306 }), call(0xf1, OTHER, { gas: 2_307 })]),
    forks: ALL,
  },
  {
    name: 'a refund above a fifth',
    code: [...push(0), ...push(100), 0x55, ...push(0), ...push(101), 0x55],
    forks: ALL,
  },
  {
    name: 'warmth that a revert takes back',
    other: [...balanceOf(NOBODY), 0x50, ...push(9), 0x54, ...revert],
    code: stores([
      call(0xf4, OTHER),
      [0x5a],
      balanceOf(NOBODY),
      [0x5a],
      [...push(9), 0x54],
      [0x5a],
    ]),
    forks: ALL,
  },
  // What a static frame may not do.
  ...(
    [
      ['logs', [...push(0), ...push(0), 0xa0]],
      ['creates', create(0xf0, deploys([0x60, 0x01])).with(-2, 0)],
      ['creates with salt', create(0xf5, deploys([0x60, 0x01])).with(-2, 0)],
      ['destructs itself', [...push(0), 0xff]],
      ['sends value', call(0xf1, NOBODY, { value: 1 })],
      ['sends no value', call(0xf1, NOBODY)],
      ['sends value to itself', call(0xf2, NOBODY, { value: 1 })],
      ['writes transiently', [...push(1), ...push(1), 0x5d]],
      ['writes what is there', [...push(0), ...push(1), 0x55]],
    ] as const
  ).map(
    ([what, other]): StateCase => ({
      name: `static call that ${what}`,
      other: [...other, 0x00],
      code: stores([call(0xfa, OTHER), [0x5a]]),
    }),
  ),
  // What a revert takes back.
  {
    name: 'a log that a revert takes back',
    other: [...push(0), ...push(0), 0xa0, ...revert],
    code: [...push(1), ...push(0), 0xa0, ...call(0xf1, OTHER)],
  },
  {
    name: 'transient storage that a revert takes back',
    other: [...push(5), ...push(1), 0x5d, ...revert],
    code: stores([call(0xf4, OTHER), [...push(1), 0x5c]]),
  },
  {
    name: 'transient storage of another contract',
    other: [...push(5), ...push(1), 0x5d],
    code: stores([call(0xf1, OTHER), [...push(1), 0x5c], call(0xf4, OTHER), [...push(1), 0x5c]]),
  },
  // Creations.
  {
    name: 'code that its gas does not pay for',
    code: [],
    transaction: {
      to: undefined,
      data: Uint8Array.from([...push(200), ...push(0), 0xf3]),
      gasLimit: 80_000n,
    },
    forks: ALL,
  },
  {
    name: 'the longest code',
    code: stores([create(0xf0, [...push(24_576), ...push(0), 0xf3])]),
    transaction: { gasLimit: 10_000_000n },
  },
  {
    name: 'too long code',
    code: stores([create(0xf0, [...push(24_577), ...push(0), 0xf3])]),
    transaction: { gasLimit: 10_000_000n },
  },
  {
    name: 'creation at the last nonce',
    code: stores([create(0xf0, deploys([0x60, 0x01])), [0x5a]]),
    pre: { [bytesToHex(CONTRACT)]: { nonce: '0xffffffffffffffff' } },
  },
  {
    name: 'creation at the last but one nonce',
    code: stores([create(0xf0, deploys([0x60, 0x01])), create(0xf0, deploys([0x60, 0x01]))]),
    pre: { [bytesToHex(CONTRACT)]: { nonce: '0xfffffffffffffffe' } },
  },
  {
    name: 'creation where somebody was',
    code: stores([create(0xf0, deploys([0x60, 0x01])), [0x5a]]),
    pre: { [bytesToHex(contractAddress(CONTRACT, 1n))]: { nonce: '0x01' } },
  },
  {
    name: 'creation where there is storage',
    code: stores([create(0xf0, deploys([0x60, 0x01])), [0x5a]]),
    pre: { [bytesToHex(contractAddress(CONTRACT, 1n))]: { storage: { '0x1': '0x1' } } },
  },
  {
    name: 'creation where there is money',
    code: stores([create(0xf0, deploys([0x60, 0x01])), [0x5a]]),
    pre: { [bytesToHex(contractAddress(CONTRACT, 1n))]: { balance: '0x9' } },
  },
  {
    name: 'a byte of init code',
    code: stores([create(0xf0, [0x00]), [0x5a], create(0xf5, [0x00]), [0x5a]]),
    forks: ALL,
  },
  // Accounts that are empty, and ends of contracts.
  {
    name: 'touch of an empty account',
    code: stores([call(0xf1, NOBODY)]),
    pre: { [bytesToHex(NOBODY)]: {} },
    forks: ALL,
  },
  { name: 'selfdestruct to nobody', code: [0x73, ...NOBODY, 0xff], forks: ALL },
  {
    name: 'selfdestruct to nobody, without money',
    code: [0x73, ...NOBODY, 0xff],
    pre: { [bytesToHex(CONTRACT)]: { balance: '0x00' } },
    forks: ALL,
  },
  { name: 'selfdestruct to itself', code: [0x30, 0xff], forks: ALL },
  {
    name: 'selfdestruct of what was just made, to another',
    code: create(0xf0, [0x73, ...OTHER, 0xff]),
    forks: ALL,
  },
  {
    name: 'selfdestruct that a revert takes back',
    other: [...call(0xf1, CONTRACT, { gas: 50_000 }), 0x50, ...revert],
    // Called from outside it calls the other one, called by that one it ends itself.
    code: [0x73, ...OTHER, 0x33, 0x14, ...push(77), 0x57, ...call(0xf1, OTHER)]
      .concat(new Array(77).fill(0))
      .slice(0, 77)
      .concat([0x5b, 0x73, ...OTHER, 0xff]),
    forks: ALL,
  },
  // Precompiles.
  {
    name: 'ecrecover of a signature',
    code: precompile(1, [...digest, ...word(v), ...r, ...s]),
  },
  {
    name: 'ecrecover of a signature with a high s',
    code: precompile(1, [...digest, ...word(55 - v), ...r, ...word(ORDER - BigInt(bytesToHex(s)))]),
  },
  {
    name: 'ecrecover with a wrong v',
    code: precompile(1, [...digest, ...word(29), ...r, ...s]),
  },
  { name: 'modexp of long numbers', code: precompile(5, modexp(40, 34, 40)), forks: ALL },
  { name: 'modexp of an even modulus', code: precompile(5, modexp(8, 3, 6).with(-1, 0)) },
  { name: 'modexp of nothing', code: precompile(5, modexp(0, 0, 0)) },
  {
    name: 'bn254 pairing of opposites',
    code: precompile(8, [...G1, ...G2, ...NEGATIVE_G1, ...G2]),
  },
  { name: 'bn254 pairing of one', code: precompile(8, [...G1, ...G2]) },
  {
    name: 'bn254 pairing off the curve',
    code: precompile(8, [...G1, ...G2.subarray(0, 96), ...word(5)]),
  },
  { name: 'bn254 pairing of a wrong length', code: precompile(8, [...G1]) },
  { name: 'bn254 add of a large coordinate', code: precompile(6, [...word(BIG), ...word(2)]) },
  // Transactions.
  {
    name: 'sender with code',
    code: [],
    pre: { [bytesToHex(SENDER)]: { code: '0x00' } },
    forks: ALL,
  },
  {
    name: 'nonce too low',
    code: [],
    pre: { [bytesToHex(SENDER)]: { nonce: '0x01' } },
    forks: ALL,
  },
  {
    name: 'more gas than a block has',
    code: [],
    transaction: { gasLimit: 30_000_001n },
    forks: ALL,
  },
  {
    name: 'data of zeros and others',
    code: [],
    transaction: { data: Uint8Array.from([0, 0, 0, 1, 2, 255]) },
    forks: ALL,
  },
]
