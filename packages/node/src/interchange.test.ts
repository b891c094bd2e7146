// The cases of the public EIP-3076 vectors, written anew for views: each is a row of files taken over one after the
// other, and what may be signed after each.
import { safetyAt } from '@openliquid/consensus'
import { bytesToHex } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { exportInterchange, type Interchange, readInterchange } from './interchange.ts'

const OURS = new Uint8Array(48).fill(1)
const OTHER = new Uint8Array(48).fill(2)
const GENESIS = new Uint8Array(32).fill(3)
const OTHER_GENESIS = new Uint8Array(32).fill(4)

interface Signed {
  readonly key?: Uint8Array
  readonly epoch?: bigint
  readonly slots?: readonly bigint[]
  /** Source and target. */
  readonly votes?: readonly (readonly [bigint, bigint])[]
}

function fileOf(signed: readonly Signed[], genesis: Uint8Array = GENESIS): string {
  const file: Interchange = {
    metadata: {
      interchange_format_version: '5',
      genesis_validators_root: bytesToHex(genesis),
    },
    data: signed.map(({ epoch = 1n, key = OURS, slots = [], votes = [] }) => ({
      pubkey: bytesToHex(key),
      epoch: String(epoch),
      signed_blocks: slots.map((slot) => ({ slot: String(slot) })),
      signed_attestations: votes.map(([source, target]) => ({
        source_epoch: String(source),
        target_epoch: String(target),
      })),
    })),
  }
  return JSON.stringify(file)
}

function markOf(text: string): { readonly epoch: bigint; readonly view: bigint } {
  const options = { epoch: undefined, genesisHash: GENESIS, path: 'x', voteKey: OURS }
  return readInterchange(text, options)
}

describe('cases of the interchange vectors', () => {
  it.each<[string, readonly Signed[], bigint]>([
    ['one block', [{ slots: [81n] }], 81n],
    ['one vote', [{ votes: [[2n, 3n]] }], 3n],
    ['a key without signatures', [{}], 0n],
    ['the genesis vote', [{ votes: [[0n, 0n]] }], 0n],
    ['blocks out of order', [{ slots: [80n, 82n, 81n] }], 82n],
    ['the same block twice', [{ slots: [81n, 81n] }], 81n],
    [
      'the same vote twice',
      [
        {
          votes: [
            [2n, 3n],
            [2n, 3n],
          ],
        },
      ],
      3n,
    ],
    [
      'two votes for one target',
      [
        {
          votes: [
            [1n, 3n],
            [2n, 3n],
          ],
        },
      ],
      3n,
    ],
    [
      'a vote that surrounds another',
      [
        {
          votes: [
            [3n, 4n],
            [2n, 5n],
          ],
        },
      ],
      5n,
    ],
    [
      'a vote inside another',
      [
        {
          votes: [
            [2n, 5n],
            [3n, 4n],
          ],
        },
      ],
      5n,
    ],
    ['a source above its target', [{ votes: [[9n, 4n]] }], 9n],
    ['blocks and votes', [{ slots: [7n], votes: [[4n, 6n]] }], 7n],
    ['several keys', [{ key: OTHER, slots: [900n] }, { slots: [5n] }], 5n],
    ['one key in two entries', [{ slots: [5n] }, { slots: [8n] }], 8n],
    ['the largest view there is', [{ slots: [2n ** 64n - 1n] }], 2n ** 64n - 1n],
  ])('%s', (_, signed, view) => {
    expect(markOf(fileOf(signed))).toEqual({ epoch: 1n, view })
  })

  it('the minimal file says the same as the complete one', () => {
    const complete = fileOf([
      {
        slots: [10n, 11n, 14n],
        votes: [
          [8n, 9n],
          [9n, 10n],
          [9n, 12n],
          [12n, 13n],
        ],
      },
    ])
    const minimal = fileOf([{ slots: [14n], votes: [[12n, 13n]] }])
    expect(markOf(minimal)).toEqual(markOf(complete))
  })

  it('a later epoch counts, however low its views are', () => {
    const text = fileOf([{ slots: [900n] }, { epoch: 2n, slots: [3n] }])
    expect(markOf(text)).toEqual({ epoch: 2n, view: 3n })
  })

  it('a file of another chain is refused, whatever else it says', () => {
    expect(() => markOf(fileOf([{ slots: [5n] }], OTHER_GENESIS))).toThrow('of another chain')
  })

  it('what is exported can be taken over again and again, and stays what it is', () => {
    const context = { chainId: 1, genesisHash: GENESIS }
    let data = safetyAt({ epoch: 3n, view: 77n })
    for (let i = 0; i < 3; i++) {
      const text = JSON.stringify(exportInterchange(data, { context, voteKey: OURS }))
      data = safetyAt(markOf(text))
      expect(data).toEqual(safetyAt({ epoch: 3n, view: 77n }))
    }
  })
})
