// 1,000 cycles of encoding and decoding, warm, CPU: a vote and a block header.
import { type BlockHeader, blockHeaderCodec, type Vote, voteCodec } from '@openliquid/primitives'
import { SeededRandom, sample } from '@openliquid/primitives/testing'
import { cpuMs, median, repeat, report } from '../../../bench/figure.ts'

const CYCLES = 1_000
interface Codec<T> {
  encode(value: T): Uint8Array
  decode(bytes: Uint8Array): T
}

async function measure<T>(id: string, codec: Codec<T>, value: T): Promise<void> {
  const runs = await repeat(15, 10, () =>
    cpuMs(() => {
      let current = value
      for (let i = 0; i < CYCLES; i++) current = codec.decode(codec.encode(current))
    }),
  )
  const bytes = codec.encode(value)
  const floors = await repeat(15, 10, () =>
    cpuMs(() => {
      let current = bytes
      for (let i = 0; i < CYCLES; i++) current = current.slice().slice()
    }),
  )
  report({
    id: `network.serialization.${id}`,
    value: median(runs),
    unit: 'ms CPU',
    op: '<=',
    target: 10,
    baseline: { name: 'two copies of the bytes', value: median(floors), unit: 'ms CPU' },
    runs,
  })
}

const random = new SeededRandom(1)
await measure<Vote>('vote', voteCodec, sample.vote(random))
await measure<BlockHeader>('header', blockHeaderCodec, sample.blockHeader(random))
