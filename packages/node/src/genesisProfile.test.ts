import { generateValidatorKeys, schemeOf, verifyPossession } from '@openliquid/crypto'
import { genesisHash, genesisValidatorSet, hexToBytes, parseGenesis } from '@openliquid/primitives'
import { mnemonicToAccount } from 'viem/accounts'
import { expect, test } from 'vitest'
import { DEV_ACCOUNTS, DEV_MNEMONIC } from './devAccounts.ts'
import { devGenesis } from './genesisProfile.ts'
import { devValidator } from './localNetwork.ts'

function genesis(count: number) {
  const validators = Array.from({ length: count }, (_, i) =>
    devValidator(generateValidatorKeys({ scheme: 'bls', entropy: new Uint8Array(32).fill(i + 1) })),
  )
  return devGenesis({ genesisTimeMs: 1_700_000_000_000, validators })
}

test('the development accounts are those of the mnemonic', () => {
  for (const [addressIndex, { address, privateKey }] of DEV_ACCOUNTS.entries()) {
    const account = mnemonicToAccount(DEV_MNEMONIC, { addressIndex })
    expect(account.address.toLowerCase()).toBe(address)
    expect(Buffer.from(account.getHdKey().privateKey ?? []).toString('hex')).toBe(
      privateKey.slice(2),
    )
  }
})

test('is a genesis that parses to itself', () => {
  const made = genesis(4)
  const parsed = parseGenesis(JSON.parse(JSON.stringify(made)))
  expect(parsed).toEqual(made)
  expect(genesisHash(parsed)).toEqual(genesisHash(made))
  expect(genesisValidatorSet(parsed).validators).toHaveLength(4)
})

test('proves possession of both keys of each validator', () => {
  const { chainId, validators } = genesis(1)
  for (const { voteKey, nodeKey, address, proofs } of validators) {
    const claim = {
      chainId,
      voteKey: hexToBytes(voteKey),
      nodeKey: hexToBytes(nodeKey),
      address: hexToBytes(address),
      proofs: { voteKey: hexToBytes(proofs.voteKey), nodeKey: hexToBytes(proofs.nodeKey) },
    }
    expect(verifyPossession(schemeOf('bls'), claim)).toBe(true)
  }
})

test('funds ten accounts and has the markets that clients expect', () => {
  const { core, evm, chainId } = genesis(1)
  expect(chainId).toBe(1_998)
  expect(Object.keys(evm.alloc)).toHaveLength(10)
  expect(core.balances).toHaveLength(10)
  expect(core.tokens.map(({ name }) => name)).toEqual(['USDC', 'PURR', 'HYPE'])
  expect(core.spotPairs.map(({ base, quote }) => [base, quote])).toEqual([
    [1, 0],
    [2, 0],
  ])
  expect(core.perps.map(({ name }) => name)).toEqual(['BTC', 'ETH', 'HYPE'])
})
