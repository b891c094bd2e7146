import type { Action, Address, Hex } from '@openliquid/primitives'
import { hexToBytes } from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import type { FillEvent } from './events.ts'
import { ASSETS, TestExchange, testGenesis, testUser, testUserHex } from './testing/index.ts'

const { hypePerp, hype } = ASSETS
const [alice, bob, carol] = [testUser(1), testUser(2), testUser(3)]
/** Wallets without an account. */
const [wallet, other, third] = [testUser(501), testUser(502), testUser(503)]
const signed = { signatureChainId: '0x66eee', hyperliquidChain: 'Testnet' } as const
const USDC_TOKEN = `USDC:0x${'00'.repeat(16)}`
const HYPE_TOKEN = `HYPE:0x${'02'.repeat(16)}`

function exchange(): TestExchange {
  return new TestExchange(testGenesis(3))
}

function hexOf(address: Address): Hex {
  return `0x${[...address].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

function approve(x: TestExchange, agent: Address, agentName?: string, user = alice) {
  return x.act(user, {
    type: 'approveAgent',
    ...signed,
    agentAddress: hexOf(agent),
    ...(agentName === undefined ? {} : { agentName }),
    nonce: 0,
  })
}

const buy: Action = {
  type: 'order',
  orders: [{ a: hypePerp, b: true, p: '39', s: '1', r: false, t: { limit: { tif: 'Gtc' } } }],
  grouping: 'na',
}
const noop: Action = { type: 'noop' }
const ok = { status: 'ok' }

function createSubAccount(x: TestExchange, name = 'sub', user = alice): Address {
  const receipt = x.act(user, { type: 'createSubAccount', name })
  if (receipt.status !== 'ok' || receipt.response.type !== 'createSubAccount') {
    throw new Error('refused')
  }
  return hexToBytes(receipt.response.data, 20)
}

function perpUsd(x: TestExchange, user: Address): string {
  return x.machine.view.clearinghouseState(user).marginSummary.totalRawUsd
}

describe('agents: §3.4', () => {
  it('sign L1 actions for their master', () => {
    const x = exchange()
    expect(x.act(wallet, buy)).toMatchObject({ code: 'OL_ACTION_UNKNOWN_SIGNER' })
    expect(approve(x, wallet)).toMatchObject(ok)
    expect(x.act(wallet, buy)).toMatchObject(ok)
    expect(x.machine.view.openOrders(alice)).toHaveLength(1)
    expect(x.machine.view.isSigner(wallet)).toBe(true)
    expect(x.machine.view.userExists(wallet)).toBe(false)
    expect(x.machine.view.userRole(wallet)).toEqual({
      role: 'agent',
      data: { user: testUserHex(1) },
    })
  })

  it('sign nothing that the wallet itself must sign', () => {
    const x = exchange()
    approve(x, wallet)
    const send: Action = {
      type: 'usdSend',
      ...signed,
      destination: testUserHex(2),
      amount: '1',
      time: 0,
    }
    expect(x.act(wallet, send)).toMatchObject({ code: 'OL_ACTION_UNKNOWN_SIGNER' })
    expect(approve(x, other, undefined, wallet)).toMatchObject({
      code: 'OL_ACTION_UNKNOWN_SIGNER',
    })
    // Money that someone sends to the wallet makes it an account, and changes nothing for its master.
    x.act(bob, { ...send, destination: hexOf(wallet) })
    expect(x.act(wallet, { ...send, amount: '0.5' })).toMatchObject(ok)
    x.act(wallet, buy)
    expect(x.machine.view.openOrders(alice)).toHaveLength(1)
    expect(perpUsd(x, alice)).toBe('1000000.0')
  })

  it('have nonces of their own', () => {
    const x = exchange()
    approve(x, wallet)
    const nonce = x.timestampMs
    expect(x.act(alice, noop, { nonce })).toMatchObject(ok)
    expect(x.act(wallet, noop, { nonce })).toMatchObject(ok)
    expect(x.act(wallet, noop, { nonce })).toMatchObject({ code: 'OL_ACTION_NONCE' })
  })

  it('are replaced by one of the same name, unnamed or named', () => {
    const x = exchange()
    for (const name of [undefined, 'bot']) {
      approve(x, wallet, name)
      expect(approve(x, other, name)).toMatchObject(ok)
      expect(x.act(wallet, noop)).toMatchObject({ code: 'OL_ACTION_UNKNOWN_SIGNER' })
      expect(x.act(other, noop)).toMatchObject(ok)
      approve(x, third, name)
    }
  })

  it('cannot use a nonce again after they were replaced', () => {
    const x = exchange()
    approve(x, wallet)
    const nonce = x.timestampMs
    x.act(wallet, noop, { nonce })
    approve(x, other)
    approve(x, wallet)
    expect(x.act(wallet, noop, { nonce })).toMatchObject({ code: 'OL_ACTION_NONCE' })
  })

  it('are three by name, two more for each sub-account, beside the unnamed one', () => {
    const x = exchange()
    approve(x, wallet)
    const named = (number: number) => approve(x, testUser(600 + number), `bot ${number}`).status
    expect([1, 2, 3, 4].map(named)).toEqual(['ok', 'ok', 'ok', 'err'])
    createSubAccount(x)
    expect([4, 5, 6].map(named)).toEqual(['ok', 'ok', 'err'])
    expect(x.machine.view.extraAgents(alice)).toHaveLength(5)
    expect(x.machine.view.extraAgents(alice)[0]).toEqual({
      address: testUserHex(601),
      name: 'bot 1',
      validUntil: null,
    })
  })

  it('end with their time', () => {
    const x = exchange()
    const validUntil = x.timestampMs + 10_000
    expect(approve(x, wallet, `bot valid_until ${validUntil}`)).toMatchObject(ok)
    expect(x.machine.view.extraAgents(alice)).toMatchObject([{ name: 'bot', validUntil }])
    x.endBlock(10_000)
    expect(x.act(wallet, noop)).toMatchObject(ok)
    x.reload(1)
    expect(x.act(wallet, noop)).toMatchObject({ code: 'OL_ACTION_UNKNOWN_SIGNER' })
    expect(x.machine.view.extraAgents(alice)).toEqual([])
  })

  it.each([
    ['a name of 17 characters', wallet, 'x'.repeat(17)],
    ['an end that is over', wallet, `bot valid_until 1`],
    ['an end more than 180 days ahead', wallet, `bot valid_until ${1_800_000_000_000}`],
    ['an address that is an account', bob, 'bot'],
    ['an address that is the signer of a validator', testUser(1001), 'bot'],
  ])('are refused for %s', (_name, agent, name) => {
    const x = exchange()
    expect(approve(x, agent, name)).toMatchObject({ code: 'OL_ACTION_AGENT' })
  })

  it("are refused when they are another's", () => {
    const x = exchange()
    approve(x, wallet)
    expect(approve(x, wallet, undefined, bob)).toMatchObject({ code: 'OL_ACTION_AGENT' })
    expect(approve(x, wallet, 'second name')).toMatchObject({ code: 'OL_ACTION_AGENT' })
    expect(approve(x, wallet)).toMatchObject(ok)
  })
})

describe('sub-accounts: §9', () => {
  it('have the address of the rule, and trade for their master with money of their own', () => {
    const x = exchange()
    const sub = createSubAccount(x)
    expect(hexOf(sub)).toMatchInlineSnapshot(`"0x62305820193047e7aa2d9cd6eb6096eb5bd365e6"`)
    expect(x.machine.view.userRole(sub)).toMatchObject({ role: 'subAccount' })
    const vaultAddress = sub
    expect(x.act(alice, buy, { vaultAddress })).toMatchObject({
      response: { data: { statuses: [{ error: 'Insufficient margin to place order.' }] } },
    })
    const transfer: Action = {
      type: 'subAccountTransfer',
      subAccountUser: hexOf(sub),
      isDeposit: true,
      usd: 1_000_000_000,
    }
    expect(x.act(alice, transfer)).toMatchObject(ok)
    expect(x.act(alice, buy, { vaultAddress })).toMatchObject({
      response: { data: { statuses: [{ resting: { oid: 2 } }] } },
    })
    expect(x.machine.view.openOrders(sub)).toHaveLength(1)
    expect(x.machine.view.openOrders(alice)).toEqual([])
    const cancel: Action = { type: 'cancel', cancels: [{ a: hypePerp, o: 2 }] }
    expect(x.act(alice, cancel)).toMatchObject({
      response: { data: { statuses: [{ error: expect.any(String) }] } },
    })
    approve(x, wallet)
    expect(x.act(wallet, cancel, { vaultAddress })).toMatchObject({
      response: { data: { statuses: ['success'] } },
    })
    expect(x.act(alice, { ...transfer, isDeposit: false })).toMatchObject(ok)
    expect(perpUsd(x, sub)).toBe('0.0')
    expect(perpUsd(x, alice)).toBe('1000000.0')
  })

  it("are nobody else's, and do not sign", () => {
    const x = exchange()
    const sub = createSubAccount(x)
    const refused = { code: 'OL_ACTION_VAULT' }
    expect(x.act(bob, buy, { vaultAddress: sub })).toMatchObject(refused)
    expect(x.act(alice, buy, { vaultAddress: bob })).toMatchObject(refused)
    expect(
      x.act(alice, { type: 'createSubAccount', name: 'nested' }, { vaultAddress: sub }),
    ).toMatchObject(refused)
    const subAccountUser = hexOf(sub)
    for (const action of [
      { type: 'subAccountModify', subAccountUser, name: 'mine' },
      { type: 'subAccountTransfer', subAccountUser, isDeposit: false, usd: 1 },
      {
        type: 'subAccountSpotTransfer',
        subAccountUser,
        isDeposit: false,
        token: USDC_TOKEN,
        amount: '1',
      },
    ] as const) {
      expect(x.act(bob, action)).toMatchObject({ code: 'OL_ACTION_SUB_ACCOUNT' })
    }
  })

  it('are named, renamed, listed, and at most ten', () => {
    const x = exchange()
    const subs = Array.from({ length: 10 }, (_, i) => createSubAccount(x, `sub ${i}`))
    expect(new Set(subs.map(hexOf)).size).toBe(10)
    expect(x.act(alice, { type: 'createSubAccount', name: 'one more' })).toMatchObject({
      code: 'OL_ACTION_SUB_ACCOUNT',
    })
    expect(x.act(bob, { type: 'createSubAccount', name: '' })).toMatchObject({
      code: 'OL_ACTION_SUB_ACCOUNT',
    })
    x.act(alice, { type: 'subAccountModify', subAccountUser: hexOf(subs[0]!), name: 'first' })
    x.reload()
    expect(
      x.machine.view
        .subAccounts(alice)
        ?.map(({ name }) => name)
        .slice(0, 2),
    ).toEqual(['first', 'sub 1'])
    expect(x.machine.view.subAccounts(bob)).toBeNull()
  })

  it('move tokens, and USDC between spot and perp', () => {
    const x = exchange()
    const sub = createSubAccount(x)
    const move = (token: string, amount: string, isDeposit: boolean) =>
      x.act(alice, {
        type: 'subAccountSpotTransfer',
        subAccountUser: hexOf(sub),
        isDeposit,
        token,
        amount,
      })
    expect(move(HYPE_TOKEN, '7.5', true)).toMatchObject(ok)
    expect(move(HYPE_TOKEN, '8', false)).toMatchObject({ code: 'OL_ACTION_BALANCE' })
    expect(move('NONE:0x00', '1', true)).toMatchObject({ code: 'OL_ACTION_TOKEN' })
    expect(move(USDC_TOKEN, '30', true)).toMatchObject(ok)
    const toPerp = (amount: string, user = alice) =>
      x.act(user, { type: 'usdClassTransfer', ...signed, amount, toPerp: true, nonce: 0 })
    expect(toPerp(`20 subaccount:${hexOf(sub)}`)).toMatchObject(ok)
    expect(toPerp(`1 subaccount:${hexOf(sub)}`, bob)).toMatchObject({
      code: 'OL_ACTION_SUB_ACCOUNT',
    })
    expect(perpUsd(x, sub)).toBe('20.0')
    expect(x.machine.view.spotClearinghouseState(sub).balances).toMatchObject([
      { coin: 'USDC', total: '10.0' },
      { coin: 'HYPE', total: '7.5' },
    ])
  })
})

describe('sendAsset', () => {
  it('takes from a sub-account of the user', () => {
    const x = exchange()
    const sub = createSubAccount(x)
    const send = (fields: Partial<Extract<Action, { type: 'sendAsset' }>>, user = alice) =>
      x.act(user, {
        type: 'sendAsset',
        ...signed,
        destination: hexOf(sub),
        sourceDex: '',
        destinationDex: '',
        token: USDC_TOKEN,
        amount: '10',
        fromSubAccount: '',
        nonce: 0,
        ...fields,
      })
    expect(send({})).toMatchObject(ok)
    expect(
      send({ fromSubAccount: hexOf(sub), destination: testUserHex(2), amount: '4' }),
    ).toMatchObject(ok)
    expect([perpUsd(x, sub), perpUsd(x, bob)]).toEqual(['6.0', '1000004.0'])
    expect(send({ fromSubAccount: hexOf(sub), destination: testUserHex(2) }, bob)).toMatchObject({
      code: 'OL_ACTION_SUB_ACCOUNT',
    })
  })

  it('by an agent only reaches accounts of its master', () => {
    const x = exchange()
    const sub = createSubAccount(x)
    approve(x, wallet)
    const nonce = x.timestampMs
    const action = (destination: Hex, own = nonce): Action => ({
      type: 'agentSendAsset',
      destination,
      sourceDex: '',
      destinationDex: '',
      token: USDC_TOKEN,
      amount: '5',
      fromSubAccount: '',
      nonce: own,
    })
    expect(x.act(wallet, action(hexOf(sub)), { nonce })).toMatchObject(ok)
    expect(perpUsd(x, sub)).toBe('5.0')
    expect(x.act(wallet, action(testUserHex(2), nonce + 1), { nonce: nonce + 1 })).toMatchObject({
      code: 'OL_ACTION_DESTINATION',
    })
    expect(x.act(wallet, action(hexOf(sub)), { nonce: nonce + 2 })).toMatchObject({
      code: 'OL_ACTION_MALFORMED',
    })
  })
})

describe('builder fees: §8.1', () => {
  const approveBuilder = (x: TestExchange, maxFeeRate: string, builder = testUserHex(3)) =>
    x.act(alice, { type: 'approveBuilderFee', ...signed, maxFeeRate, builder, nonce: 0 })
  const trade = (x: TestExchange, a: number, b: boolean, f: number) =>
    x.act(alice, {
      type: 'order',
      orders: [{ a, b, p: '40', s: '10', r: false, t: { limit: { tif: 'Gtc' } } }],
      grouping: 'na',
      builder: { b: testUserHex(3), f },
    })

  it('go to the builder with every fill, taken and made', () => {
    const x = exchange()
    expect(approveBuilder(x, '0.1%')).toMatchObject(ok)
    expect(x.machine.view.maxBuilderFee(alice, carol)).toBe(100)
    x.order(bob, hypePerp, 'sell', { px: '40', size: '10' })
    expect(trade(x, hypePerp, true, 50)).toMatchObject(ok)
    expect(trade(x, hypePerp, false, 100)).toMatchObject(ok)
    x.reload()
    x.order(bob, hypePerp, 'buy', { px: '40', size: '10' })
    const fills = x
      .events()
      .filter(
        (event): event is FillEvent =>
          event.kind === 'fill' && hexOf(event.user) === testUserHex(1),
      )
    // 400 USDC: 4.5 bp taker or 1.5 bp maker, and 5 or 10 bp for the builder.
    expect(fills.map(({ fill }) => [fill.fee, fill.builderFee])).toEqual([['0.46', '0.4']])
    expect(perpUsd(x, carol)).toBe('1000000.6')
  })

  it('are paid by sellers on spot', () => {
    const x = exchange()
    approveBuilder(x, '1%')
    x.order(bob, hype, 'buy', { px: '40', size: '10' })
    expect(trade(x, hype, false, 1_000)).toMatchObject(ok)
    x.order(bob, hype, 'sell', { px: '40', size: '10' })
    expect(trade(x, hype, true, 1_000)).toMatchObject(ok)
    x.endBlock()
    expect(x.machine.view.spotClearinghouseState(carol).balances[0]?.total).toBe('1000004.0')
  })

  it('are refused without approval, above it, and above the most', () => {
    const x = exchange()
    const refused = { code: 'OL_ACTION_BUILDER' }
    expect(trade(x, hypePerp, true, 1)).toMatchObject(refused)
    approveBuilder(x, '1%')
    expect(trade(x, hypePerp, true, 101)).toMatchObject(refused)
    approveBuilder(x, '0.005%')
    expect(trade(x, hypePerp, true, 6)).toMatchObject(refused)
    expect(trade(x, hypePerp, true, 5)).toMatchObject(ok)
    approveBuilder(x, '0%')
    expect(trade(x, hypePerp, true, 1)).toMatchObject(refused)
    expect(trade(x, hypePerp, true, 0)).toMatchObject(ok)
  })

  it.each(['1', '1.001%', '0.0001%', '%', 'x%'])('refuse the rate %s', (rate) => {
    expect(approveBuilder(exchange(), rate)).toMatchObject({ code: 'OL_ACTION_BUILDER' })
  })

  it('are approved for ten builders', () => {
    const x = exchange()
    for (let i = 0; i < 10; i++) {
      expect(approveBuilder(x, '0.1%', testUserHex(700 + i))).toMatchObject(ok)
    }
    expect(approveBuilder(x, '0.1%')).toMatchObject({ code: 'OL_ACTION_BUILDER' })
    expect(approveBuilder(x, '0%', testUserHex(700))).toMatchObject(ok)
    expect(approveBuilder(x, '0.1%')).toMatchObject(ok)
  })

  it('of a sub-account go by the approvals of its master', () => {
    const x = exchange()
    const sub = createSubAccount(x)
    approveBuilder(x, '0.1%')
    expect(x.machine.view.maxBuilderFee(sub, carol)).toBe(100)
  })
})

describe('address limits: §8.2', () => {
  function limited(): TestExchange {
    return new TestExchange(
      testGenesis(3, { limits: { addressLimits: true, openOrdersMax: 1_000 } }),
    )
  }
  const bulk = (size: number): Action => ({
    type: 'cancel',
    cancels: Array.from({ length: size }, () => ({ a: 0, o: 0 })),
  })
  const orders = (size: number): Action => ({
    type: 'order',
    orders: Array.from({ length: size }, () => ({
      a: 77,
      b: true,
      p: '1',
      s: '1',
      r: false,
      t: { limit: { tif: 'Gtc' } } as const,
    })),
    grouping: 'na',
  })
  const used = (x: TestExchange) => x.machine.view.userRateLimit(alice).nRequestsUsed

  /** Uses up all 10,000 requests of alice. */
  function exhausted(): TestExchange {
    const x = limited()
    for (let i = 0; i < 10; i++) expect(x.act(alice, orders(1_000))).toMatchObject(ok)
    return x
  }

  it('count a batch by its size, and what expired five times', () => {
    const x = limited()
    x.act(alice, orders(40))
    x.act(alice, noop)
    expect(x.act(alice, noop, { expiresAfter: 1 })).toMatchObject({ code: 'OL_ACTION_EXPIRED' })
    x.reload()
    expect(x.machine.view.userRateLimit(alice)).toEqual({
      cumVlm: '0.0',
      nRequestsUsed: 46,
      nRequestsCap: 10_000,
      nRequestsSurplus: 0,
    })
  })

  it('let one action through every ten seconds when they are used up', () => {
    const x = exhausted()
    expect(x.act(alice, noop)).toMatchObject(ok)
    expect(x.act(alice, noop)).toMatchObject({ code: 'OL_ACTION_RATE_LIMIT' })
    expect(used(x)).toBe(10_001)
    x.endBlock(9_999)
    expect(x.act(alice, noop)).toMatchObject({ code: 'OL_ACTION_RATE_LIMIT' })
    x.endBlock(1)
    expect(x.act(alice, orders(2))).toMatchObject({ code: 'OL_ACTION_RATE_LIMIT' })
    expect(x.act(alice, noop)).toMatchObject(ok)
    expect(x.act(bob, noop)).toMatchObject(ok)
  })

  it('let cancels go on to twice the limit', () => {
    const x = exhausted()
    for (let i = 0; i < 10; i++) expect(x.act(alice, bulk(1_000))).toMatchObject(ok)
    expect(x.act(alice, bulk(2))).toMatchObject({ code: 'OL_ACTION_RATE_LIMIT' })
  })

  it('grow by one request for every USDC traded', () => {
    const x = exhausted()
    x.order(bob, hypePerp, 'sell', { px: '40', size: '10' })
    x.act(alice, {
      type: 'order',
      orders: [{ a: hypePerp, b: true, p: '40', s: '10', r: false, t: { limit: { tif: 'Ioc' } } }],
      grouping: 'na',
    })
    expect(x.machine.view.userRateLimit(alice)).toMatchObject({
      cumVlm: '400.0',
      nRequestsCap: 10_400,
    })
    expect(x.act(alice, orders(399))).toMatchObject(ok)
  })

  it('grow by requests that were bought', () => {
    const x = limited()
    const reserve = (weight: number, destination?: Hex) =>
      x.act(alice, {
        type: 'reserveRequestWeight',
        weight,
        ...(destination === undefined ? {} : { destination }),
      })
    expect(reserve(2_000)).toMatchObject(ok)
    expect(perpUsd(x, alice)).toBe('999999.0')
    expect(x.machine.view.userRateLimit(alice)).toMatchObject({
      nRequestsUsed: 0,
      nRequestsCap: 10_000,
      nRequestsSurplus: 1_999,
    })
    expect(reserve(1_000, testUserHex(2))).toMatchObject(ok)
    expect(x.machine.view.userRateLimit(bob).nRequestsSurplus).toBe(1_000)
    expect(reserve(0)).toMatchObject({ code: 'OL_ACTION_MALFORMED' })
    expect(reserve(Number.MAX_SAFE_INTEGER)).toMatchObject({ code: 'OL_ACTION_MALFORMED' })
    expect(reserve(2_000_000_000)).toMatchObject({ code: 'OL_ACTION_MARGIN' })
    expect(reserve(1, testUserHex(900))).toMatchObject({ code: 'OL_ACTION_DESTINATION' })
  })
})
