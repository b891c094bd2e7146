import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { blockCodec, validatorSetCodec } from '../codec/codecs.ts'
import { bytesToHex } from '../codec/hex.ts'
import { payloadRoot, validatorSetHash } from '../codec/identity.ts'
import { sampleGenesis } from '../testing/sampleGenesis.ts'
import { DecodeError } from '../types/errors.ts'
import { VALIDATORS_MAX } from '../types/limits.ts'
import { epochGenesisQC, genesisBlock, genesisHash, genesisValidatorSet } from './genesis.ts'
import { parseGenesis } from './parseGenesis.ts'

type Json = Record<string, unknown>

/** A genesis as JSON with one value replaced at a dotted path; `undefined` removes it. */
function withValue(path: string, value: unknown, genesis: unknown = sampleGenesis()): unknown {
  const copy = JSON.parse(JSON.stringify(genesis)) as Json
  const keys = path.split('.')
  const last = keys.pop()!
  const parent = keys.reduce((object, key) => object[key] as Json, copy)
  if (value === undefined) delete parent[last]
  else parent[last] = value
  return copy
}

function faultOf(json: unknown): string {
  try {
    parseGenesis(json)
  } catch (error) {
    expect(error).toBeInstanceOf(DecodeError)
    return (error as DecodeError).message
  }
  throw new Error('nothing was thrown')
}

const duplicate = sampleGenesis({ validatorCount: 2 })

describe('parseGenesis', () => {
  it('reads a file as it stands', () => {
    for (const validatorCount of [1, 4, VALIDATORS_MAX]) {
      const genesis = sampleGenesis({ validatorCount })
      expect(parseGenesis(JSON.parse(JSON.stringify(genesis)))).toEqual(genesis)
    }
  })

  it.each<[path: string, value: unknown, fault: string]>([
    ['extra', 1, 'unknown field "extra"'],
    ['version', 2, 'genesis.version'],
    ['chainId', 0, 'genesis.chainId'],
    ['chainId', '1998', 'genesis.chainId'],
    ['network', 'devnet', 'genesis.network'],
    ['genesisTimeMs', 1.5, 'genesis.genesisTimeMs'],
    ['consensus', undefined, 'genesis.consensus: is missing'],
    ['consensus.scheme', 'rsa', 'genesis.consensus.scheme'],
    ['consensus.viewTimeoutGrowthMilli', 999, 'viewTimeoutGrowthMilli'],
    ['consensus.viewTimeoutMsMax', 499, 'viewTimeoutMsMax: is below'],
    ['validators', [], 'genesis.validators: is empty'],
    ['validators.0.address', `0x${'AB'.repeat(20)}`, 'genesis.validators[0].address'],
    ['validators.0.voteKey', `0x${'ab'.repeat(32)}`, 'is no bls key'],
    ['validators.0.nodeKey', `0x${'ab'.repeat(31)}`, 'genesis.validators[0].nodeKey'],
    ['validators.0.proofs.voteKey', `0x${'ab'.repeat(64)}`, 'is no bls signature'],
    ['validators.0.stake', '0', 'genesis.validators[0].stake: is zero'],
    ['validators.0.stake', '01', 'genesis.validators[0].stake'],
    ['validators.0.stake', (2n ** 64n).toString(), 'genesis.validators[0].stake'],
    ['core.tokens.1.index', 5, 'core.tokens[1].index: is not its position'],
    ['core.tokens.1.name', 'USDC', 'core.tokens[1].name: stands twice'],
    ['core.tokens.1.szDecimals', 6, 'core.tokens[1].szDecimals: is above weiDecimals'],
    ['core.tokens.1.tokenId', '0x12', 'core.tokens[1].tokenId'],
    ['core.spotPairs.0.base', 9, 'core.spotPairs[0].base: is no token'],
    ['core.spotPairs.0.quote', 1, 'core.spotPairs[0].quote: is the base'],
    ['core.spotPairs.0.px', '0.123456789', 'core.spotPairs[0].px: has more than 8'],
    ['core.perps.0.marginTableId', 51, 'core.perps[0].marginTableId: is no margin table'],
    ['core.perps.0.marginTableId', 0, 'core.perps[0].marginTableId: is no margin table'],
    ['core.perps.0.oraclePx', '0', 'core.perps[0].oraclePx: is zero'],
    ['core.perps.0.oraclePx', '0.12', 'core.perps[0].oraclePx: has more than 1'],
    ['core.perps.0.oraclePx', '60000.0', 'core.perps[0].oraclePx'],
    ['core.marginTables.0.id', 49, 'core.marginTables[0].id: is below 50'],
    ['core.marginTables.0.marginTiers', [], 'marginTiers: does not start at 0'],
    ['core.marginTables.0.marginTiers.1.lowerBound', '0', 'is not above the tier before'],
    ['core.marginTables.0.marginTiers.1.maxLeverage', 40, 'is not below the tier before'],
    ['core.balances.0.spot', { DOGE: '1' }, '"DOGE" is no token'],
    ['core.balances.0.spot', { PURR: '0.000001' }, 'core.balances[0].spot.PURR: has more than 5'],
    ['core.balances.0.perp', '0.0000001', 'core.balances[0].perp: has more than 6'],
    ['core.balances.0.perp', '-1', 'core.balances[0].perp'],
    ['core.balances.0.perp', (2n ** 63n).toString(), 'core.balances[0].perp: does not fit'],
    ['core.fees.perpTakerPpm', 0.5, 'core.fees.perpTakerPpm'],
    ['core.limits.openOrdersMax', 0, 'core.limits.openOrdersMax'],
    ['evm.alloc', { '0xAB': { balance: '1' } }, 'evm.alloc["0xAB"]'],
    ['evm.alloc', { [`0x${'ab'.repeat(20)}`]: { balance: '1.5' } }, 'balance'],
    ['evm.alloc', { [`0x${'ab'.repeat(20)}`]: { balance: '1', code: '0x0' } }, 'code'],
    ['evm.lanes', [], 'evm.lanes: is empty'],
    ['evm.lanes.0.gasLimit', 20_999, 'evm.lanes[0].gasLimit'],
    ['evm.lanes.0.baseFee', '1', 'evm.lanes[0].baseFee: is below baseFeeMin'],
    ['evm.nonceWindow', 0, 'evm.nonceWindow'],
  ])('refuses %s = %j', (path, value, fault) => {
    expect(faultOf(withValue(path, value))).toContain(fault)
  })

  it('refuses a pace of empty blocks that looks like a dead leader, unless there is one validator', () => {
    expect(parseGenesis(withValue('consensus.minBlockIntervalMs', 125))).toBeDefined()
    const four = sampleGenesis({ validatorCount: 4 })
    expect(parseGenesis(withValue('consensus.minBlockIntervalMs', 124, four))).toBeDefined()
    expect(faultOf(withValue('consensus.minBlockIntervalMs', 125, four))).toContain('backupDelayMs')
  })

  it.each(['address', 'signer', 'voteKey', 'nodeKey'] as const)('refuses a second %s', (field) => {
    const json = withValue(`validators.1.${field}`, duplicate.validators[0]![field], duplicate)
    expect(faultOf(json)).toContain(`genesis.validators[1].${field}: stands twice`)
  })

  it('refuses more validators than a bitmap holds', () => {
    expect(faultOf(sampleGenesis({ validatorCount: VALIDATORS_MAX + 1 }))).toContain('200')
  })

  it('takes an ed25519 chain with keys of that scheme only', () => {
    const genesis = sampleGenesis()
    const ed25519 = {
      ...genesis,
      consensus: { ...genesis.consensus, scheme: 'ed25519' },
      validators: genesis.validators.map((validator) => ({
        ...validator,
        voteKey: `0x${'ab'.repeat(32)}`,
        proofs: { ...validator.proofs, voteKey: `0x${'ab'.repeat(64)}` },
      })),
    }
    expect(parseGenesis(ed25519).consensus.scheme).toBe('ed25519')
    expect(faultOf({ ...ed25519, validators: genesis.validators })).toContain('is no ed25519 key')
  })
})

describe('genesisHash', () => {
  it('is the SHA-256 of the RFC 8785 form, whatever the order of keys', () => {
    const genesis = sampleGenesis()
    const reversed = Object.fromEntries(Object.entries(genesis).reverse())
    expect(genesisHash(parseGenesis(reversed))).toEqual(genesisHash(genesis))

    const sortKeys = (json: unknown): unknown => {
      if (Array.isArray(json)) return json.map(sortKeys)
      if (typeof json !== 'object' || json === null) return json
      const entries = Object.entries(json).sort(([a], [b]) => (a < b ? -1 : 1))
      return Object.fromEntries(entries.map(([key, value]) => [key, sortKeys(value)]))
    }
    const canonical = JSON.stringify(sortKeys(genesis))
    const expected = createHash('sha256').update(canonical).digest('hex')
    expect(bytesToHex(genesisHash(genesis))).toBe(`0x${expected}`)
  })
})

describe('the first block', () => {
  const genesis = sampleGenesis({ validatorCount: 10 })
  const hash = genesisHash(genesis)
  const stateRoot = new Uint8Array(32).fill(7)
  const set = genesisValidatorSet(genesis)

  it('has a set sorted by address, with the stake summed up', () => {
    const addresses = set.validators.map(({ address }) => bytesToHex(address))
    expect(addresses).toEqual([...addresses].sort())
    expect(set.validators.map(({ index }) => index)).toEqual([...Array(10).keys()])
    expect(set.totalStake).toBe(1_000_000_000n)
    expect(validatorSetCodec.decode(validatorSetCodec.encode(set))).toEqual(set)
  })

  it('stands on the hash of the genesis and carries the state root', () => {
    const block = genesisBlock(genesis, hash, stateRoot)
    expect(block.header).toMatchObject({
      height: 0n,
      view: 0n,
      epoch: 1n,
      chainId: 1998n,
      parentHash: hash,
      timestampMs: genesis.genesisTimeMs,
      payloadRoot: payloadRoot(block.payload),
      stateRoot,
      validatorSetHash: validatorSetHash(set),
      nextValidatorSetHash: validatorSetHash(set),
    })
    expect(blockCodec.decode(blockCodec.encode(block))).toEqual(block)
  })

  it('starts an epoch with a QC that nobody signed', () => {
    const qc = epochGenesisQC(1n, hash, 10)
    expect(qc).toEqual({
      epoch: 1n,
      view: 0n,
      blockHash: hash,
      signers: new Uint8Array(2),
      signature: new Uint8Array(96),
    })
    expect(genesisBlock(genesis, hash, stateRoot).header.qc).toEqual(qc)
  })
})
