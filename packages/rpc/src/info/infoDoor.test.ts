// The queries of docs/spec/hyperliquid.md §10.1 by plain POST.
import { describe, expect, it } from 'vitest'
import { EXCHANGE_USER } from '../../test/memoryChainView.ts'
import { send, startServer } from '../../test/testServer.ts'

const NOBODY = `0x${'00'.repeat(20)}`

describe('POST /info', () => {
  it.each([
    [{ type: 'meta' }, expect.objectContaining({ collateralToken: 0 })],
    [{ type: 'meta', dex: '' }, expect.objectContaining({ collateralToken: 0 })],
    [{ type: 'spotMeta' }, { universe: [], tokens: [] }],
    [{ type: 'allMids' }, { BTC: '60000.5' }],
    [{ type: 'userAbstraction', user: EXCHANGE_USER }, 'disabled'],
    [{ type: 'liquidatable' }, [EXCHANGE_USER]],
    [{ type: 'maxMarketOrderNtls' }, [[0, '500000.0']]],
    [{ type: 'validatorL1Votes' }, [{ expireTime: 9, action: { D: 'ETH' }, votes: ['0x01'] }]],
    [
      { type: 'spotDeployState', user: EXCHANGE_USER },
      expect.objectContaining({ states: [], gasAuction: expect.anything() }),
    ],
    [
      { type: 'l2Book', coin: 'BTC', nSigFigs: null, mantissa: null },
      { coin: 'BTC', time: 1_700_000_000_000, levels: [[{ px: '60000.0', sz: '0.1', n: 1 }], []] },
    ],
    [{ type: 'l2Book', coin: 'NOPE' }, null],
    [{ type: 'openOrders', user: EXCHANGE_USER }, [expect.objectContaining({ oid: 7 })]],
    [{ type: 'openOrders', user: NOBODY }, []],
    [
      { type: 'frontendOpenOrders', user: EXCHANGE_USER.toUpperCase().replace('0X', '0x') },
      [expect.objectContaining({ orderType: 'Limit', triggerPx: '0.0' })],
    ],
    [
      { type: 'orderStatus', user: EXCHANGE_USER, oid: 7 },
      {
        status: 'order',
        order: {
          order: expect.objectContaining({ oid: 7 }),
          status: 'open',
          statusTimestamp: 1_700_000_000_000,
        },
      },
    ],
    [
      { type: 'orderStatus', user: EXCHANGE_USER, oid: `0x${'0'.repeat(30)}AB` },
      expect.objectContaining({ status: 'order' }),
    ],
    [{ type: 'clearinghouseState', user: NOBODY }, expect.objectContaining({ assetPositions: [] })],
    [
      { type: 'spotClearinghouseState', user: NOBODY },
      { balances: [{ coin: 'USDC', token: 0, total: '5.0', hold: '0.0', entryNtl: '0.0' }] },
    ],
    [{ type: 'userFills', user: NOBODY, aggregateByTime: false }, []],
    [{ type: 'userRole', user: EXCHANGE_USER }, { role: 'user' }],
    [{ type: 'userRole', user: NOBODY }, { role: 'missing' }],
    [{ type: 'exchangeStatus' }, { time: 1_700_000_000_000, specialStatuses: null }],
    [{ type: 'marginTable', id: 50 }, expect.objectContaining({ description: '' })],
    [
      { type: 'marginTable', id: 40 },
      { description: '', marginTiers: [{ lowerBound: '0.0', maxLeverage: 40 }] },
    ],
    [{ type: 'perpDexs' }, [null]],
    [{ type: 'perpAnnotation', coin: 'BTC' }, null],
    [{ type: 'subAccounts2', user: NOBODY }, null],
    [{ type: 'approvedBuilders', user: NOBODY }, []],
    [
      { type: 'l2Book', coin: 'BTC', nSigFigs: 5, mantissa: 2 },
      expect.objectContaining({ levels: [[{ px: '60000.0', sz: '0.1', n: 5 }], []] }),
    ],
    [{ type: 'orderStatus', user: EXCHANGE_USER, oid: 8 }, { status: 'unknownOid' }],
    [{ type: 'orderStatus', user: NOBODY, oid: 7 }, { status: 'unknownOid' }],
    [{ type: 'perpsAtOpenInterestCap' }, ['BTC']],
    [
      { type: 'perpDeployAuctionStatus' },
      { startTimeSeconds: 0, durationSeconds: 0, startGas: '0.0', currentGas: null, endGas: null },
    ],
    [{ type: 'allPerpMetas' }, [expect.objectContaining({ collateralToken: 0 })]],
    [{ type: 'userDexAbstraction', user: EXCHANGE_USER }, false],
    [{ type: 'delegations', user: NOBODY }, []],
    [
      { type: 'delegatorSummary', user: NOBODY },
      {
        delegated: '0.0',
        undelegated: '0.0',
        totalPendingWithdrawal: '0.0',
        nPendingWithdrawals: 0,
      },
    ],
  ])('answers %j', async (query, expected) => {
    const { server } = await startServer()
    const answer = await send(server, '/info', JSON.stringify(query))
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toBe('application/json')
    expect(answer.json()).toEqual(expected)
  })

  it.each([
    [null, 'OL_RPC_REQUEST'],
    [[], 'OL_RPC_REQUEST'],
    ['meta', 'OL_RPC_REQUEST'],
    [{}, 'OL_RPC_REQUEST'],
    [{ type: 1 }, 'OL_RPC_REQUEST'],
    [{ type: 'toString' }, 'OL_RPC_INFO_UNKNOWN'],
    [{ type: 'borrowLendUserState' }, 'OL_RPC_INFO_UNSUPPORTED'],
    [{ type: 'candleSnapshot' }, 'OL_RPC_PARAMS'],
    [
      { type: 'candleSnapshot', req: { coin: 'BTC', interval: '2m', startTime: 0 } },
      'OL_RPC_PARAMS',
    ],
    [{ type: 'fundingHistory', coin: 'BTC' }, 'OL_RPC_PARAMS'],
    [{ type: 'fundingHistory', coin: 'BTC', startTime: 2, endTime: 1 }, 'OL_RPC_PARAMS'],
    [{ type: 'userFunding', user: NOBODY, startTime: '0' }, 'OL_RPC_PARAMS'],
    [{ type: 'activeAssetData', user: NOBODY, coin: 'NOPE' }, 'OL_RPC_PARAMS'],
    [{ type: 'l2Book', coin: 'BTC', nSigFigs: 6 }, 'OL_RPC_PARAMS'],
    [{ type: 'l2Book', coin: 'BTC', nSigFigs: 4, mantissa: 2 }, 'OL_RPC_PARAMS'],
    [{ type: 'l2Book', coin: 'BTC', mantissa: 2 }, 'OL_RPC_PARAMS'],
    [{ type: 'userFills', user: NOBODY, aggregateByTime: 'yes' }, 'OL_RPC_PARAMS'],
    [{ type: 'meta', dex: 'other' }, 'OL_RPC_PARAMS'],
    [{ type: 'l2Book' }, 'OL_RPC_PARAMS'],
    [{ type: 'l2Book', coin: 'x'.repeat(65) }, 'OL_RPC_PARAMS'],
    [{ type: 'openOrders' }, 'OL_RPC_PARAMS'],
    [{ type: 'openOrders', user: '0x12' }, 'OL_RPC_PARAMS'],
    [{ type: 'openOrders', user: ['0x'] }, 'OL_RPC_PARAMS'],
    [{ type: 'orderStatus', user: EXCHANGE_USER, oid: -1 }, 'OL_RPC_PARAMS'],
    [{ type: 'marginTable', id: 0 }, 'OL_RPC_PARAMS'],
    [{ type: 'marginTable', id: 51 }, 'OL_RPC_PARAMS'],
    [{ type: 'marginTable', id: 40.5 }, 'OL_RPC_PARAMS'],
    [{ type: 'perpAnnotation', coin: 'NOPE' }, 'OL_RPC_PARAMS'],
    [{ type: 'tokenDetails', tokenId: '0x12' }, 'OL_RPC_PARAMS'],
    [{ type: 'tokenDetails' }, 'OL_RPC_PARAMS'],
  ])('answers 422 to %j: %s', async (query, code) => {
    const { server } = await startServer()
    const answer = await send(server, '/info', JSON.stringify(query))
    expect(answer.status).toBe(422)
    expect(answer.json()).toEqual({ status: 'err', response: expect.any(String), code })
  })
})
