import { uintToBytes } from '@openliquid/primitives'
import { ALL, CONTRACT, deploys, OTHER, push, type StateCase, stores } from './stateCase.ts'

/** Types of transactions, and what cannot be part of a block. */
export const TRANSACTION_CASES: readonly StateCase[] = [
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
