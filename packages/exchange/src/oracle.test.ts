import { describe, expect, it } from 'vitest'
import { weightedMedian } from './oracle.ts'
import { oracleBucketOf } from './oracleBucket.ts'
import { ASSETS, TestExchange, testGenesis, testUser, testValidators } from './testing/index.ts'

const { btc, eth } = ASSETS

describe('weighted median: §7.1', () => {
  it.each([
    ['one price', [[5, 1]], 5],
    [
      'more than half at once',
      [
        [5, 3],
        [9, 1],
      ],
      5,
    ],
    [
      'more than half at the second',
      [
        [9, 3],
        [5, 1],
      ],
      9,
    ],
    [
      'exactly half: average with the next',
      [
        [4, 1],
        [8, 1],
      ],
      6,
    ],
    [
      'exactly half, rounded to even: down',
      [
        [4, 1],
        [5, 1],
      ],
      4,
    ],
    [
      'exactly half, rounded to even: up',
      [
        [5, 1],
        [6, 1],
      ],
      6,
    ],
    [
      'exactly half with equal prices',
      [
        [5, 1],
        [5, 1],
      ],
      5,
    ],
    [
      'by stake, not by number',
      [
        [1, 1],
        [2, 1],
        [3, 5],
      ],
      3,
    ],
  ] as const)('%s', (_name, prices, median) => {
    expect(weightedMedian(prices.map(([px, stake]) => ({ px, stake: BigInt(stake) })))).toBe(median)
  })
})

describe('oracle quorum: §2 ③, §7.1', () => {
  function submit(
    x: TestExchange,
    validator: number,
    px: string,
    bucket = oracleBucketOf(x.timestampMs),
  ) {
    return x.act(testUser(1001 + validator), {
      type: 'validatorOracle',
      bucket,
      prices: [[eth, px, null]],
    })
  }
  const prices = (x: TestExchange) => {
    const reader = x.machine.reader(1n)
    return [reader.oraclePriceOf(eth), reader.markPriceOf(eth)]
  }

  it('needs more than two thirds of the stake, and takes effect in the next block', () => {
    const x = new TestExchange({ ...testGenesis(1), validators: testValidators([2, 2, 1, 1]) })
    submit(x, 0, '4100')
    submit(x, 1, '4200')
    x.endBlock()
    expect(prices(x)).toEqual([400_000n, 400_000n])
    submit(x, 2, '4300')
    expect(prices(x)).toEqual([400_000n, 400_000n])
    x.endBlock()
    expect(prices(x)).toEqual([420_000n, 420_000n])
    expect(x.events()).toMatchObject([
      { kind: 'oracleUpdate', prices: [{ coin: 'ETH', oraclePx: '4200.0', markPx: '4200.0' }] },
    ])
    expect(x.machine.reader(1n).oraclePriceOf(btc)).toBe(1_000_000n)
  })

  it('is not made of leftovers of different buckets', () => {
    const x = new TestExchange(testGenesis(1))
    submit(x, 0, '4100')
    submit(x, 1, '4100')
    x.endBlock(3_000)
    submit(x, 2, '4100')
    x.endBlock()
    expect(prices(x)).toEqual([400_000n, 400_000n])
  })

  it('forgets what never became complete', () => {
    const x = new TestExchange(testGenesis(1))
    const entries = x.store.size
    submit(x, 0, '4100')
    x.endBlock(30_000)
    x.endBlock()
    // The signer's nonces stay, its prices do not.
    expect(x.store.size).toBe(entries + 1)
  })

  it('moves a price at most by half or to twice, unless it was stale', () => {
    const x = new TestExchange(testGenesis(1))
    const all = (px: string) => {
      for (let i = 0; i < 4; i++) expect(submit(x, i, px)).toMatchObject({ status: 'ok' })
    }
    const steps = [
      ['5000', 3_000, 500_000n],
      ['20000', 3_000, 1_000_000n],
      ['1', 57_000, 500_000n],
      ['1', 57_001, 100n],
    ] as const
    for (const [px, afterMs, oraclePx] of steps) {
      all(px)
      x.endBlock(afterMs)
      x.endBlock(3_000)
      expect(prices(x)[0]).toBe(oraclePx)
    }
  })

  it('takes the price of other venues from those who have one, if they are the majority', () => {
    const x = new TestExchange(testGenesis(1))
    const send = (validator: number, perpPx: string | null) =>
      x.act(testUser(1001 + validator), {
        type: 'validatorOracle',
        bucket: oracleBucketOf(x.timestampMs),
        prices: [[eth, '4000', perpPx]],
      })
    for (const [i, perpPx] of ['4100', '4120', '4140', null].entries()) send(i, perpPx)
    x.endBlock(3_000)
    // Two inputs: the oracle, and 4120 of the others.
    expect(prices(x)).toEqual([400_000n, 406_000n])
    for (const [i, perpPx] of ['4100', '4120', null, null].entries()) send(i, perpPx)
    x.endBlock(3_000)
    expect(prices(x)).toEqual([400_000n, 400_000n])
    expect(send(0, '0')).toMatchObject({ code: 'OL_ACTION_ORACLE' })
    x.reload()
    expect(prices(x)).toEqual([400_000n, 400_000n])
  })

  it('refuses strangers, repetition, closed buckets and nonsense', () => {
    const x = new TestExchange(testGenesis(1))
    const bucket = oracleBucketOf(x.timestampMs)
    const refused = { status: 'err', code: 'OL_ACTION_ORACLE' }
    expect(submit(x, 0, '4100')).toMatchObject({ status: 'ok' })
    expect(submit(x, 0, '4100')).toMatchObject(refused)
    expect(submit(x, -1000, '4100')).toMatchObject(refused)
    expect(submit(x, 50, '4100')).toMatchObject({ code: 'OL_ACTION_UNKNOWN_SIGNER' })
    expect(submit(x, 1, '4100', bucket + 1)).toMatchObject(refused)
    expect(submit(x, 1, '4100', bucket - 3)).toMatchObject(refused)
    expect(submit(x, 1, '4100', bucket - 2)).toMatchObject({ status: 'ok' })
    for (const px of ['0', '-1', '4100.001', 'x', '99999999999999']) {
      expect(submit(x, 2, px)).toMatchObject(refused)
    }
    const signer = testUser(1003)
    const send = (list: readonly (readonly [number, string, null])[]) =>
      x.act(signer, { type: 'validatorOracle', bucket, prices: list })
    expect(send([])).toMatchObject(refused)
    expect(
      send([
        [eth, '1', null],
        [eth, '1', null],
      ]),
    ).toMatchObject(refused)
    expect(send([[77, '1', null]])).toMatchObject(refused)
    expect(send([[10_000, '1', null]])).toMatchObject(refused)
    expect(x.act(signer, { type: 'evmUserModify', usingBigBlocks: true })).toMatchObject({
      code: 'OL_ACTION_UNKNOWN_SIGNER',
    })
  })
})
