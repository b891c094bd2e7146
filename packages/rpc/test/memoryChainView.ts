// An in-memory chain for tests of the door: every submitted transaction becomes a block of its own at once.
import {
  type AccountValue,
  type ActionReceipt,
  type BlockResult,
  type ChainView,
  type EvmBlock,
  type EvmCallRequest,
  type EvmCallResult,
  type EvmLog,
  type EvmReceipt,
  type EvmTransaction,
  type EvmTransactionPlace,
  type EvmView,
  type ExchangeEvent,
  type ExchangeView,
  ExecutionError,
  History,
  MempoolError,
  type TransactionOutcome,
} from '@openliquid/execution'
import {
  type Address,
  actionEnvelopeCodec,
  bytesToHex,
  type Hash,
  hexToBytes,
  keccak256,
  TRANSACTION_KIND,
  type Transaction,
  transactionId,
  uintToBytes,
} from '@openliquid/primitives'
import { memoryStore } from '@openliquid/storage/testing'
import { parseTransaction, recoverTransactionAddress, type TransactionSerialized } from 'viem'

export const CHAIN_ID = 1998
const GWEI = 1_000_000_000n

/** Handles of the double that a test pulls. */
export interface MemoryChain {
  readonly view: ChainView
  readonly actions: Uint8Array[]
  /** What eth_call and eth_estimateGas answer. */
  onCall: (request: EvmCallRequest) => EvmCallResult
  /** What an action comes to; undefined lets the client wait until its time-out. */
  onAction: (txId: Hash) => ActionReceipt | undefined
  /** Thrown by the next submit. */
  rejection: MempoolError | undefined
  /** Logs of the next Ethereum transaction. */
  logs: { readonly address: Address; readonly topics: readonly Hash[]; readonly data: Uint8Array }[]
  /** Transactions stay in the mempool. */
  isStalled: boolean
  listenerCount(): number
  mine(transactions: readonly EvmTransaction[]): void
  /** Executes a block in which the exchange did this; the time of the block is `timeMs`. */
  happen(
    events: readonly ExchangeEvent[],
    timeMs?: number,
    values?: readonly (readonly [user: Address, value: AccountValue])[],
  ): Promise<void>
  /** What the exchange answers; a test changes it between blocks. */
  readonly core: { -readonly [K in keyof ExchangeView]: ExchangeView[K] }
}

export function hashOf(seed: number | bigint): Hash {
  return keccak256(uintToBytes(seed, 8))
}

/** @param realEvm - takes the place of the double's own EVM in the view; then nothing is mined here */
export function memoryChain(
  balances: Readonly<Record<string, bigint>> = {},
  realEvm?: EvmView,
): MemoryChain {
  const accounts = new Map<string, { balance: bigint; nonce: bigint }>()
  for (const [address, balance] of Object.entries(balances)) {
    accounts.set(address.toLowerCase(), { balance, nonce: 0n })
  }
  const blocks: EvmBlock[] = [emptyBlock(0n)]
  const receiptsByNumber: EvmReceipt[][] = [[]]
  const placesByNumber: EvmTransactionPlace[][] = [[]]
  const pending: EvmTransaction[] = []
  const outcomes = new Map<string, TransactionOutcome>()
  const listeners = new Set<(result: BlockResult) => void>()
  const pendingListeners = new Set<(transaction: EvmTransaction) => void>()
  const store = memoryStore()
  const history = new History(store)
  const core = memoryExchange()
  let height = 0n

  const head = (): EvmBlock => blocks.at(-1) as EvmBlock
  const account = (address: Address): { balance: bigint; nonce: bigint } =>
    accounts.get(bytesToHex(address)) ?? { balance: 0n, nonce: 0n }

  const notHere = (): never => {
    throw new Error('this double keeps no states and runs nothing: use a real executor')
  }
  const evm: EvmView = {
    at: () => evm,
    get number() {
      return head().header.number
    },
    get oldestState() {
      return head().header.number
    },
    oldestBlock: 0n,
    getProof: notHere,
    createAccessList: notHere,
    simulate: notHere,
    traceTransaction: notHere,
    traceBlock: notHere,
    traceCall: notHere,
    storageRange: notHere,
    codeByHash: () => undefined,
    findBySender: async (sender, nonce) =>
      placesByNumber
        .flat()
        .find(
          ({ transaction }) =>
            transaction.nonce === nonce && bytesToHex(transaction.sender) === bytesToHex(sender),
        ),
    statesKept: 1,
    findLogs: async (filter) => evm.getLogs(filter),
    chainId: BigInt(CHAIN_ID),
    get head() {
      return head()
    },
    getBalance: (address) => account(address).balance,
    getNonce: (address) => account(address).nonce,
    getCode: (address) => (address[0] === 0xcc ? Uint8Array.of(0x60, 0x00) : new Uint8Array()),
    getStorage: (_, slot) => slot,
    call: async (request) => chain.onCall(request),
    estimateGas: async (request) => {
      const result = chain.onCall(request)
      return result.status === 'success' ? { status: 'success', gas: result.gasUsed } : result
    },
    getBlockByNumber: (number) => blocks[Number(number)],
    getBlockByHash: (hash) => blocks.find((block) => bytesToHex(block.hash) === bytesToHex(hash)),
    getTransaction: (hash) =>
      placesByNumber
        .flat()
        .find(({ transaction }) => bytesToHex(transaction.hash) === bytesToHex(hash)),
    getTransactions: (number) => placesByNumber[Number(number)],
    getReceipt: (hash) =>
      receiptsByNumber
        .flat()
        .find(({ transactionHash }) => bytesToHex(transactionHash) === bytesToHex(hash)),
    getReceipts: (number) => receiptsByNumber[Number(number)],
    getSystemTransactions: () => [],
    getSystemReceipts: () => [],
    getLogs: (filter) =>
      receiptsByNumber
        .flat()
        .flatMap(({ logs }) => logs)
        .filter((log) =>
          filter.blockHash === undefined
            ? log.blockNumber >= (filter.fromNumber ?? 0n) &&
              log.blockNumber <= (filter.toNumber ?? head().header.number)
            : bytesToHex(log.blockHash) === bytesToHex(filter.blockHash),
        ),
    getBaseFee: () => GWEI,
    getGasLimit: () => 30_000_000n,
    getFeeHistory: ({ newestNumber, rewardPercentiles }) => ({
      oldestNumber: newestNumber,
      baseFeePerGas: [GWEI, GWEI],
      gas: [{ used: 15_000_000n, limit: 30_000_000n }],
      ...(rewardPercentiles === undefined ? {} : { reward: [rewardPercentiles.map(() => 0n)] }),
    }),
  }

  const mine = (transactions: readonly EvmTransaction[]): void => {
    const number = head().header.number + 1n
    const block: EvmBlock = {
      ...emptyBlock(number),
      transactionHashes: transactions.map(({ hash }) => hash),
    }
    const logs = chain.logs.splice(0)
    const receipts = transactions.map((transaction, transactionIndex): EvmReceipt => {
      const sender = account(transaction.sender)
      accounts.set(bytesToHex(transaction.sender), {
        balance: sender.balance - transaction.value,
        nonce: sender.nonce + 1n,
      })
      if (transaction.to !== undefined) {
        const to = account(transaction.to)
        accounts.set(bytesToHex(transaction.to), { ...to, balance: to.balance + transaction.value })
      }
      return {
        transactionHash: transaction.hash,
        transactionIndex,
        blockHash: block.hash,
        blockNumber: number,
        type: transaction.type,
        from: transaction.sender,
        ...(transaction.to === undefined ? {} : { to: transaction.to }),
        status: 1,
        gasUsed: 21_000n,
        cumulativeGasUsed: 21_000n,
        effectiveGasPrice: GWEI,
        logs: logs.map(
          (log, logIndex): EvmLog => ({
            ...log,
            blockNumber: number,
            blockHash: block.hash,
            timestamp: block.header.timestamp,
            transactionHash: transaction.hash,
            transactionIndex,
            logIndex,
          }),
        ),
        logsBloom: new Uint8Array(256),
      }
    })
    blocks.push(block)
    receiptsByNumber.push(receipts)
    placesByNumber.push(
      transactions.map((transaction, transactionIndex) => ({
        transaction,
        transactionIndex,
        blockHash: block.hash,
        blockNumber: number,
        effectiveGasPrice: GWEI,
      })),
    )
    tell([], 1_000 * Number(number), [{ block, receipts, systemReceipts: [] }])
  }
  const tell = (
    events: readonly ExchangeEvent[],
    timestampMs: number,
    evmBlocks: BlockResult['evmBlocks'],
  ): void => {
    height += 1n
    const blockHash = hashOf(height)
    const result: BlockResult = {
      height,
      blockHash,
      timestampMs,
      stateRoot: blockHash,
      receipts: [],
      events,
      evmBlocks,
    }
    for (const listener of listeners) listener(result)
  }
  const happen = async (
    events: readonly ExchangeEvent[],
    timeMs: number = core.timestampMs,
    values: readonly (readonly [user: Address, value: AccountValue])[] = [],
  ): Promise<void> => {
    const writes = history.writesOf({ height: height + 1n, receipts: [], events, evm: [], values })
    await store.batch(writes, { sync: false })
    core.timestampMs = timeMs
    tell(events, timeMs, [])
  }

  const view: ChainView = {
    chain: {
      chainId: CHAIN_ID,
      network: 'Testnet',
      genesisHash: hashOf(0),
      precompiles: [],
      // All that the door reads of a genesis.
      genesis: {
        core: {
          perps: [{ name: 'BTC', openInterestCap: '180003' }],
        },
        validators: [
          { address: `0x${'a1'.repeat(20)}`, signer: `0x${'a2'.repeat(20)}`, stake: '5' },
        ],
        evm: { lanes: [{ periodMs: 0, gasLimit: 30_000_000, baseFee: '1', baseFeeMin: '1' }] },
      } as unknown as ChainView['chain']['genesis'],
    },
    get head() {
      return { height, blockHash: hashOf(height), timestampMs: 1, stateRoot: hashOf(height) }
    },
    core,
    evm: realEvm ?? evm,
    history,
    call: async (read) => read(),
    submit: async (transaction) => {
      if (chain.rejection !== undefined) throw chain.rejection
      const txId = transactionId(transaction.kind, transaction.bytes)
      if (transaction.kind === TRANSACTION_KIND.action) {
        actionEnvelopeCodec.decode(transaction.bytes)
        chain.actions.push(transaction.bytes)
        const receipt = chain.onAction(txId)
        if (receipt !== undefined) {
          outcomes.set(bytesToHex(txId), { kind: 'action', txId, height: 1n, receipt })
        }
        return { txId, sender: new Uint8Array(20) }
      }
      const decoded = await decodeTransaction(transaction)
      for (const listener of pendingListeners) listener(decoded)
      if (chain.isStalled) pending.push(decoded)
      else {
        mine([decoded])
        const receipt = evm.getReceipt(decoded.hash) as EvmReceipt
        outcomes.set(bytesToHex(txId), { kind: 'evm', txId, height: 1n, receipt })
      }
      return { txId, sender: decoded.sender, evmHash: decoded.hash }
    },
    waitForReceipt: async (txId, timeoutMs = 10_000) => {
      const outcome = outcomes.get(bytesToHex(txId))
      if (outcome !== undefined) return outcome
      throw new ExecutionError(`no receipt within ${timeoutMs} ms`, {
        code: 'OL_RECEIPT_TIMEOUT',
        txId: bytesToHex(txId),
        timeoutMs,
      })
    },
    onBlock: (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    onPendingEvm: (listener) => {
      pendingListeners.add(listener)
      return () => pendingListeners.delete(listener)
    },
    outcomeOf: (txId) => outcomes.get(bytesToHex(txId)),
    userFills: (user) => history.userFills(user),
    blockAt: () => undefined,
    blockByHash: () => undefined,
    pendingNonce: (address) => account(address).nonce + BigInt(pending.length),
    pendingEvmTransactionOf: (sender, nonce) =>
      pending.find(
        (transaction) =>
          transaction.nonce === nonce && bytesToHex(transaction.sender) === bytesToHex(sender),
      ),
    pendingEvmTransaction: (hash) =>
      pending.find((transaction) => bytesToHex(transaction.hash) === bytesToHex(hash)),
    mempool: () => ({
      transactions: pending.length,
      bytes: 100 * pending.length,
      actions: 0,
      evmPending: pending.length,
      evmQueued: 0,
    }),
    evmPool: () => ({ pending, queued: [] }),
  }

  const chain: MemoryChain = {
    view,
    actions: [],
    onCall: () => ({ status: 'success', output: new Uint8Array(32), gasUsed: 21_000n }),
    onAction: (txId) => ({ txId, status: 'ok', response: { type: 'default' } }),
    rejection: undefined,
    logs: [],
    isStalled: false,
    listenerCount: () => listeners.size + pendingListeners.size,
    mine,
    happen,
    core,
  }
  return chain
}

/** Deterministic: block n of every double has the same hash. */
export function emptyBlock(number: bigint): EvmBlock {
  return {
    hash: hashOf(1_000n + number),
    header: {
      parentHash: hashOf(999n + number),
      ommersHash: hexToBytes('0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347'),
      coinbase: new Uint8Array(20),
      stateRoot: hashOf(number),
      transactionsRoot: hashOf(number),
      receiptsRoot: hashOf(number),
      logsBloom: new Uint8Array(256),
      difficulty: 0n,
      number,
      gasLimit: 30_000_000n,
      gasUsed: 21_000n,
      timestamp: 1_700_000_000n + number,
      extraData: new Uint8Array(),
      prevRandao: new Uint8Array(32),
      nonce: new Uint8Array(8),
      baseFeePerGas: GWEI,
      withdrawalsRoot: hashOf(number),
      blobGasUsed: 0n,
      excessBlobGas: 0n,
      parentBeaconBlockRoot: hashOf(number),
    },
    height: number,
    lane: 0,
    transactionHashes: [],
    size: 600,
  }
}

async function decodeTransaction(transaction: Transaction): Promise<EvmTransaction> {
  const serialized = bytesToHex(transaction.bytes) as TransactionSerialized
  let parsed: ReturnType<typeof parseTransaction>
  try {
    parsed = parseTransaction(serialized)
  } catch {
    throw new MempoolError('rlp: not a transaction', {
      code: 'OL_MEMPOOL_MALFORMED',
      reason: 'rlp',
      fault: 'OL_EVM_TX_MALFORMED',
    })
  }
  const type = parsed.type === 'legacy' ? 0 : parsed.type === 'eip2930' ? 1 : 2
  const gasPrice = 'gasPrice' in parsed ? (parsed.gasPrice as bigint | undefined) : undefined
  return {
    type,
    hash: keccak256(transaction.bytes),
    sender: hexToBytes(await recoverTransactionAddress({ serializedTransaction: serialized })),
    chainId: BigInt(parsed.chainId ?? CHAIN_ID),
    nonce: BigInt(parsed.nonce ?? 0),
    gasLimit: parsed.gas ?? 0n,
    ...(parsed.to === undefined || parsed.to === null ? {} : { to: hexToBytes(parsed.to) }),
    value: parsed.value ?? 0n,
    data: hexToBytes(parsed.data ?? '0x'),
    maxFeePerGas: gasPrice ?? parsed.maxFeePerGas ?? 0n,
    maxPriorityFeePerGas: gasPrice ?? parsed.maxPriorityFeePerGas ?? 0n,
    accessList: [],
    yParity: (parsed.yParity ?? (Number(parsed.v ?? 0n) + 1) % 2) as 0 | 1,
    v: parsed.v ?? 0n,
    r: BigInt(parsed.r ?? 0),
    s: BigInt(parsed.s ?? 0),
    bytes: transaction.bytes,
  }
}

/** One market, one order, one user: 0xaa…. */
export const EXCHANGE_USER = `0x${'aa'.repeat(20)}`

function memoryExchange(): MemoryChain['core'] {
  const order = {
    coin: 'BTC',
    side: 'B' as const,
    limitPx: '60000.0',
    sz: '0.1',
    oid: 7,
    timestamp: 1_700_000_000_000,
    origSz: '0.1',
  }
  const frontendOrder = {
    ...order,
    triggerCondition: 'N/A',
    isTrigger: false,
    triggerPx: '0.0',
    children: [],
    isPositionTpsl: false,
    reduceOnly: false,
    orderType: 'Limit',
    tif: 'Gtc',
    cloid: '0x000000000000000000000000000000ab',
  }
  const margin = {
    accountValue: '1000.0',
    totalNtlPos: '0.0',
    totalRawUsd: '1000.0',
    totalMarginUsed: '0.0',
  }
  const isUser = (user: Address): boolean => bytesToHex(user) === EXCHANGE_USER
  return {
    height: 1n,
    timestampMs: 1_700_000_000_000,
    meta: () => ({
      universe: [{ szDecimals: 5, name: 'BTC', maxLeverage: 50, marginTableId: 50 }],
      marginTables: [
        [50, { description: '', marginTiers: [{ lowerBound: '0.0', maxLeverage: 50 }] }],
      ],
      collateralToken: 0,
    }),
    spotMeta: () => ({ universe: [], tokens: [] }),
    vaults: () => [],
    vault: () => undefined,
    vaultHoldings: () => [],
    holdingsOf: () => [],
    validators: () => [
      {
        validator: EXCHANGE_USER,
        signer: EXCHANGE_USER,
        name: 'one',
        description: 'the first',
        commissionBps: 50,
        stake: 1_000_000n,
        isJailed: false,
        unjailableAfterMs: undefined,
        isActive: true,
        proposed: 9,
        missed: 1,
      },
    ],
    allMids: () => ({ BTC: '60000.5' }),
    perpContexts: () => [
      {
        coin: 'BTC',
        markPx: '60001.0',
        oraclePx: '60002.0',
        midPx: '60000.5',
        openInterest: '3.0',
        funding: '0.0000125',
        premium: '0.0',
        impactPxs: ['60000.0', '60001.0'],
      },
    ],
    spotContexts: () => [
      {
        coin: 'PURR/USDC',
        markPx: '0.2',
        midPx: null,
        circulatingSupply: '100.0',
        totalSupply: '100.0',
      },
    ],
    // With figures the only level says so, to show that they came through.
    l2Book: (coin, aggregation) =>
      coin === 'BTC'
        ? {
            coin,
            time: 1_700_000_000_000,
            levels: [[{ px: '60000.0', sz: '0.1', n: aggregation?.figures ?? 1 }], []],
          }
        : undefined,
    activeAssetData: (user, coin) =>
      coin === 'BTC'
        ? {
            user: bytesToHex(user),
            coin,
            leverage: { type: 'cross', value: 20 },
            maxTradeSzs: ['1.0', '1.0'],
            availableToTrade: ['10.0', '10.0'],
            markPx: '60001.0',
          }
        : undefined,
    userFees: () => ({
      user: { perpTakerPpm: 400, perpMakerPpm: -10, spotTakerPpm: 700, spotMakerPpm: 400 },
      base: { perpTakerPpm: 450, perpMakerPpm: 150, spotTakerPpm: 700, spotMakerPpm: 400 },
      tiers: [
        {
          volume: '5000000.0',
          perpTakerPpm: 400,
          perpMakerPpm: 120,
          spotTakerPpm: 600,
          spotMakerPpm: 300,
        },
      ],
      makerRebates: [{ sharePpm: 5_000, rebatePpm: 10 }],
      stakingDiscounts: [{ stake: '10.0', discountPpm: 50_000 }],
      staking: { stake: '11.0', discountPpm: 50_000 },
      referralDiscountPpm: 40_000,
      activeReferralPpm: 40_000,
      days: [{ day: 19_676, taker: '1.0', maker: '2.0', exchange: '3.0' }],
    }),
    makerSharePpm: () => undefined,
    userRateLimit: () => ({
      cumVlm: '0.0',
      nRequestsUsed: 0,
      nRequestsCap: 10_000,
      nRequestsSurplus: 0,
    }),
    openOrders: (user) => (isUser(user) ? [order] : []),
    frontendOpenOrders: (user) => (isUser(user) ? [frontendOrder] : []),
    openOrderByOid: (oid) =>
      oid === order.oid ? { user: hexToBytes(EXCHANGE_USER), order: frontendOrder } : undefined,
    openOrderByCloid: (user, cloid) =>
      isUser(user) && cloid === frontendOrder.cloid ? frontendOrder : undefined,
    twapStates: () => [],
    extraAgents: () => [],
    mainAgent: () => null,
    keepsDust: () => false,
    multiSigSigners: () => null,
    stakingLink: () => null,
    spotDeployState: () => ({
      states: [],
      gasAuction: {
        startTimeSeconds: 0,
        durationSeconds: 111_600,
        startGas: '500.0',
        currentGas: null,
        endGas: '500.0',
      },
    }),
    liquidatable: () => [EXCHANGE_USER],
    maxMarketOrderNtls: () => [[0, '500000.0']],
    l1Votes: () => [{ coin: 'ETH', expireMs: 9, votes: ['0x01'] }],
    displayName: () => null,
    referral: () => ({
      referredBy: null,
      volume: '0.0',
      codeVolume: '10000.0',
      mayRefer: false,
      referrer: undefined,
    }),
    subAccounts: () => null,
    userRole: (user) => ({ role: isUser(user) ? 'user' : 'missing' }),
    maxBuilderFee: () => 0,
    approvedBuilders: () => [],
    clearinghouseState: () => ({
      marginSummary: margin,
      crossMarginSummary: margin,
      crossMaintenanceMarginUsed: '0.0',
      withdrawable: '1000.0',
      assetPositions: [],
      time: 1_700_000_000_000,
    }),
    spotClearinghouseState: () => ({
      balances: [{ coin: 'USDC', token: 0, total: '5.0', hold: '0.0', entryNtl: '0.0' }],
    }),
    isSigner: isUser,
    userExists: isUser,
    usingBigBlocks: () => false,
    checkNonce: () => 'ok',
    // All that the door reads of what contracts see.
    reader: () =>
      ({
        delegationsOf: () => [],
        delegatorSummaryOf: () => ({
          delegated: 0n,
          undelegated: 0n,
          pendingWithdrawal: 0n,
          pendingWithdrawalCount: 0n,
        }),
      }) as unknown as ReturnType<ExchangeView['reader']>,
  }
}
