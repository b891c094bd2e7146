import { assert } from '@openliquid/primitives'
import { bisect } from './bisection.ts'
import type { AggregateResult, SignedVote } from './signatureScheme.ts'

interface ParsedVote<Parsed> {
  readonly signer: number
  readonly parsed: Parsed
}

/** What a scheme does with votes it could parse. */
interface Aggregator<Parsed> {
  /** Refuses with `undefined` what is no signature or no key at all. */
  parse(vote: SignedVote): Parsed | undefined
  allGood(votes: readonly Parsed[]): boolean
  /** Called with at least one vote, in order of signer. */
  join(votes: readonly Parsed[]): Uint8Array
}

/**
 * The optimistic aggregation that all schemes share: parse, test all at once, bisect only on failure.
 *
 * @throws {InvariantError} a signer appears twice
 */
export function aggregateOptimistically<Parsed>(
  votes: readonly SignedVote[],
  { parse, allGood, join }: Aggregator<Parsed>,
): AggregateResult {
  const sorted = [...votes].sort((a, b) => a.signer - b.signer)
  const parsedVotes: ParsedVote<Parsed>[] = []
  const badSigners: number[] = []
  for (const [i, vote] of sorted.entries()) {
    assert(sorted[i + 1]?.signer !== vote.signer, 'each signer votes once')
    const parsed = parse(vote)
    if (parsed === undefined) badSigners.push(vote.signer)
    else parsedVotes.push({ signer: vote.signer, parsed })
  }

  const { good, bad } = bisect(parsedVotes, (part) => allGood(part.map(({ parsed }) => parsed)))
  for (const { signer } of bad) badSigners.push(signer)
  return {
    signature: good.length === 0 ? new Uint8Array(0) : join(good.map(({ parsed }) => parsed)),
    signers: good.map(({ signer }) => signer),
    badSigners: badSigners.sort((a, b) => a - b),
  }
}
