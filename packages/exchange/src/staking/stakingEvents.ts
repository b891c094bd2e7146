import type { Address } from '@openliquid/primitives'

/** Decimals of stake, whatever the token; docs/spec/hyperliquid.md §1.1. */
export const STAKE_DECIMALS = 8

/** What a delegator did, as `delegatorHistory` prints it. */
export interface DelegatorUpdateEvent {
  readonly kind: 'delegatorUpdate'
  readonly user: Address
  readonly time: number
  readonly hash: string
  readonly delta:
    | { readonly cDeposit: { readonly amount: string } }
    | {
        readonly withdrawal: {
          readonly amount: string
          readonly phase: 'initiated' | 'finalized'
        }
      }
    | {
        readonly delegate: {
          readonly validator: string
          readonly amount: string
          readonly isUndelegate: boolean
        }
      }
}

/** What the end of a day added to the delegations of an account, as `delegatorRewards` prints it. */
export interface DelegatorRewardEvent {
  readonly kind: 'delegatorReward'
  readonly user: Address
  readonly time: number
  readonly source: 'delegation' | 'commission'
  readonly totalAmount: string
}

/** A validator came, changed, left, was jailed or freed, or was punished for a proven fault. */
export interface ValidatorEvent {
  readonly kind: 'validatorUpdate'
  readonly user: Address
  readonly time: number
  readonly change: 'registered' | 'changed' | 'unregistered' | 'jailed' | 'unjailed' | 'slashed'
  /** Of a jailing or punishment. */
  readonly reason?: string
  /** HYPE that was burned. */
  readonly amount?: string
}

/** The set of the next epoch, fixed by the closing block. */
export interface EpochEvent {
  readonly kind: 'epoch'
  readonly epoch: string
  readonly validators: readonly { readonly validator: string; readonly stake: string }[]
}
