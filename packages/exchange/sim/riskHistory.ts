// A random history of an exchange whose users have little money, much leverage, and prices that jump by half.
import type {
  Action,
  Address,
  BlockContext,
  GenesisBalance,
  GenesisCore,
  OrderWire,
  ValidatorInfo,
} from '@openliquid/primitives'
import { assert, hexToBytes, nextSetOf, sha256, uintToBytes } from '@openliquid/primitives'
import {
  type ExchangeEvent,
  ExchangeMachine,
  type ExchangeTransition,
  oracleBucketOf,
} from '../src/index.ts'
import {
  GENESIS_MS,
  type prng,
  randomStep,
  testContext,
  testCore,
  testGenesis,
  testUser,
  testUserHex,
} from '../src/testing/index.ts'

export interface RiskHistoryOptions {
  readonly seed: number
  readonly next: ReturnType<typeof prng>
  readonly actions: number
  readonly users: number
  /** Blocks after which the machine is loaded anew from what it stored, on average; 0 is never. */
  readonly reloadBlocks: number
}

/** What happened, and where it ended. */
export interface RiskHistoryResult {
  readonly actions: number
  readonly accepted: number
  readonly blocks: number
  readonly fills: number
  readonly marketLiquidations: number
  readonly backstops: number
  readonly deleveraged: number
  readonly fundings: number
  readonly reloads: number
  readonly vaultTransfers: number
  readonly vaultCloses: number
  readonly stakeChanges: number
  readonly rewards: number
  readonly slashes: number
  readonly epochs: number
  readonly root: Uint8Array
}

const PERPS = [
  { asset: 0, decimals: 1, szDecimals: 5, base: 1_000_000, maxLeverage: 40 },
  { asset: 1, decimals: 2, szDecimals: 4, base: 400_000, maxLeverage: 25 },
  { asset: 2, decimals: 4, szDecimals: 2, base: 400_000, maxLeverage: 10 },
] as const
type PerpSpec = (typeof PERPS)[number]

/**
 * Test markets with tiers that positions reach, strict isolated HYPE in every third history, HYPE without a
 * price outside in every fifth, and fee tiers.
 */
function core(options: RiskHistoryOptions): GenesisCore {
  const { users, seed } = options
  const balances = Array.from(
    { length: users },
    (_, i): GenesisBalance => ({
      address: testUserHex(i + 1),
      perp: String([50, 500, 5_000, 50_000, 500_000][i % 5]),
      spot: { USDC: '10000', PURR: '5000', HYPE: '100' },
    }),
  )
  const { perps, fees } = testCore(0)
  return testCore(0, {
    balances,
    perps: perps.map((perp) => ({
      ...perp,
      ...(perp.name === 'HYPE' && seed % 3 === 0
        ? { onlyIsolated: true, marginMode: seed % 2 === 0 ? 'noCross' : 'strictIsolated' }
        : {}),
      isHyperp: perp.name === 'HYPE' && seed % 5 === 4,
    })),
    marginTables: [
      {
        id: 56,
        description: 'BTC of the test net',
        marginTiers: [
          { lowerBound: '0', maxLeverage: 40 },
          { lowerBound: '10000', maxLeverage: 25 },
          { lowerBound: '50000', maxLeverage: 10 },
        ],
      },
    ],
    fees: {
      ...fees,
      tiers: [
        {
          volume: '100000',
          perpTakerPpm: 400,
          perpMakerPpm: 0,
          spotTakerPpm: 300,
          spotMakerPpm: 0,
        },
      ],
      makerRebates: [{ sharePpm: 200_000, rebatePpm: 30 }],
    },
    risk: { partialLiquidationNtl: '10000' },
    staking: {
      selfDelegationMin: '1',
      selfLockMs: 60_000,
      delegationLockMs: 10_000,
      validatorsMax: 5,
      jailMs: 20_000,
      missedSlotsMin: 3,
      silentBlocks: 40,
      rewardPpm: 1_000_000,
      futureEmissions: '50',
    },
  })
}

/** Four validators with 100 HYPE each. */
function validators(): ReturnType<typeof testGenesis>['validators'] {
  return testGenesis(0).validators.map((validator, i) => ({
    ...validator,
    stake: '10000000000',
    voteKey: `0x${`a${i}`.repeat(48)}`,
    nodeKey: `0x${`b${i}`.repeat(32)}`,
  }))
}

const OPTIONS = { verifyPossession: () => true }
const UNBONDING_MS = 3_600_000
/** Of one history: each costs a look at every block. */
const VAULTS_MAX = 4

/** Runs one history; throws where an invariant of docs/spec/hyperliquid.md §6.8 breaks. */
export function runRiskHistory(options: RiskHistoryOptions): RiskHistoryResult {
  const history = new RiskHistory(options)
  return history.run()
}

class RiskHistory {
  readonly #options: RiskHistoryOptions
  readonly #next: RiskHistoryOptions['next']
  readonly #store = new Map<string, readonly [key: Uint8Array, value: Uint8Array]>()
  readonly #oraclePx: number[] = PERPS.map(({ base }) => base)
  readonly #counts = {
    actions: 0,
    accepted: 0,
    blocks: 0,
    fills: 0,
    marketLiquidations: 0,
    backstops: 0,
    deleveraged: 0,
    fundings: 0,
    reloads: 0,
    vaultTransfers: 0,
    vaultCloses: 0,
    stakeChanges: 0,
    rewards: 0,
    slashes: 0,
    epochs: 0,
  }
  #machine: ExchangeMachine
  #root: Uint8Array
  #height = 0n
  #timestampMs = GENESIS_MS
  #nonce = GENESIS_MS

  constructor(options: RiskHistoryOptions) {
    this.#options = options
    this.#next = options.next
    const genesis = {
      ...testGenesis(0),
      core: core(options),
      validators: validators(),
      unbondingMs: UNBONDING_MS,
    }
    const { machine, coreRoot, writes } = ExchangeMachine.genesis(genesis, OPTIONS)
    this.#machine = machine
    this.#root = coreRoot
    this.#write(writes)
    this.#beginBlock(100)
  }

  run(): RiskHistoryResult {
    while (this.#counts.actions < this.#options.actions) this.#step()
    this.#endBlock(100)
    return { ...this.#counts, root: this.#root }
  }

  #step(): void {
    const dice = this.#next(100)
    if (dice < 4) this.#endBlock(this.#pause())
    else if (dice < 5) this.#submitOracle()
    else if (dice < 60) this.#act(this.#user(), this.#leveragedOrder())
    else if (dice < 64) this.#act(this.#user(), this.#leverage())
    else if (dice < 67) this.#act(this.#user(), this.#isolatedMargin())
    else if (dice < 74 && this.#hasFunds) this.#vaultStep()
    else if (dice < 80 && this.#hasFunds) this.#stakingStep()
    else this.#randomStep()
  }

  /** Mostly a block, sometimes a cooldown, seldom an hour or a day. */
  #pause(): number {
    const dice = this.#next(200)
    if (dice === 0) return 3_600_000
    if (dice === 1 && this.#next(this.#hasFunds ? 2 : 10) === 0) return 86_400_000
    return dice < 40 ? 3_000 + this.#next(12_000) : 50 + this.#next(400)
  }

  /** In every third history users also stake and trust vaults, which takes money from their own trading. */
  get #hasFunds(): boolean {
    return this.#options.seed % 3 === 0
  }

  #user(): number {
    return 1 + this.#next(this.#options.users)
  }

  #randomStep(): void {
    const step = randomStep(this.#next, this.#options.users)
    switch (step.kind) {
      case 'endBlock':
        return
      case 'coreWriter':
        this.#machine.applyCoreWriterAction(testUser(step.user), step.action, {
          evmTxHash: sha256(uintToBytes(this.#nonce, 8)),
          logIndex: 0,
        })
        this.#counts.actions += 1
        return
      case 'action':
        if (step.action.type !== 'validatorOracle') this.#act(step.user, step.action)
    }
  }

  /** Four validators see a price that walks, and jumps by up to half every twentieth time. */
  #submitOracle(): void {
    const prices: (readonly [number, string, string | null])[] = []
    for (const [i, perp] of PERPS.entries()) {
      const before = this.#oraclePx[i] ?? perp.base
      const permille = this.#next(20) === 0 ? 500 + this.#next(1_001) : 990 + this.#next(21)
      const moved = Math.round((before * permille) / 1_000)
      const px = Math.min(Math.max(moved, Math.ceil(perp.base / 30)), perp.base * 30)
      this.#oraclePx[i] = px
      const venue = this.#next(3) === 0 ? null : Math.max(1, px + this.#next(21) - 10)
      const perpPx = venue === null ? null : decimal(venue, perp.decimals)
      prices.push([perp.asset, decimal(px, perp.decimals), perpPx])
    }
    for (let i = 0; i < 4; i++) {
      const bucket = oracleBucketOf(this.#timestampMs)
      this.#act(1001 + i, { type: 'validatorOracle', bucket, prices })
    }
  }

  /** An order near the oracle, for a good part of what the account could carry. */
  #leveragedOrder(): Action {
    const spec = PERPS[this.#next(PERPS.length)] ?? PERPS[0]
    const oraclePx = this.#oraclePx[spec.asset] ?? spec.base
    const orders: OrderWire[] = Array.from({ length: 1 + this.#next(2) }, () =>
      this.#orderOf(spec, oraclePx),
    )
    return { type: 'order', orders, grouping: 'na' }
  }

  #orderOf(spec: PerpSpec, oraclePx: number): OrderWire {
    const isBuy = this.#next(2) === 0
    const spread = this.#next(40) === 0 ? 900 : 12
    const permille = 1_000 + this.#next(2 * spread + 1) - spread
    const px = fiveFigures(Math.max(1, Math.round((oraclePx * permille) / 1_000)), spec.decimals)
    const usd = 10 * 4 ** this.#next(9)
    const lots = Math.max(1, Math.ceil((usd * 1e6) / px) + this.#next(50))
    const tif = (['Gtc', 'Gtc', 'Ioc', 'Alo'] as const)[this.#next(4)] ?? 'Gtc'
    return {
      a: spec.asset,
      b: isBuy,
      p: decimal(px, spec.decimals),
      s: decimal(lots, spec.szDecimals),
      r: this.#next(8) === 0,
      t: { limit: { tif } },
    }
  }

  #leverage(): Action {
    const spec = PERPS[this.#next(PERPS.length)] ?? PERPS[0]
    const leverage = this.#next(3) > 0 ? spec.maxLeverage : 1 + this.#next(spec.maxLeverage)
    const isCross = this.#next(2) === 0
    return { type: 'updateLeverage', asset: spec.asset, isCross, leverage }
  }

  #isolatedMargin(): Action {
    const asset = this.#next(3)
    if (this.#next(3) === 0) {
      return { type: 'topUpIsolatedOnlyMargin', asset, leverage: String(1 + this.#next(10)) }
    }
    const ntli = (this.#next(2) === 0 ? 1 : -1) * (1 + this.#next(100_000_000))
    return { type: 'updateIsolatedMargin', asset, isBuy: true, ntli }
  }

  /** A vault is made, filled, emptied, traded by its leader, paid out or closed. */
  #vaultStep(): void {
    const vaults = this.#machine.view.vaults()
    const vault = vaults[this.#next(Math.max(1, vaults.length))]
    const dice = this.#next(20)
    if (vault === undefined || (dice === 0 && vaults.length < VAULTS_MAX)) {
      const nonce = Math.max(this.#nonce + 1, this.#timestampMs - 1_000_000)
      const initialUsd = 100_000_000 + this.#next(400_000_000)
      const action = { type: 'createVault', name: 'v', description: '', initialUsd, nonce } as const
      this.#act(this.#user(), action)
      return
    }
    const vaultAddress = vault.vault as `0x${string}`
    const leader = Number(BigInt(vault.leader))
    if (dice < 11) {
      this.#act(leader, this.#leveragedOrder(), hexToBytes(vaultAddress, 20))
      return
    }
    if (dice === 11) {
      const usd = this.#next(4) === 0 ? 0 : this.#next(50_000_000)
      this.#act(leader, { type: 'vaultDistribute', vaultAddress, usd })
      return
    }
    if (dice === 12) {
      const alwaysCloseOnWithdraw = this.#next(2) === 0
      this.#act(leader, { type: 'vaultModify', vaultAddress, alwaysCloseOnWithdraw })
      return
    }
    const isDeposit = dice < 17
    const user = isDeposit ? this.#user() : this.#holderOf(vaultAddress)
    const held = this.#machine.view
      .holdingsOf(testUser(user))
      .find((holding) => holding.vault === vaultAddress)
    const most = isDeposit ? 300_000_000 : Number(held?.equity ?? 1n)
    const usd = this.#next(3) === 0 ? most : this.#next(most + 1)
    this.#act(user, { type: 'vaultTransfer', vaultAddress, isDeposit, usd })
  }

  #holderOf(vault: string): number {
    const holders = this.#machine.view.vaultHoldings(hexToBytes(vault, 20))
    return Number(BigInt(holders[this.#next(Math.max(1, holders.length))]?.user ?? '0x1'))
  }

  #stakingStep(): void {
    const user = this.#next(6) === 0 ? 2001 + this.#next(4) : this.#user()
    const signed = { signatureChainId: '0x66eee', hyperliquidChain: 'Testnet' } as const
    const wei = this.#next(3) === 0 ? this.#next(1_000) : this.#next(4_000_000_000)
    const [nonce, dice] = [this.#nonce + 1, this.#next(12)]
    if (dice < 3) this.#act(user, { type: 'cDeposit', ...signed, wei, nonce })
    else if (dice < 5) this.#act(user, { type: 'cWithdraw', ...signed, wei, nonce })
    else if (dice < 9) {
      const known = this.#machine.view.validators()
      const validator = (known[this.#next(known.length)]?.validator ?? '0x') as `0x${string}`
      const isUndelegate = this.#next(2) === 0
      this.#act(user, { type: 'tokenDelegate', ...signed, validator, wei, isUndelegate, nonce })
    } else if (dice === 9) this.#act(user, this.#registration(user))
    else if (dice === 10) this.#act(user, { type: 'CValidatorAction', unregister: null })
    else this.#act(1001 + this.#next(4), { type: 'CSignerAction', unjailSelf: null })
  }

  #registration(user: number): Action {
    const byte = user.toString(16).padStart(2, '0').slice(-2)
    return {
      type: 'CValidatorAction',
      register: {
        profile: {
          node_ip: { Ip: '::1' },
          name: 'v',
          description: '',
          delegations_disabled: false,
          commission_bps: this.#next(10_001),
          signer: testUserHex(5_000 + user),
        },
        unjailed: true,
        initial_wei: 100_000_000 + this.#next(2_000_000_000),
        keys: {
          vote_key: `0x${byte.repeat(48)}`,
          node_key: `0x${byte.repeat(32)}`,
          vote_proof: `0x${byte.repeat(96)}`,
          node_proof: `0x${byte.repeat(64)}`,
        },
      },
    }
  }

  /** As headers tell it: who voted and missed, and now and then a proven fault. */
  #headers(): Partial<BlockContext> {
    const { epoch } = this.#machine
    const size = this.#machine.view.validators().filter(({ isActive }) => isActive).length
    const all = Array.from({ length: size }, (_, i) => i)
    const kinds = ['duplicateVote', 'conflictingQCs', 'conflictingTimeouts'] as const
    const isFaulty = this.#next(400) === 0
    return {
      epoch,
      proposer: this.#next(size),
      parentSigners: all.filter(() => this.#next(12) > 0),
      missedSlots: this.#next(9) === 0 ? [this.#next(size)] : [],
      misbehavior: isFaulty
        ? [
            {
              kind: kinds[this.#next(3)] ?? 'duplicateVote',
              validator: this.#next(size),
              epoch: epoch - BigInt(this.#next(2)),
              view: BigInt(this.#next(50)),
            },
          ]
        : [],
    }
  }

  /** The set that consensus would begin the next epoch with. */
  #rotate(): void {
    const members = this.#machine.view
      .validators()
      .filter(({ isActive }) => isActive)
      .map(({ validator, stake }, index): ValidatorInfo => {
        const key = uintToBytes(index, 1)
        return { index, address: hexToBytes(validator, 20), stake, voteKey: key, nodeKey: key }
      })
      .filter(({ stake }) => stake > 0n)
    const current = { epoch: this.#machine.epoch, validators: members, totalStake: 0n }
    this.#machine.endEpoch(nextSetOf(current, this.#machine.nextMembers().map(withIndex)))
  }

  #act(user: number, action: Action, vaultAddress?: Address): void {
    this.#nonce = Math.max(this.#nonce + 1, this.#timestampMs - 1_000_000)
    const txId = sha256(uintToBytes(this.#nonce, 8))
    const meta = {
      txId,
      nonce: this.#nonce,
      ...(vaultAddress === undefined ? {} : { vaultAddress }),
    }
    const receipt = this.#machine.applyAction(testUser(user), action, meta)
    this.#counts.actions += 1
    if (receipt.status === 'ok') this.#counts.accepted += 1
  }

  #beginBlock(afterMs: number): void {
    this.#height += 1n
    this.#timestampMs += afterMs
    this.#machine.beginBlock({
      ...testContext(this.#height, this.#timestampMs),
      ...this.#headers(),
    })
  }

  /** `endBlock` asserts conservation and the books itself; that nobody is in debt is looked at here. */
  #endBlock(afterMs: number): void {
    if (this.#next(60) === 0) this.#rotate()
    const { coreRoot, writes, events } = this.#machine.endBlock()
    this.#counts.blocks += 1
    this.#root = coreRoot
    this.#write(writes)
    this.#count(events)
    this.#assertNoDebt()
    const { reloadBlocks } = this.#options
    if (reloadBlocks > 0 && this.#counts.blocks % reloadBlocks === 0) this.#reload()
    this.#beginBlock(afterMs)
  }

  #reload(): void {
    const loaded = ExchangeMachine.load(this.#store.values(), OPTIONS)
    assert(same(loaded.coreRoot, this.#root), 'a loaded machine has another root')
    this.#machine = loaded
    this.#counts.reloads += 1
  }

  #assertNoDebt(): void {
    const users = [...Array(this.#options.users).keys()].map((i) => testUser(i + 1))
    users.push(new Uint8Array(20).fill(0xfd), new Uint8Array(20).fill(0xfe))
    for (const { vault } of this.#machine.view.vaults()) users.push(hexToBytes(vault, 20))
    for (const user of users) {
      const { crossMarginSummary, assetPositions } = this.#machine.view.clearinghouseState(user)
      const isSolvent =
        !crossMarginSummary.accountValue.startsWith('-') &&
        assetPositions.every(({ position }) => !position.marginUsed.startsWith('-'))
      assert(isSolvent, `user ${user.join()} is in debt after block ${this.#height}`)
    }
  }

  #count(events: readonly ExchangeEvent[]): void {
    for (const event of events) {
      if (event.kind === 'funding') this.#counts.fundings += 1
      if (event.kind === 'delegatorUpdate') this.#counts.stakeChanges += 1
      if (event.kind === 'delegatorReward') this.#counts.rewards += 1
      if (event.kind === 'epoch') this.#counts.epochs += 1
      if (event.kind === 'validatorUpdate' && event.change === 'slashed') this.#counts.slashes += 1
      if (event.kind === 'ledgerUpdate' && event.delta.type.startsWith('vault')) {
        this.#counts.vaultTransfers += 1
      }
      if (event.kind === 'orderUpdate' && event.details.orderType === 'Vault Close') {
        this.#counts.vaultCloses += 1
      }
      if (event.kind !== 'fill') continue
      this.#counts.fills += 1
      const { dir, liquidation } = event.fill
      if (dir === 'Auto-Deleveraging') this.#counts.deleveraged += 1
      else if (liquidation?.method === 'market') this.#counts.marketLiquidations += 1
      else if (dir.startsWith('Liquidated')) this.#counts.backstops += 1
    }
  }

  #write(writes: ExchangeTransition['writes']): void {
    for (const [key, value] of writes) {
      const name = Buffer.from(key).toString('latin1')
      if (value === undefined) assert(this.#store.delete(name), 'a delete of nothing')
      else this.#store.set(name, [key, value])
    }
  }
}

function withIndex(member: Omit<ValidatorInfo, 'index'>, index: number): ValidatorInfo {
  return { ...member, index }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0
}

/** The nearest price below that has five significant figures or no decimals. */
function fiveFigures(px: number, decimals: number): number {
  const step = 10 ** Math.max(0, Math.min(String(px).length - 5, decimals))
  return Math.max(1, Math.floor(px / step) * step)
}

/** The normal form of the wire: no trailing zeros. */
function decimal(units: number, decimals: number): string {
  const text = (units / 10 ** decimals).toFixed(decimals)
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text
}
