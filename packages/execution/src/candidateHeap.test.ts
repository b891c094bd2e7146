import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Candidate, CandidateHeap } from './candidateHeap.ts'

function candidate(tip: number, arrival: number): Candidate {
  return { tip: BigInt(tip), entry: { arrival } as Candidate['entry'] }
}

test('gives back candidates by tip, then by arrival', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 }), (tips) => {
      const heap = new CandidateHeap()
      const candidates = tips.map((tip, arrival) => candidate(tip, arrival))
      for (const item of candidates) heap.push(item)
      const sorted = [...candidates].sort(
        (a, b) => Number(b.tip - a.tip) || a.entry.arrival - b.entry.arrival,
      )
      expect(candidates.map(() => heap.pop())).toEqual(sorted)
      expect(heap.pop()).toBeUndefined()
    }),
  )
})
