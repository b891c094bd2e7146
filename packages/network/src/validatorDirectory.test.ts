import type { ValidatorSet } from '@openliquid/primitives'
import { expect, test } from 'vitest'
import { ValidatorDirectory } from './validatorDirectory.ts'

function setOf(...stakes: bigint[]): ValidatorSet {
  const validators = stakes.map((stake, index) => ({
    index,
    address: new Uint8Array(20).fill(index),
    stake,
    voteKey: new Uint8Array(48),
    nodeKey: new Uint8Array(32).fill(index),
  }))
  return { epoch: 1n, validators, totalStake: stakes.reduce((sum, stake) => sum + stake, 0n) }
}

const directory = new ValidatorDirectory((nodeKey) => `peer ${nodeKey[0]}`)

test('finds validators by peer, index and address', () => {
  directory.replace(setOf(1n, 2n))
  expect(directory.peers).toEqual(['peer 0', 'peer 1'])
  expect(directory.indexOf('peer 1')).toBe(1)
  expect(directory.indexOf('peer 2')).toBeUndefined()
  expect(directory.peerOf(2)).toBeUndefined()
  expect(directory.indexOfAddress(new Uint8Array(20).fill(1))).toBe(1)
  expect(directory.indexOfAddress(new Uint8Array(20).fill(9))).toBeUndefined()
})

test('a new set replaces the old one', () => {
  directory.replace(setOf(1n, 2n, 3n))
  directory.replace(setOf(5n))
  expect(directory.indexOf('peer 2')).toBeUndefined()
  expect(directory.totalStake).toBe(5n)
})

test('a quorum is strictly more than two thirds of the stake', () => {
  directory.replace(setOf(1n, 1n, 1n))
  expect(directory.isQuorum(2n)).toBe(false)
  expect(directory.isQuorum(3n)).toBe(true)
  directory.replace(setOf(67n, 33n))
  expect(directory.isQuorum(directory.stakeOf((peer) => peer === 'peer 0'))).toBe(true)
  expect(directory.isQuorum(directory.stakeOf((peer) => peer === 'peer 1'))).toBe(false)
})

test('without a set there is no quorum', () => {
  expect(new ValidatorDirectory(String).isQuorum(0n)).toBe(false)
})
