import {
  assert,
  bytesToUint,
  equalBytes,
  type Height,
  type ValidatorInfo,
  type ValidatorSet,
} from '@openliquid/primitives'

/** Stakes as staking would move them: what the state after each height says of the next epoch's members. */
export interface Membership {
  /** Heights for which one line stays in force; then the next one, and after the last the first again. */
  readonly heights: number
  /** Stakes by validator; one without is to be no member. A line of nobody is unusable: the members stay (§8). */
  readonly lines: readonly (readonly bigint[])[]
}

/** A validator with keys, member or not. */
export type Candidate = Omit<ValidatorInfo, 'index' | 'stake'>

/** Stakes by validator that the state after a height names. */
export function stakesAt({ heights, lines }: Membership, height: Height): readonly bigint[] {
  const line = lines[Number(height / BigInt(heights)) % lines.length]
  assert(line !== undefined, 'a membership has a line')
  return line
}

/** Those with stake, in the order of their addresses, which is that of their numbers. */
export function membersOf(
  candidates: readonly Candidate[],
  stakes: readonly bigint[],
): ValidatorInfo[] {
  return candidates
    .map((candidate, validator) => ({ ...candidate, stake: stakes[validator] ?? 0n }))
    .filter(({ stake }) => stake > 0n)
    .map((member, index) => ({ ...member, index }))
}

/** Number of the validator at a position of a set. */
export function validatorAt(set: ValidatorSet, position: number): number | undefined {
  const address = set.validators[position]?.address
  return address === undefined ? undefined : Number(bytesToUint(address)) - 1
}

/** Position of a validator in a set; undefined if it is no member. */
export function positionOf(set: ValidatorSet, candidate: Candidate): number | undefined {
  const position = set.validators.findIndex(({ voteKey }) => equalBytes(voteKey, candidate.voteKey))
  return position < 0 ? undefined : position
}
