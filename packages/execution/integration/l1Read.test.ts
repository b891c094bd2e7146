// A contract that reads the exchange through every precompile sees what the exchange says of itself.
import {
  type Action,
  type Address,
  bytesToUint,
  keccak256,
  type TokenInfoReading,
  utf8ToBytes,
} from '@openliquid/primitives'
import { memoryStore } from '@openliquid/storage/testing'
import { expect, test } from 'vitest'
import { Application } from '../src/index.ts'
import {
  addressWord,
  bridgeGenesis,
  callData,
  created,
  initCode,
  TOKENS,
  toEvm,
} from './bridgeChain.ts'
import { actionOf, alice, bob, evmTransactionOf, limitOrder, run } from './chain.ts'

const BTC = 0
const PURR_PAIR = 0
const SPOT_ASSET_MIN = 10_000

test('all reads by a Solidity contract are those of the exchange', async () => {
  const genesis = bridgeGenesis()
  const application = await Application.create({
    store: memoryStore(),
    genesis,
    clock: () => genesis.genesisTimeMs + 1_000,
  })
  const nonce = (offset: number): number => genesis.genesisTimeMs + offset
  const buy = (isBuy: boolean, px: string): ReturnType<typeof limitOrder> =>
    limitOrder({ isBuy, px, sz: '0.01' })
  await run(application, [
    evmTransactionOf(alice, {
      nonce: 0,
      data: initCode('reads', 'L1ReadProbe'),
      gasLimit: 5_000_000,
    }),
    actionOf(alice, buy(true, '60000'), nonce(1)),
    actionOf(bob, buy(false, '60000'), nonce(2)),
    actionOf(bob, buy(true, '59000'), nonce(3)),
    actionOf(alice, { ...toEvm('HYPE', '1'), time: nonce(4) } as Action, nonce(4)),
  ])
  const probe = created(alice.address, 0)
  const reader = application.view.core.reader()
  expect(reader.positionOf(alice.address, BTC)?.size).toBe(1_000n)

  for (const user of [alice.address, bob.address, new Uint8Array(20).fill(0x77)]) {
    for (const token of [TOKENS.purr, TOKENS.hype]) {
      const data = callData('words(address,uint16,uint32,uint32)', user, BTC, PURR_PAIR, token)
      const result = await application.view.evm.call({ to: probe, data })
      if (result.status !== 'success') throw new Error(result.status)
      const length = Number(bytesToUint(result.output.subarray(32, 64)))
      const seen = wordsOf(result.output.subarray(64, 64 + length))
      expect(seen).toEqual(expectedWords(application, user, token))
    }
  }
})

test('what does not exist makes the call fail', async () => {
  const genesis = bridgeGenesis()
  const application = await Application.create({
    store: memoryStore(),
    genesis,
    clock: () => genesis.genesisTimeMs + 1_000,
  })
  await run(application, [
    evmTransactionOf(alice, {
      nonce: 0,
      data: initCode('reads', 'L1ReadProbe'),
      gasLimit: 5_000_000,
    }),
  ])
  const to = created(alice.address, 0)
  for (const data of [
    callData('position(address,uint16)', alice.address, 9),
    callData('spotBalance(address,uint64)', alice.address, 9),
    callData('userVaultEquity(address,address)', alice.address, bob.address),
    callData('spotPx(uint32)', 9),
    callData('perpAssetInfo(uint32)', 9),
    callData('tokenInfo(uint32)', 9),
    callData('bbo(uint32)', 9),
    callData('accountMarginSummary(uint32,address)', 1, alice.address),
  ]) {
    expect(await application.view.evm.call({ to, data, gas: 200_000n })).not.toMatchObject({
      status: 'success',
    })
  }
})

function wordsOf(bytes: Uint8Array): bigint[] {
  return Array.from({ length: bytes.length / 32 }, (_, index) =>
    bytesToUint(bytes.subarray(32 * index, 32 * index + 32)),
  )
}

function expectedWords({ view }: Application, user: Address, token: number): bigint[] {
  const reader = view.core.reader()
  const position = some(reader.positionOf(user, BTC))
  const balance = some(reader.spotBalanceOf(user, token))
  const perp = some(reader.perpInfoOf(BTC))
  const pair = some(reader.spotInfoOf(PURR_PAIR))
  const info = some(reader.tokenInfoOf(token))
  const supply = some(reader.tokenSupplyOf(token))
  const margin = some(reader.marginSummaryOf(0, user))
  const best = some(reader.bestPricesOf(BTC))
  const bestSpot = some(reader.bestPricesOf(SPOT_ASSET_MIN + PURR_PAIR))
  const positionWords = [
    position.size,
    position.entryNotional,
    position.isolatedRawUsd,
    position.leverage,
    position.isIsolated,
  ]
  return [
    ...positionWords,
    ...positionWords,
    ...[balance.total, balance.hold, balance.entryNotional],
    ...[reader.withdrawableOf(user), 0, 0, 0, 0, 0],
    ...[some(reader.markPriceOf(BTC)), some(reader.oraclePriceOf(BTC))],
    ...[some(reader.spotPriceOf(PURR_PAIR)), reader.height],
    ...[best.bid, best.ask, bestSpot.bid, bestSpot.ask],
    ...[hash(perp.coin), perp.marginTableId, perp.szDecimals, perp.maxLeverage, perp.onlyIsolated],
    ...[hash(pair.name), pair.base, pair.quote],
    ...tokenWords(info),
    ...[supply.maxSupply, supply.totalSupply, supply.circulatingSupply],
    ...[supply.futureEmissions, supply.nonCirculating.length],
    ...[margin.accountValue, margin.marginUsed, margin.positionNotional, margin.rawUsd],
    reader.userExists(user),
  ].map((value) => BigInt.asUintN(256, BigInt(value)))
}

function tokenWords(info: TokenInfoReading): (bigint | number)[] {
  return [
    hash(info.name),
    info.spotPairs.length,
    info.spotPairs[0] ?? 0,
    info.deployerTradingFeeShare,
    bytesToUint(addressWord(info.deployer)),
    bytesToUint(addressWord(info.evmContract)),
    info.szDecimals,
    info.weiDecimals,
    info.evmExtraWeiDecimals,
  ]
}

function hash(text: string): bigint {
  return bytesToUint(keccak256(utf8ToBytes(text)))
}

function some<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the exchange has it')
  return value
}
