import { blsScheme, ed25519Scheme } from '@openliquid/crypto'
import type { ValidatorSet } from '@openliquid/primitives'
import { sampleGenesis } from '@openliquid/primitives/testing'
import { expect, test } from 'vitest'
import { validatorIdentity } from './validatorIdentity.ts'

const nodeSecret = new Uint8Array(32).fill(1)
const voteSecret = new Uint8Array(32).fill(2)

/** A set whose only member has our vote key and the node key of that secret. */
function setWith(memberNodeSecret: Uint8Array): ValidatorSet {
  const member = {
    index: 3,
    address: new Uint8Array(20),
    stake: 1n,
    voteKey: blsScheme.publicKeyOf(voteSecret),
    nodeKey: ed25519Scheme.publicKeyOf(memberNodeSecret),
  }
  return { epoch: 1n, validators: [member], totalStake: 1n }
}

const identityIn = (set: ValidatorSet, secrets: Parameters<typeof validatorIdentity>[0]) =>
  validatorIdentity(secrets, sampleGenesis(), set, 'node.key')

test('a node with both keys of a member signs as that member', () => {
  const self = identityIn(setWith(nodeSecret), { nodeSecret, voteSecret })
  expect(self).toEqual({ index: 3, voteSecretKey: voteSecret, nodeSecretKey: nodeSecret })
})

test('a vote key that is in no set yet waits without an index; no vote key, no identity', () => {
  const empty = { epoch: 1n, validators: [], totalStake: 0n }
  const self = identityIn(empty, { nodeSecret, voteSecret })
  expect(self).toEqual({ voteSecretKey: voteSecret, nodeSecretKey: nodeSecret })
  expect(identityIn(setWith(nodeSecret), { nodeSecret })).toBeUndefined()
})

test('a node key of another validator beside the vote key is refused', () => {
  const set = setWith(new Uint8Array(32).fill(9))
  expect(() => identityIn(set, { nodeSecret, voteSecret })).toThrow(
    expect.objectContaining({ code: 'OL_NODE_KEYS' }),
  )
})
