import { expect, test } from 'vitest'
import { Admission, subnetOf } from './admission.ts'
import {
  FOLLOWERS_INBOUND_MAX,
  FOLLOWERS_PER_ADDRESS_MAX,
  FOLLOWERS_PER_SUBNET_MAX,
} from './limits.ts'

const admission = (changes: Partial<ConstructorParameters<typeof Admission>[0]> = {}): Admission =>
  new Admission({
    allowList: undefined,
    sameHost: false,
    isBanned: (peer) => peer === 'banned',
    isReserved: (peer) => peer.startsWith('validator'),
    ...changes,
  })

test('a ban holds for everybody', () => {
  expect(admission().denial('banned', undefined)).toBe('banned')
  expect(admission({ isBanned: () => true }).denial('validator 1', '1.2.3.4')).toBe('banned')
})

test('the allow-list admits who is on it and who is reserved', () => {
  const closed = admission({ allowList: new Set(['friend']) })
  expect(closed.denial('friend', '1.2.3.4')).toBeUndefined()
  expect(closed.denial('validator 1', '1.2.3.4')).toBeUndefined()
  expect(closed.denial('stranger', '1.2.3.4')).toBe('not allowed')
  expect(closed.denial('stranger', undefined)).toBe('not allowed')
})

test('followers of one address and one subnet are capped, validators there are not', () => {
  const caps = admission()
  for (let i = 0; i < FOLLOWERS_PER_ADDRESS_MAX; i++) {
    expect(caps.denial(`a${i}`, '1.2.3.4')).toBeUndefined()
    caps.onInbound({}, `a${i}`, '1.2.3.4')
  }
  expect(caps.denial('more', '1.2.3.4')).toBe('address')
  expect(caps.denial('a0', '1.2.3.4')).toBeUndefined()
  expect(caps.denial('validator 1', '1.2.3.4')).toBeUndefined()
  for (let i = FOLLOWERS_PER_ADDRESS_MAX; i < FOLLOWERS_PER_SUBNET_MAX; i++) {
    expect(caps.denial(`b${i}`, `1.2.3.${10 + i}`)).toBeUndefined()
    caps.onInbound({}, `b${i}`, `1.2.3.${10 + i}`)
  }
  expect(caps.denial('more', '1.2.3.99')).toBe('subnet')
  expect(caps.denial('more', '1.2.4.99')).toBeUndefined()
})

test('followers never take the places of validators, and leave room when they go', () => {
  const caps = admission()
  const connections = Array.from({ length: FOLLOWERS_INBOUND_MAX }, (_, i) => ({ i }))
  for (const [i, connection] of connections.entries()) {
    caps.onInbound(connection, `f${i}`, `10.0.${i}.1`)
  }
  expect(caps.denial('more', '11.0.0.1')).toBe('full')
  expect(caps.denial('validator 7', '11.0.0.1')).toBeUndefined()
  caps.onClosed(connections[0]!)
  expect(caps.denial('more', '11.0.0.1')).toBeUndefined()
})

test('many nodes behind one address are wanted on one host', () => {
  const local = admission({ sameHost: true })
  for (let i = 0; i < 100; i++) local.onInbound({}, `f${i}`, '127.0.0.1')
  expect(local.denial('more', '127.0.0.1')).toBeUndefined()
})

test.each([
  ['10.1.2.3', '10.1.2'],
  ['2001:db8:1:2::5', '2001:db8:1'],
  ['2001:db8::5', '2001:db8:0'],
  ['::1', '0:0:0'],
  ['2001:0db8:0001:0:0:0:0:1', '2001:db8:1'],
])('the subnet of %s is %s', (address, subnet) => {
  expect(subnetOf(address)).toBe(subnet)
})
