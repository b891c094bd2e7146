// What the tests of bad input feed machines with: JSON as clients send it, read the way it comes in.
import {
  type Action,
  DecodeError,
  decodeAction,
  encodeAction,
  parseAction,
} from '@openliquid/primitives'
import { ExchangeMachine } from '../src/index.ts'
import { testGenesis } from '../src/testing/index.ts'

export type Json = string | number | boolean | null | readonly Json[] | JsonObject
export type JsonObject = { readonly [key: string]: Json }

export function machineOf(users: number): ExchangeMachine {
  const genesis = testGenesis(users, {
    staking: { selfDelegationMin: '1', futureEmissions: '10' },
  })
  return ExchangeMachine.genesis(genesis, { verifyPossession: () => true }).machine
}

/** What a client sends, by the way it comes in: JSON, then canonical bytes. */
export function readAction(json: Json): Action | undefined {
  try {
    return decodeAction(encodeAction(parseAction(json)))
  } catch (error) {
    if (error instanceof DecodeError) return undefined
    throw error
  }
}

/** Forms of actions that have several, beside the one that the table shows. */
export const MORE_FORMS: readonly JsonObject[] = [
  ...[{ tif: 'Gtc' }, { tif: 'Ioc' }, { tif: 'Alo' }, { tif: 'FrontendMarket' }].map((limit) => ({
    type: 'order',
    orders: [{ a: 0, b: true, p: '100000', s: '0.01', r: false, t: { limit } }],
    grouping: 'na',
  })),
  {
    type: 'order',
    orders: [
      { a: 1, b: true, p: '3900', s: '1', r: false, t: { limit: { tif: 'Gtc' } } },
      {
        a: 1,
        b: false,
        p: '3000',
        s: '1',
        r: true,
        t: { trigger: { isMarket: false, triggerPx: '3500', tpsl: 'sl' } },
      },
    ],
    grouping: 'normalTpsl',
    builder: { b: `0x${'00'.repeat(19)}02`, f: 10 },
  },
  { type: 'order', orders: [], grouping: { p: 1 } },
  ...[
    { registerToken2: { spec: { name: 'NEW', szDecimals: 2, weiDecimals: 8 }, maxGas: 1e12 } },
    {
      userGenesis: {
        token: 3,
        userAndWei: [[`0x${'00'.repeat(19)}02`, '1000']],
        existingTokenAndWei: [],
      },
    },
    { genesis: { token: 3, maxSupply: '1000', noHyperliquidity: true } },
    { registerSpot: { tokens: [3, 0] } },
    {
      registerHyperliquidity: {
        spot: 2,
        startPx: '1',
        orderSz: '1',
        nOrders: 10,
        nSeededLevels: 1,
      },
    },
    { setDeployerTradingFeeShare: { token: 3, share: '50%' } },
    { enableQuoteToken: { token: 3 } },
    { disableQuoteToken: { token: 3 } },
    {
      requestEvmContract: { token: 3, address: `0x${'00'.repeat(19)}55`, evmExtraWeiDecimals: 10 },
    },
  ].map((step) => ({ type: 'spotDeploy', ...step })),
  { type: 'CValidatorAction', unregister: null },
  {
    type: 'CValidatorAction',
    register: {
      profile: {
        node_ip: { Ip: '10.0.0.1' },
        name: 'v',
        description: '',
        delegations_disabled: false,
        commission_bps: 100,
        signer: `0x${'00'.repeat(19)}03`,
      },
      unjailed: true,
      initial_wei: 100_000_000,
    },
  },
  { type: 'CSignerAction', jailSelf: null },
  { type: 'CSignerAction', unjailSelf: null },
  { type: 'scheduleCancel' },
  { type: 'finalizeEvmContract', token: 3, input: 'firstStorageSlot' },
  { type: 'finalizeEvmContract', token: 3, input: { create: { nonce: 1 } } },
]
