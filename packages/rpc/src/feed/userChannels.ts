import type { ChainView, OrderUpdateEvent } from '@openliquid/execution'
import { type Address, bytesToHex } from '@openliquid/primitives'
import { fillsToJson, fundingPushToJson } from '../info/exchangeJson.ts'
import {
  defaultDexOnly,
  type Fields,
  flagOf,
  invalid,
  knownCoinOf,
  userOf,
} from '../info/infoFields.ts'
import { webData2, webData3 } from '../info/webData.ts'
import type { FeedMessage, StateChannel } from './feedChannel.ts'
import { type ChannelRequest, STATE_INTERVAL_MS } from './marketChannels.ts'
import {
  eventsOf,
  fundings,
  historicalOrders,
  ledgerUpdates,
  twapFills,
  twapHistory,
  type UserList,
} from './userLists.ts'

type ChannelMaker = (view: ChainView, fields: Fields) => ChannelRequest

/** Channels about one user, by subscription type. The makers run inside `ChainView.call`. */
export const userChannels: readonly [string, ChannelMaker][] = [
  ['orderUpdates', orderUpdates],
  ['userEvents', userEvents],
  ['userFills', userFills],
  ['userFundings', listOf('userFundings', 'fundings', fundings)],
  [
    'userNonFundingLedgerUpdates',
    listOf('userNonFundingLedgerUpdates', 'nonFundingLedgerUpdates', ledgerUpdates),
  ],
  ['userHistoricalOrders', listOf('userHistoricalOrders', 'orderHistory', historicalOrders)],
  ['userTwapSliceFills', listOf('userTwapSliceFills', 'twapSliceFills', twapFills)],
  ['userTwapHistory', listOf('userTwapHistory', 'history', twapHistory)],
  [
    'clearinghouseState',
    stateOf('clearinghouseState', STATE_INTERVAL_MS, ({ core }, user) => ({
      dex: '',
      user: bytesToHex(user),
      clearinghouseState: core.clearinghouseState(user),
    })),
  ],
  [
    'allDexsClearinghouseState',
    stateOf('allDexsClearinghouseState', STATE_INTERVAL_MS, ({ core }, user) => ({
      user: bytesToHex(user),
      clearinghouseStates: [['', core.clearinghouseState(user)]],
    })),
  ],
  [
    'openOrders',
    stateOf('openOrders', 0, ({ core }, user) => ({
      dex: '',
      user: bytesToHex(user),
      orders: core.frontendOpenOrders(user),
    })),
  ],
  [
    'spotState',
    stateOf('spotState', 0, ({ core }, user) => ({
      user: bytesToHex(user),
      spotState: core.spotClearinghouseState(user),
    })),
  ],
  [
    'twapStates',
    stateOf('twapStates', 0, ({ core }, user) => ({
      dex: '',
      user: bytesToHex(user),
      states: core.twapStates(user),
    })),
  ],
  [
    'webData2',
    stateOf('webData2', STATE_INTERVAL_MS, (view, user) => webData2(view, user, bytesToHex(user))),
  ],
  [
    'webData3',
    stateOf('webData3', STATE_INTERVAL_MS, (view, user) => webData3(view, user, bytesToHex(user))),
  ],
  ['activeAssetData', activeAssetData],
]

function orderUpdates(_: ChainView, fields: Fields): ChannelRequest {
  const user = bytesToHex(userOf(fields))
  return {
    key: [user],
    user,
    channel: {
      kind: 'events',
      opening: async () => [],
      after: (block) => {
        const updates = eventsOf(block, user, 'orderUpdate')
        if (updates.length === 0) return []
        const data = updates.map(({ order, status, statusTimestamp }) => ({
          order,
          status,
          statusTimestamp,
        }))
        return [{ channel: 'orderUpdates', data }]
      },
    },
  }
}

/** All that concerns a user on one channel, which is named `user`. */
function userEvents(_: ChainView, fields: Fields): ChannelRequest {
  const user = bytesToHex(userOf(fields))
  return {
    key: [user],
    user,
    channel: {
      kind: 'events',
      opening: async () => [],
      after: (block) => {
        const fills = eventsOf(block, user, 'fill').map(({ fill }) => fill)
        const nonUserCancel = eventsOf(block, user, 'orderUpdate')
          .filter(isNonUserCancel)
          .map(({ order: { coin, oid } }) => ({ coin, oid }))
        const parts = [
          ...(fills.length === 0 ? [] : [{ fills }]),
          ...eventsOf(block, user, 'funding').map((event) => ({
            funding: fundingPushToJson(event),
          })),
          ...(nonUserCancel.length === 0 ? [] : [{ nonUserCancel }]),
        ]
        return parts.map((data) => ({ channel: 'user', data }))
      },
    },
  }
}

/** Cancelled by the exchange: every cancel status but the plain one; docs/spec/hyperliquid.md §4.3. */
function isNonUserCancel({ status }: OrderUpdateEvent): boolean {
  return /(Canceled|^scheduledCancel|^internalCancel)$/.test(status)
}

function userFills(_: ChainView, fields: Fields): ChannelRequest {
  const address = userOf(fields)
  const user = bytesToHex(address)
  const isAggregated = flagOf(fields, 'aggregateByTime')
  return {
    key: [user, isAggregated],
    user,
    channel: {
      kind: 'events',
      opening: async ({ history }) => {
        const fills = fillsToJson(await history.userFills(address), isAggregated)
        return [{ channel: 'userFills', data: { user, fills, isSnapshot: true } }]
      },
      after: (block) => {
        const fills = fillsToJson(eventsOf(block, user, 'fill'), isAggregated)
        return fills.length === 0 ? [] : [{ channel: 'userFills', data: { user, fills } }]
      },
    },
  }
}

function listOf(type: string, field: string, list: UserList): ChannelMaker {
  return (_, fields) => {
    const address = userOf(fields)
    const user = bytesToHex(address)
    const message = (items: readonly unknown[], extra: { isSnapshot?: true }): FeedMessage => ({
      channel: type,
      data: { user, [field]: items, ...extra },
    })
    return {
      key: [user],
      user,
      channel: {
        kind: 'events',
        opening: async (view) => [
          message(await list.snapshot(view, address), { isSnapshot: true }),
        ],
        after: (block) => {
          const items = list.added(block, user)
          return items.length === 0 ? [] : [message(items, {})]
        },
      },
    }
  }
}

function stateOf(
  type: string,
  intervalMs: number,
  read: (view: ChainView, user: Address) => unknown,
): ChannelMaker {
  return (_, fields) => {
    defaultDexOnly(fields)
    const address = userOf(fields)
    const user = bytesToHex(address)
    const channel: StateChannel = {
      kind: 'state',
      intervalMs,
      // Prices move accounts without an event of their owner; the rest changes with one.
      isTouched: ({ ofUser }) => intervalMs > 0 || ofUser.has(user),
      read: async (view) => ({ channel: type, data: await read(view, address) }),
    }
    return { key: [user], user, channel }
  }
}

function activeAssetData(view: ChainView, fields: Fields): ChannelRequest {
  const address = userOf(fields)
  const user = bytesToHex(address)
  const coin = knownCoinOf(view, fields)
  if (view.core.activeAssetData(address, coin) === undefined) throw invalid('there is no such perp')
  const channel: StateChannel = {
    kind: 'state',
    intervalMs: STATE_INTERVAL_MS,
    isTouched: () => true,
    read: ({ core }) => ({ channel: 'activeAssetData', data: core.activeAssetData(address, coin) }),
  }
  return { key: [user, coin], user, channel }
}
