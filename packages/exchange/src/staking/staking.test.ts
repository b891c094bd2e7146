// Staking against docs/spec/hyperliquid.md §9 and consensus.md §8: balances, queue, locks, validators, jail, rewards.
import {
  type Action,
  type Address,
  bytesToHex,
  type CValidatorAction,
  type GenesisCore,
  type Hex,
  nextSetOf,
  type ValidatorSet,
} from '@openliquid/primitives'
import { beforeEach, describe, expect, it } from 'vitest'
import type { ExchangeEvent } from '../events.ts'
import type { ExchangeOptions } from '../exchangeMachine.ts'
import {
  TestExchange,
  TOKENS,
  testGenesis,
  testUser,
  testUserHex,
  testValidators,
} from '../testing/index.ts'
import { rewardOf, squareRoot } from './rewards.ts'

const HYPE = 100_000_000
const DAY = 86_400_000
const MINUTE = 60_000
const [alice, bob, carol] = [testUser(1), testUser(2), testUser(3)]
/** The validators of the genesis, each with 20,000 HYPE, and their signers. */
const VALIDATORS = [2001, 2002, 2003, 2004].map(testUserHex)
const SIGNERS = [1001, 1002, 1003, 1004].map(testUser)

const bytes = (byte: string, size: number): Hex => `0x${byte.repeat(size)}`

function start(
  staking: GenesisCore['staking'] = {},
  options: ExchangeOptions = { verifyPossession: () => true },
): TestExchange {
  const balances = [1, 2, 3].map((i) => ({
    address: testUserHex(i),
    spot: { HYPE: '100000', USDC: '1000' },
    perp: '1000',
  }))
  const validators = testValidators([1, 1, 1, 1]).map((validator, i) => ({
    ...validator,
    stake: String(20_000 * HYPE),
    voteKey: bytes(`1${i}`, 48),
    nodeKey: bytes(`2${i}`, 32),
  }))
  return new TestExchange({ ...testGenesis(0, { balances, staking }), validators }, options)
}

let x: TestExchange
beforeEach(() => {
  x = start()
})

const user = (fields: Record<string, unknown>): Action =>
  ({
    signatureChainId: '0x66eee',
    hyperliquidChain: 'Testnet',
    nonce: 1,
    ...fields,
  }) as unknown as Action
const deposit = (hype: number): Action => user({ type: 'cDeposit', wei: hype * HYPE })
const withdraw = (hype: number): Action => user({ type: 'cWithdraw', wei: hype * HYPE })
const delegate = (validator: string, hype: number, isUndelegate = false): Action =>
  user({ type: 'tokenDelegate', validator, wei: hype * HYPE, isUndelegate })

function register(
  changes: Partial<NonNullable<CValidatorAction['register']>> & {
    signer?: Hex
    byte?: string
  } = {},
): Action {
  const { signer = testUserHex(900), byte = 'a1', ...rest } = changes
  return {
    type: 'CValidatorAction',
    register: {
      profile: {
        node_ip: { Ip: '10.0.0.9' },
        name: 'new',
        description: 'a new one',
        delegations_disabled: false,
        commission_bps: 500,
        signer,
      },
      unjailed: true,
      initial_wei: 10_000 * HYPE,
      keys: {
        vote_key: bytes(byte, 48),
        node_key: bytes(byte, 32),
        vote_proof: bytes(byte, 96),
        node_proof: bytes(byte, 64),
      },
      ...rest,
    },
  }
}

type Change = NonNullable<CValidatorAction['changeProfile']>

function change(changes: Partial<Change>): Action {
  return {
    type: 'CValidatorAction',
    changeProfile: {
      node_ip: null,
      name: null,
      description: null,
      unjailed: true,
      disable_delegations: null,
      commission_bps: null,
      signer: null,
      ...changes,
    },
  }
}

function ok(address: Address, action: Action): void {
  expect(x.act(address, action)).toMatchObject({ status: 'ok', response: { type: 'default' } })
}

function refused(address: Address, action: Action, text: string): void {
  expect(x.act(address, action)).toMatchObject({ status: 'err', response: text })
}

const spotHype = (address: Address): bigint =>
  x.machine.reader(0n).spotBalanceOf(address, TOKENS.hype)!.total
const summary = (address: Address) => x.machine.reader(0n).delegatorSummaryOf(address)
const delegated = (address: Address): bigint => summary(address).delegated
const supply = (): bigint => x.machine.reader(0n).tokenSupplyOf(TOKENS.hype)!.totalSupply
const members = (): string[] => x.machine.nextMembers().map(({ address }) => bytesToHex(address))
const profile = (validator: string) =>
  x.machine.view.validators().find((one) => one.validator === validator)!
const kinds = (events: readonly ExchangeEvent[]): string[] => events.map(({ kind }) => kind)

/** The set that consensus would name: what the state names, or the members as they are. */
function nextSet(): ValidatorSet {
  const validators = x.machine.view
    .validators()
    .filter(({ isActive }) => isActive)
    .map(({ validator, stake }, index) => ({
      index,
      address: testUser(Number(BigInt(validator))),
      stake,
      voteKey: new Uint8Array(48).fill(index),
      nodeKey: new Uint8Array(32).fill(index),
    }))
  const { epoch } = x.machine
  return nextSetOf({ epoch, validators, totalStake: 0n }, x.machine.nextMembers() as never)
}

function endEpoch(afterMs = 100): readonly ExchangeEvent[] {
  x.machine.endEpoch(nextSet())
  return x.endBlock(afterMs).events
}

describe('staking balance: §9', () => {
  it('a deposit is there at once, a withdrawal after seven days, and the supply stays', () => {
    const before = supply()
    ok(alice, deposit(50))
    expect(spotHype(alice)).toBe(BigInt((100_000 - 50) * HYPE))
    expect(summary(alice).undelegated).toBe(BigInt(50 * HYPE))
    ok(alice, withdraw(20))
    expect(summary(alice)).toEqual({
      delegated: 0n,
      undelegated: BigInt(30 * HYPE),
      pendingWithdrawal: BigInt(20 * HYPE),
      pendingWithdrawalCount: 1n,
    })
    x.endBlock(7 * DAY - 1)
    expect(summary(alice).pendingWithdrawalCount).toBe(1n)
    const { events } = x.endBlock(1)
    expect(kinds(events)).not.toContain('delegatorUpdate')
    expect(summary(alice).pendingWithdrawalCount).toBe(0n)
    expect(spotHype(alice)).toBe(BigInt((100_000 - 30) * HYPE))
    expect(x.events()).toMatchObject([
      {
        kind: 'ledgerUpdate',
        delta: { type: 'cStakingTransfer', isDeposit: false, amount: '20.0' },
      },
      { kind: 'delegatorUpdate', delta: { withdrawal: { phase: 'finalized', amount: '20.0' } } },
    ])
    expect(supply()).toBe(before)
  })

  it('takes no more than there is, nothing of nothing, and five withdrawals at most', () => {
    refused(alice, deposit(0), 'Invalid amount.')
    refused(alice, deposit(100_001), 'Insufficient balance for staking deposit.')
    ok(alice, deposit(100_000))
    refused(alice, withdraw(0), 'Invalid amount.')
    refused(alice, withdraw(100_001), 'Insufficient staking balance for withdrawal.')
    for (let i = 0; i < 5; i++) ok(alice, withdraw(1))
    refused(alice, withdraw(1), 'Too many pending staking withdrawals.')
  })

  it('is refused where no HYPE is, or where its unit is another', () => {
    const tokens = testGenesis(0).core.tokens.slice(0, 2)
    x = new TestExchange(
      testGenesis(2, {
        tokens,
        spotPairs: [],
        balances: [{ address: testUserHex(1), spot: { USDC: '5' } }],
      }),
    )
    refused(alice, deposit(1), 'Action not supported: staking')
    x.endBlock()
  })
})

describe('delegation: §9', () => {
  const [first = ''] = VALIDATORS

  beforeEach(() => ok(alice, deposit(1_000)))

  it('is locked for a day, then comes back to the staking balance at once', () => {
    ok(alice, delegate(first, 600))
    expect(x.machine.reader(0n).delegationsOf(alice)).toEqual([
      {
        validator: testUser(2001),
        amount: BigInt(600 * HYPE),
        lockedUntilMs: BigInt(x.timestampMs + DAY),
      },
    ])
    refused(alice, delegate(first, 600, true), 'Delegation is locked.')
    x.endBlock(DAY - 1)
    refused(alice, delegate(first, 600, true), 'Delegation is locked.')
    x.endBlock(1)
    ok(alice, delegate(first, 100, true))
    expect(summary(alice)).toMatchObject({
      delegated: BigInt(500 * HYPE),
      undelegated: BigInt(500 * HYPE),
    })
    ok(alice, delegate(first, 1))
    refused(alice, delegate(first, 1, true), 'Delegation is locked.')
  })

  it('needs stake, a validator, and one that takes it', () => {
    refused(alice, delegate(testUserHex(77), 1), 'Validator does not exist.')
    refused(alice, delegate(first, 0), 'Invalid amount.')
    refused(alice, delegate(first, 1_001), 'Insufficient staking balance for delegation.')
    refused(alice, delegate(first, 1, true), 'Insufficient delegation.')
    ok(testUser(2001), change({ disable_delegations: true }))
    refused(alice, delegate(first, 1), 'Validator does not accept delegations.')
  })

  it('counts for the next set, which is the greatest stakes by address', () => {
    x = start({ validatorsMax: 2 })
    ok(alice, deposit(1_000))
    ok(bob, deposit(1_000))
    expect(members()).toEqual(VALIDATORS.slice(0, 2))
    ok(alice, delegate(VALIDATORS[3]!, 2))
    ok(bob, delegate(VALIDATORS[2]!, 1))
    expect(members()).toEqual([VALIDATORS[2], VALIDATORS[3]])
    expect(x.machine.nextMembers()[1]!.stake).toBe(BigInt(20_002 * HYPE))
    expect(x.machine.nextMembers()).toBe(x.machine.nextMembers())
  })
})

describe('validators: §9, consensus.md §8', () => {
  it('a registered one joins with the next epoch, and one that leaves goes', () => {
    const signer = testUser(900)
    ok(alice, deposit(12_000))
    ok(alice, register())
    expect(members()).toEqual([testUserHex(1), ...VALIDATORS])
    expect(profile(testUserHex(1))).toMatchObject({ isActive: false, stake: BigInt(10_000 * HYPE) })
    refused(alice, delegate(testUserHex(1), 10_000, true), 'Delegation is locked.')
    const bucket = Math.floor(x.timestampMs / 3_000)
    const prices: Action = { type: 'validatorOracle', bucket, prices: [[0, '100001', null]] }
    refused(signer, prices, 'Signer is not the signer of a validator.')
    expect(endEpoch()).toContainEqual(expect.objectContaining({ kind: 'epoch', epoch: '2' }))
    expect(x.machine.epoch).toBe(2n)
    expect(profile(testUserHex(1)).isActive).toBe(true)
    ok(signer, prices)

    ok(testUser(2001), { type: 'CValidatorAction', unregister: null })
    expect(members()).not.toContain(VALIDATORS[0])
    expect(profile(VALIDATORS[0]!).isActive).toBe(true)
    ok(testUser(2001), delegate(VALIDATORS[0]!, 20_000, true))
    endEpoch()
    expect(profile(VALIDATORS[0]!)).toBeUndefined()
    refused(SIGNERS[0]!, prices, `User or API Wallet ${testUserHex(1001)} does not exist.`)
    x.reload()
    expect(members()).toHaveLength(4)
  })

  it.each<[string, () => Action]>([
    ['Self-delegation is too low.', () => register({ initial_wei: 10_000 * HYPE - 1 })],
    [
      'Insufficient staking balance for delegation.',
      () => register({ initial_wei: 30_001 * HYPE }),
    ],
    [
      'Validator keys with their proofs are required.',
      () => {
        const action = register() as CValidatorAction
        const { keys: _, ...rest } = action.register!
        return { ...action, register: rest }
      },
    ],
    ['Validator key is already in use.', () => register({ byte: '10' })],
    ['Signer address is already in use.', () => register({ signer: testUserHex(1001) })],
    ['Signer address is already in use.', () => register({ signer: testUserHex(2) })],
    [
      'Invalid commission.',
      () => {
        const action = register() as CValidatorAction
        const { profile: old, ...rest } = action.register!
        return { ...action, register: { ...rest, profile: { ...old, commission_bps: 10_001 } } }
      },
    ],
    ['Validator does not exist.', () => change({})],
    ['Validator does not exist.', () => ({ type: 'CValidatorAction', unregister: null })],
  ])('refuses: %s', (text, action) => {
    ok(alice, deposit(30_000))
    refused(alice, action(), text)
  })

  it('refuses keys whose proofs are wrong, or that nobody can check', () => {
    for (const options of [{ verifyPossession: () => false }, {}]) {
      x = start({}, options)
      ok(alice, deposit(10_000))
      refused(alice, register(), 'Validator keys are not proven.')
    }
  })

  it('asks for the proof with the very bytes of the action', () => {
    const asked: unknown[] = []
    x = start({}, { verifyPossession: (claim) => asked.push(claim) > 0 })
    ok(alice, deposit(10_000))
    ok(alice, register())
    expect(asked).toEqual([
      {
        address: alice,
        voteKey: new Uint8Array(48).fill(0xa1),
        nodeKey: new Uint8Array(32).fill(0xa1),
        voteProof: new Uint8Array(96).fill(0xa1),
        nodeProof: new Uint8Array(64).fill(0xa1),
      },
    ])
  })

  it('a commission does not rise above 1 %, a profile changes, a new signer signs at once', () => {
    const validator = testUser(2001)
    ok(validator, change({ commission_bps: 100, name: 'one', description: 'first' }))
    refused(validator, change({ commission_bps: 101 }), 'Commission may not rise above 1%.')
    ok(validator, change({ commission_bps: 0 }))
    ok(validator, change({ signer: testUserHex(901) }))
    expect(profile(VALIDATORS[0]!)).toMatchObject({ name: 'one', signer: testUserHex(901) })
    const bucket = Math.floor(x.timestampMs / 3_000)
    ok(testUser(901), { type: 'validatorOracle', bucket, prices: [[0, '100001', null]] })
    refused(
      SIGNERS[0]!,
      { type: 'CSignerAction', jailSelf: null },
      `User or API Wallet ${testUserHex(1001)} does not exist.`,
    )
    refused(validator, change({ name: 'x'.repeat(65) }), 'Name or description is too long.')
  })

  it('new keys are in the next set', () => {
    const { keys } = (register({ byte: 'c3' }) as CValidatorAction).register!
    ok(testUser(2001), change({ keys: keys! }))
    expect(x.machine.nextMembers()[0]!.voteKey).toEqual(new Uint8Array(48).fill(0xc3))
  })

  it('takes no delegations and is in no set when its own stake is too small', () => {
    ok(testUser(2001), delegate(VALIDATORS[0]!, 15_000, true))
    expect(members()).toEqual(VALIDATORS.slice(1))
    ok(alice, deposit(1))
    refused(alice, delegate(VALIDATORS[0]!, 1), 'Validator does not accept delegations.')
    ok(testUser(2001), delegate(VALIDATORS[0]!, 5_000))
    expect(members()).toEqual(VALIDATORS)
  })
})

describe('jail: §9', () => {
  const jailed = (i: number): boolean => profile(VALIDATORS[i]!).isJailed

  it('of a signer by itself, and out again', () => {
    ok(SIGNERS[0]!, { type: 'CSignerAction', jailSelf: null })
    expect(members()).toEqual(VALIDATORS.slice(1))
    ok(SIGNERS[0]!, { type: 'CSignerAction', unjailSelf: null })
    expect(members()).toEqual(VALIDATORS)
    refused(SIGNERS[0]!, { type: 'CSignerAction', unjailSelf: null }, 'Validator is not jailed.')
    refused(
      alice,
      { type: 'CSignerAction', jailSelf: null },
      'Signer is not the signer of a validator.',
    )
  })

  it('by own missed slots, when they are most; out after an hour', () => {
    x = start({ missedSlotsMin: 3 })
    x.endBlock(100, { missedSlots: [1, 1], proposer: 1 })
    x.endBlock(100, { missedSlots: [2, 2], proposer: 1 })
    x.endBlock(100, { missedSlots: [1], proposer: 2 })
    expect([jailed(1), jailed(2)]).toEqual([true, false])
    x.endBlock(100, { missedSlots: [2], proposer: 0 })
    expect(jailed(2)).toBe(true)
    refused(
      SIGNERS[1]!,
      { type: 'CSignerAction', unjailSelf: null },
      'Validator cannot be unjailed yet.',
    )
    refused(testUser(2002), change({}), 'Validator cannot be unjailed yet.')
    x.endBlock(3_600_000)
    ok(SIGNERS[1]!, { type: 'CSignerAction', unjailSelf: null })
    expect(jailed(1)).toBe(false)
  })

  it('for no vote in a whole window, never for a single missing one', () => {
    x = start({ silentBlocks: 5 })
    // The first block of the fixture has no signers.
    for (const parentSigners of [[0, 1, 2], [0, 1], [0], []]) x.endBlock(100, { parentSigners })
    expect([0, 1, 2, 3].map(jailed)).toEqual([false, false, false, true])
    for (let i = 0; i < 4; i++) x.endBlock(100, { parentSigners: [0, 1] })
    expect(jailed(2)).toBe(false)
    x.endBlock(100, { parentSigners: [0, 1] })
    expect([0, 1, 2, 3].map(jailed)).toEqual([false, false, true, true])
  })
})

describe('punishment of proven faults: consensus.md §8', () => {
  const fault = (
    kind: 'duplicateVote' | 'conflictingQCs' | 'conflictingTimeouts',
    view = 7n,
    epoch = 1n,
  ) => ({ kind, validator: 0, epoch, view })

  it('burns a share of all that is delegated, of the own balance and withdrawals, and jails', () => {
    ok(alice, deposit(1_000))
    ok(alice, delegate(VALIDATORS[0]!, 1_000))
    ok(testUser(2001), delegate(VALIDATORS[0]!, 2_000, true))
    ok(testUser(2001), withdraw(500))
    const before = supply()
    x.endBlock(100, { misbehavior: [fault('duplicateVote')] })
    expect(delegated(alice)).toBe(BigInt(950 * HYPE))
    expect(summary(testUser(2001))).toMatchObject({
      delegated: BigInt(17_100 * HYPE),
      undelegated: BigInt(1_425 * HYPE),
      pendingWithdrawal: BigInt(475 * HYPE),
    })
    expect(before - supply()).toBe(BigInt(1_050 * HYPE))
    expect(members()).toEqual(VALIDATORS.slice(1))
    expect(profile(VALIDATORS[0]!).unjailableAfterMs).toBe(x.timestampMs + 7 * DAY)
    expect(x.events()).toMatchObject([
      { kind: 'validatorUpdate', change: 'slashed', amount: '1050.0', reason: 'duplicateVote' },
      { kind: 'validatorUpdate', change: 'jailed' },
    ])
  })

  it('one act once: kinds of equivocation in one view are one, timeouts another', () => {
    x.endBlock(100, { misbehavior: [fault('duplicateVote'), fault('conflictingQCs')] })
    expect(delegated(testUser(2001))).toBe(BigInt(19_000 * HYPE))
    x.endBlock(100, { misbehavior: [fault('duplicateVote'), fault('conflictingTimeouts')] })
    expect(delegated(testUser(2001))).toBe(BigInt(18_981 * HYPE))
    x.reload()
    x.endBlock(100, { misbehavior: [fault('conflictingQCs')] })
    expect(delegated(testUser(2001))).toBe(BigInt(18_981 * HYPE))
    x.endBlock(100, { misbehavior: [fault('duplicateVote', 8n)] })
    expect(delegated(testUser(2001))).toBe((BigInt(18_981 * HYPE) * 95n) / 100n)
  })

  it('names who had the index in that epoch, and nobody once unbonding is over', () => {
    ok(alice, deposit(10_000))
    ok(alice, register())
    endEpoch()
    x.endBlock(100, { misbehavior: [fault('duplicateVote')] })
    expect(delegated(alice)).toBe(BigInt(10_000 * HYPE))
    expect(delegated(testUser(2001))).toBe(BigInt(19_000 * HYPE))
    x.endBlock(100, { misbehavior: [fault('duplicateVote', 7n, 2n)] })
    expect(delegated(alice)).toBe(BigInt(9_500 * HYPE))
    x.endBlock(7 * DAY)
    x.endBlock(100, { misbehavior: [fault('duplicateVote', 9n)] })
    expect(delegated(testUser(2001))).toBe(BigInt(19_000 * HYPE))
  })
})

describe('rewards: §9', () => {
  it('2.37 % a year at 400 million, by the inverse root of what is staked', () => {
    const total = 400_000_000n * 100_000_000n
    const year = { minutes: 525_600n, rewardPpm: 23_700n }
    expect(rewardOf(total, { total, ...year })).toBe((total * 237n) / 10_000n)
    expect(rewardOf(total / 4n, { total: total / 4n, ...year })).toBe((total * 237n) / 20_000n)
    expect(rewardOf(1n, { total: 0n, ...year })).toBe(0n)
    for (const n of [0n, 1n, 2n, 3n, 4n, 15n, 16n, 17n, 10n ** 40n, 10n ** 40n - 1n]) {
      const root = squareRoot(n)
      expect(root * root <= n && (root + 1n) * (root + 1n) > n).toBe(true)
    }
  })

  it('accrue by the least stake of the epoch, are paid at midnight, less commission', () => {
    x = start({ futureEmissions: '1000' })
    ok(testUser(2001), change({ commission_bps: 100 }))
    ok(alice, deposit(20_000))
    ok(alice, delegate(VALIDATORS[0]!, 10_000))
    endEpoch(90 * MINUTE)
    // A raise in the epoch earns from the next one on.
    ok(alice, delegate(VALIDATORS[0]!, 10_000))
    const before = supply()
    const total = BigInt(90_000 * HYPE)
    const own = { total, minutes: 90n, rewardPpm: 23_700n }
    endEpoch(DAY)
    const accrued = supply() - before
    const earned = rewardOf(BigInt(10_000 * HYPE), own)
    const commission = earned / 100n
    const ofValidators = 4n * rewardOf(BigInt(20_000 * HYPE), own)
    expect(accrued).toBe(earned + ofValidators)
    expect(delegated(alice)).toBe(BigInt(20_000 * HYPE) + earned - commission)
    expect(delegated(testUser(2001))).toBe(BigInt(20_000 * HYPE) + ofValidators / 4n + commission)
    const rewards = x.events().filter(({ kind }) => kind === 'delegatorReward')
    expect(rewards).toHaveLength(6)
    expect(x.machine.view.validators()[0]!.stake).toBeGreaterThan(BigInt(40_000 * HYPE))
  })

  it('end with the emissions, and a jailed validator earns none', () => {
    x = start({ futureEmissions: '0.00000005' })
    const before = supply()
    ok(SIGNERS[0]!, { type: 'CSignerAction', jailSelf: null })
    x.endBlock(90 * MINUTE)
    endEpoch()
    expect(supply() - before).toBe(5n)
    x.endBlock(90 * MINUTE)
    endEpoch(DAY)
    expect(supply() - before).toBe(5n)
    expect(delegated(testUser(2001))).toBe(BigInt(20_000 * HYPE))
    expect(delegated(testUser(2002))).toBe(BigInt(20_000 * HYPE) + 5n)
  })
})

it('a machine that is loaded names the same members and goes on with the same root', () => {
  const play = (reloads: boolean): Uint8Array => {
    x = start({ futureEmissions: '1000' })
    const next = (afterMs: number): void => void (reloads ? x.reload(afterMs) : x.endBlock(afterMs))
    for (const [i, who] of [alice, bob, carol].entries()) {
      ok(who, deposit(20_000))
      ok(who, delegate(VALIDATORS[i]!, 100 + i))
    }
    ok(carol, register())
    next(90 * MINUTE)
    ok(alice, withdraw(3))
    ok(alice, withdraw(4))
    x.machine.endEpoch(nextSet())
    next(DAY)
    ok(bob, delegate(VALIDATORS[1]!, 50, true))
    next(7 * DAY)
    ok(alice, withdraw(5))
    next(100)
    return x.root
  }
  expect(play(true)).toEqual(play(false))
})
