// The development walk and the feed: same prices for every node, one action a bucket, only while active.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { addressOf, generateValidatorKeys } from '@openliquid/crypto'
import {
  type Action,
  actionEnvelopeCodec,
  bytesToHex,
  decodeAction,
  type Genesis,
  parseGenesis,
} from '@openliquid/primitives'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { genesisOf, PROFILES } from './genesisProfile.ts'
import { devValidator } from './localNetwork.ts'
import { silentLogger } from './logger.ts'
import { OracleFeed } from './oracleFeed.ts'
import { filePrices, seededWalk } from './priceSource.ts'

const SEED = new Uint8Array(32).fill(7)
const SECRET = new Uint8Array(32).fill(9)

function genesis(profile: (typeof PROFILES)[number] = 'dev'): Genesis {
  const keys = generateValidatorKeys({ scheme: 'bls', entropy: new Uint8Array(32).fill(1) })
  const validators = [devValidator(keys, profile)]
  return genesisOf(profile, { genesisTimeMs: 1_700_000_000_000, validators })
}

describe('the seeded walk', () => {
  it('moves, stays within 3 %, keeps to ticks, and is the same for all', () => {
    for (const profile of PROFILES) {
      const made = genesis(profile)
      const [walk, again] = [seededWalk(made, SEED), seededWalk(made, SEED)]
      const seen = new Set<string>()
      for (let bucket = 500_000_000; bucket < 500_020_000; bucket += 97) {
        const prices = walk(bucket)
        expect(prices).toEqual(again(bucket))
        for (const [perp, text] of prices) {
          const { oraclePx, szDecimals } = made.core.perps[perp]!
          expect(Math.abs(Number(text) / Number(oraclePx) - 1)).toBeLessThan(0.031)
          expect((text.split('.')[1] ?? '').length).toBeLessThanOrEqual(6 - szDecimals)
          expect(text).not.toMatch(/\.[0-9]*0$/)
        }
        seen.add(prices.get(0)!)
      }
      expect(seen.size).toBeGreaterThan(150)
      expect(walk(1).get(0)).not.toBe(seededWalk(made, new Uint8Array(32))(1).get(0))
    }
  })
})

describe('prices from a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'openliquid-prices-'))
  const path = join(folder, 'prices.json')
  afterEach(() => rmSync(path, { force: true }))

  it('are read anew for each bucket; coins that are missing have none', () => {
    const source = filePrices(genesis(), path)
    expect(() => source(1)).toThrow('OL_NODE_CONFIG')
    writeFileSync(path, '{"BTC":"61000.50","HYPE":"25"}')
    expect([...source(1)]).toEqual([
      [0, '61000.5'],
      [2, '25'],
    ])
    writeFileSync(path, '{"BTC":"62000"}')
    expect([...source(1)]).toEqual([[0, '62000']])
    for (const text of ['{"BTC":62000}', '{"BTC":"-1"}', '[]', 'no JSON']) {
      writeFileSync(path, text)
      expect(() => source(1)).toThrow('OL_NODE_CONFIG')
    }
  })
})

describe('the feed', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 3_000_000_100 }))
  afterEach(() => void vi.useRealTimers())

  function feed(isActive: () => boolean): { sent: Action[]; feed: OracleFeed } {
    const sent: Action[] = []
    const made = genesis()
    const signer = bytesToHex(addressOf(SECRET))
    const view = {
      chain: { network: made.network },
      call: async <T>(read: () => T | Promise<T>) => read(),
      core: { validators: () => [{ signer, isActive: isActive() }] },
      submit: async ({ bytes }: { bytes: Uint8Array }) => {
        sent.push(decodeAction(actionEnvelopeCodec.decode(bytes).action))
      },
    } as unknown as ConstructorParameters<typeof OracleFeed>[0]['view']
    const source = seededWalk(made, SEED)
    const options = { view, source, signerSecret: SECRET, logger: silentLogger }
    return { sent, feed: new OracleFeed({ ...options, clock: () => Date.now() }) }
  }

  it('sends one action for each bucket, a moment after it began, until it is stopped', async () => {
    const { sent, feed: one } = feed(() => true)
    one.start()
    await vi.advanceTimersByTimeAsync(149)
    expect(sent).toEqual([])
    await vi.advanceTimersByTimeAsync(1)
    expect(sent).toMatchObject([{ type: 'validatorOracle', bucket: 1_000_000 }])
    await vi.advanceTimersByTimeAsync(9_000)
    expect(sent.map((action) => 'bucket' in action && action.bucket)).toEqual([
      1_000_000, 1_000_001, 1_000_002, 1_000_003,
    ])
    one.stop()
    await vi.advanceTimersByTimeAsync(9_000)
    expect(sent).toHaveLength(4)
  })

  it('is silent while its signer is that of no active validator', async () => {
    let isActive = false
    const { sent, feed: one } = feed(() => isActive)
    one.start()
    await vi.advanceTimersByTimeAsync(6_000)
    expect(sent).toEqual([])
    isActive = true
    await vi.advanceTimersByTimeAsync(3_000)
    expect(sent).toHaveLength(1)
    one.stop()
  })
})

describe('the mainnet-shaped profile', () => {
  it('is a genesis that parses to itself, with the ids and lanes of the main net', () => {
    const made = genesis('mainnet-shaped')
    expect(parseGenesis(JSON.parse(JSON.stringify(made)))).toEqual(made)
    expect([made.chainId, made.network]).toEqual([999, 'Mainnet'])
    expect(made.core.tokens[150]?.name).toBe('HYPE')
    expect(made.core.spotPairs.map(({ index }) => index)).toEqual([0, 107])
    expect(made.core.perps.slice(0, 6).map(({ name }) => name)).toEqual([
      'BTC',
      'ETH',
      'ATOM',
      'MATIC',
      'DYDX',
      'SOL',
    ])
    expect(made.evm.lanes.map(({ periodMs, gasLimit }) => [periodMs, gasLimit])).toEqual([
      [1_000, 3_000_000],
      [60_000, 30_000_000],
    ])
  })
})
