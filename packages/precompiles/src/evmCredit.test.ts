import {
  keccak256,
  NATIVE_SYSTEM_ADDRESS,
  tokenSystemAddress,
  uintToBytes,
  utf8ToBytes,
} from '@openliquid/primitives'
import { describe, expect, test } from 'vitest'
import { EvmLinks, RECEIVED_TOPIC, TRANSFER_TOPIC, tokenTransferData } from './evmCredit.ts'

const user = new Uint8Array(20).fill(0xab)
const contract = new Uint8Array(20).fill(0xcd)
const purr = tokenSystemAddress(1)
const word = (value: bigint | number): Uint8Array => uintToBytes(value, 32)
const topicOf = (address: Uint8Array): Uint8Array =>
  Uint8Array.of(...new Uint8Array(12), ...address)

const links = new EvmLinks([
  { token: 1, systemAddress: purr, contract, evmExtraWeiDecimals: 13 },
  { token: 2, systemAddress: NATIVE_SYSTEM_ADDRESS, evmExtraWeiDecimals: 10 },
])
const received = {
  address: NATIVE_SYSTEM_ADDRESS,
  topics: [RECEIVED_TOPIC, topicOf(user)],
  data: word(5),
}
const transferred = {
  address: contract,
  topics: [TRANSFER_TOPIC, topicOf(user), topicOf(purr)],
  data: word(6),
}

test('the topics and the selector are the hashes of their signatures', () => {
  const hash = (text: string): Uint8Array => keccak256(utf8ToBytes(text))
  expect(RECEIVED_TOPIC).toEqual(hash('Received(address,uint256)'))
  expect(TRANSFER_TOPIC).toEqual(hash('Transfer(address,address,uint256)'))
  const selector = hash('transfer(address,uint256)').slice(0, 4)
  expect(tokenTransferData(user, 7n)).toEqual(
    Uint8Array.of(...selector, ...topicOf(user), ...word(7)),
  )
})

test('the system address of token 200 ends in c8', () => {
  expect([...tokenSystemAddress(200)]).toEqual([0x20, ...new Array(18).fill(0), 0xc8])
})

test('value that the native system address received', () => {
  expect(links.decode(received)).toEqual({ user, token: 2, amount: 5n })
})

test('a linked token that went to its system address', () => {
  expect(links.decode(transferred)).toEqual({ user, token: 1, amount: 6n })
})

describe('is no credit', () => {
  const zero = new Uint8Array(20)
  test.each([
    ['from another contract', { ...transferred, address: user }],
    [
      'to another address',
      { ...transferred, topics: [TRANSFER_TOPIC, topicOf(user), topicOf(user)] },
    ],
    ['a mint', { ...transferred, topics: [TRANSFER_TOPIC, topicOf(zero), topicOf(purr)] }],
    [
      'from the system address',
      { ...transferred, topics: [TRANSFER_TOPIC, topicOf(purr), topicOf(purr)] },
    ],
    ['with an unindexed value missing', { ...transferred, data: new Uint8Array(0) }],
    ['with more data', { ...transferred, data: new Uint8Array(64) }],
    ['of an ERC-721', { ...transferred, topics: [...transferred.topics, word(1)] }],
    [
      'with a dirty sender',
      { ...transferred, topics: [TRANSFER_TOPIC, word(1n << 160n), topicOf(purr)] },
    ],
    [
      'a Transfer from the native system address',
      { ...transferred, address: NATIVE_SYSTEM_ADDRESS },
    ],
    ['a Received of a linked contract', { ...received, address: contract }],
    ['without topics', { ...received, topics: [] }],
  ])('%s', (_what, log) => {
    expect(links.decode(log)).toBeUndefined()
  })
})
