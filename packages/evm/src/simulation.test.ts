import { bytesToHex, bytesToUint, uintToBytes } from '@openliquid/primitives'
import { memoryStore } from '@openliquid/storage/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import type {
  EvmSimulatedBlock,
  EvmSimulatedRequest,
  EvmSimulatedResult,
  EvmSimulationOptions,
  EvmStateView,
} from './evmView.ts'
import { SIMULATED_CHANGES_MAX } from './limits.ts'
import { EvmFixture, FIXTURE_ADDRESSES } from './testing/index.ts'

const [alice, bob, carol] = FIXTURE_ADDRESSES as [Uint8Array, Uint8Array, Uint8Array]
const GWEI = 10n ** 9n
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'))
const word = (value: bigint | number): Uint8Array => uintToBytes(value, 32)
const codeAt = (last: number, code: string): { address: Uint8Array; code: Uint8Array } => ({
  address: uintToBytes(0xc0de00 + last, 20),
  code: hex(code),
})

/** Stores calldata[0] in the slot of its own value, and logs nothing with LOG0. */
const STORE = '5f355f35555f5fa000'
const INIT_STORE = hex(`60098060095f395ff3${STORE}`)
const addressText = (address: Uint8Array): string => bytesToHex(address).slice(2)
/** CALL to an address with the whole value of the message. */
const forward = (to: Uint8Array, op = 'f1'): string => `5f5f5f5f3473${addressText(to)}5a${op}`
const REVERT = '5f5ffd'

async function chainOf(): Promise<EvmFixture> {
  const chain = await EvmFixture.create({ store: memoryStore() })
  await chain.block([chain.transaction({ data: INIT_STORE, gasLimit: 200_000n })])
  await chain.block([chain.transaction({ to: bob, value: 5n, gasLimit: 21_000n })])
  return chain
}

async function simulated(
  view: EvmStateView,
  blocks: readonly EvmSimulatedBlock[],
  options?: EvmSimulationOptions,
): Promise<readonly EvmSimulatedResult[]> {
  const simulation = await view.simulate(blocks, options)
  if (simulation.status === 'refused') throw new Error(simulation.reason)
  return simulation.blocks
}

describe('a simulated block', () => {
  const fees = { maxFeePerGas: 3n * GWEI, maxPriorityFeePerGas: GWEI }
  const contract = async (chain: EvmFixture): Promise<Uint8Array> =>
    chain.executor.view.getReceipts(1n)![0]!.contractAddress!
  /** What two blocks hold. */
  const blocksOf = (to: Uint8Array): EvmSimulatedRequest[][] => [
    [
      { from: alice, to, data: word(7), gas: 100_000n, ...fees },
      { from: carol, to: uintToBytes(0x99, 20), value: 9n, gas: 21_000n, ...fees },
      { from: alice, data: INIT_STORE, gas: 200_000n, ...fees },
    ],
    [
      { from: alice, to, data: word(8), gas: 100_000n, ...fees },
      { from: bob, to, data: hex('00'), gas: 21_100n, ...fees },
    ],
  ]
  const signed = (
    chain: EvmFixture,
    { from, gas, ...call }: EvmSimulatedRequest,
    nonce: bigint,
  ) => {
    const signer = FIXTURE_ADDRESSES.indexOf(from!)
    return chain.transaction({ ...call, gasLimit: gas!, nonce }, signer)
  }
  const build = async (chain: EvmFixture): Promise<void> => {
    for (const calls of blocksOf(await contract(chain))) {
      const seen = new Map<Uint8Array, bigint>()
      const transactions = calls.map((call) => {
        const nonce = seen.get(call.from!) ?? chain.executor.view.getNonce(call.from!)
        seen.set(call.from!, nonce + 1n)
        return signed(chain, call, nonce)
      })
      await chain.block(transactions)
    }
  }
  const expectSame = (chain: EvmFixture, blocks: readonly EvmSimulatedResult[]): void => {
    const { view } = chain.executor
    for (const { block, calls } of blocks) {
      const { header } = view.getBlockByNumber(block.header.number)!
      expect(calls.length).toBeGreaterThan(0)
      for (const field of [
        'stateRoot',
        'receiptsRoot',
        'logsBloom',
        'gasUsed',
        'gasLimit',
        'baseFeePerGas',
        'timestamp',
      ] as const) {
        expect([field, block.header[field]]).toEqual([field, header[field]])
      }
    }
  }

  test('has the roots, receipts and fees of the block that the same transactions then make', async () => {
    const chain = await chainOf()
    const calls = blocksOf(await contract(chain))
    const blocks = await simulated(
      chain.executor.view,
      calls.map((calls) => ({ calls })),
      { validation: true },
    )
    await build(chain)
    expectSame(chain, blocks)
    expect(blocks[1]!.block.header.parentHash).toEqual(blocks[0]!.block.hash)
  })

  test('has them on a past state, and when the chain goes on meanwhile', async () => {
    const chain = await chainOf()
    const { view } = chain.executor
    const calls = blocksOf(await contract(chain)).map((calls) => ({ calls }))
    let isBuilt = false
    const exclusively = async <T>(work: () => T): Promise<T> => {
      if (!isBuilt) await build(chain)
      isBuilt = true
      return work()
    }
    const overtaken = await simulated(view, calls, { validation: true, exclusively })
    expect(view.number).toBe(4n)
    expectSame(chain, overtaken)
    const past = await simulated(view.at(2n), calls, { validation: true })
    expect(past.map(({ block }) => block.hash)).toEqual(overtaken.map(({ block }) => block.hash))
  })

  test('is found by BLOCKHASH in the ones after it', async () => {
    const { view } = (await chainOf()).executor
    // BLOCKHASH(NUMBER - 1)
    const oracle = codeAt(1, '60014303405f5260205ff3')
    const calls = [{ to: oracle.address }]
    const [first, second] = await simulated(view, [{ stateOverrides: [oracle], calls }, { calls }])
    const outputs = [first, second].map((block) => block!.calls[0]!.result)
    expect(outputs).toMatchObject([
      { status: 'success', output: view.head.hash },
      { status: 'success', output: first!.block.hash },
    ])
  })

  test('takes overrides into its header, limit and coinbase into those after it too', async () => {
    const { view } = (await chainOf()).executor
    const blockOverrides = {
      gasLimit: 1n,
      baseFeePerGas: 5n,
      coinbase: bob,
      prevRandao: word(3),
    }
    const options = { validation: true }
    const [first, second] = await simulated(
      view,
      [{ blockOverrides, calls: [] }, { calls: [] }],
      options,
    )
    expect(first!.block.header).toMatchObject(blockOverrides)
    expect(second!.block.header).toMatchObject({ gasLimit: 1n, coinbase: bob, prevRandao: word(0) })
    expect(second!.block.header.stateRoot).toEqual(view.head.header.stateRoot)
  })

  test('with more changes than a simulation may make is refused by a code', async () => {
    const { view } = (await chainOf()).executor
    const stateDiff = Array.from({ length: SIMULATED_CHANGES_MAX / 2 }, (_, slot) => ({
      slot: word(slot),
      value: word(1),
    }))
    const blockOf = (address: Uint8Array): EvmSimulatedBlock => ({
      stateOverrides: [{ address, stateDiff }],
      calls: [],
    })
    await expect(view.simulate([blockOf(bob)])).resolves.toMatchObject({ status: 'success' })
    await expect(view.simulate([blockOf(bob), blockOf(carol)])).rejects.toMatchObject({
      code: 'OL_EVM_SIMULATION',
      data: { size: SIMULATED_CHANGES_MAX + 2, max: SIMULATED_CHANGES_MAX },
    })
  })
})

describe('a moved precompile', () => {
  const [ecrecover, sha256, modexp, identity] = [1, 2, 5, 4].map((at) => uintToBytes(at, 20)) as [
    Uint8Array,
    Uint8Array,
    Uint8Array,
    Uint8Array,
  ]
  const target = uintToBytes(0xabcd, 20)
  const data = hex('0102')
  /** Returns one byte, 0x2a. */
  const code = hex('602a5f5360015ff3')
  let view: EvmStateView
  beforeAll(async () => {
    view = (await chainOf()).executor.view
  })
  const outputs = async (
    stateOverrides: NonNullable<EvmSimulatedBlock['stateOverrides']>,
    ...addresses: Uint8Array[]
  ): Promise<string[]> => {
    const calls = addresses.map((to) => ({ to, data }))
    const [block] = await simulated(view, [{ stateOverrides, calls }])
    return block!.calls.map(({ result }) =>
      'output' in result ? bytesToHex(result.output) : result.reason,
    )
  }

  test('answers at its new address, and what stood there is lost', async () => {
    const move = { address: identity, movePrecompileTo: target }
    expect(await outputs([move], target, identity)).toEqual(['0x0102', '0x'])
    const onto = { address: identity, movePrecompileTo: sha256 }
    expect(await outputs([onto], sha256)).toEqual(['0x0102'])
    const result = await view.call({ to: target, data, stateOverrides: [move] })
    expect(result).toMatchObject({ status: 'success', output: data })
    // Of one that we run ourselves, 3 to the power of 2 modulo 5.
    const power = hex(`${'1'.padStart(64, '0').repeat(3)}030205`)
    const stateOverrides = [{ address: modexp, movePrecompileTo: target }]
    const own = await view.call({ to: target, data: power, stateOverrides })
    expect(own).toMatchObject({ status: 'success', output: hex('04') })
  })

  test('leaves its address to code, and is back in the next block', async () => {
    const both = { address: identity, movePrecompileTo: target, code }
    expect(await outputs([both], target, identity)).toEqual(['0x0102', '0x2a'])
    expect(await outputs([{ address: identity, code }], identity)).toEqual(['0x2a'])
    const calls = [{ to: identity, data }]
    const [, second] = await simulated(view, [{ stateOverrides: [both], calls }, { calls }])
    expect(second!.calls[0]!.result).toMatchObject({ output: data })
  })

  test.each([
    ['to itself', [{ address: identity, movePrecompileTo: identity }], 'OL_EVM_OVERRIDE_SELF'],
    [
      'with another to one address',
      [ecrecover, sha256].map((address) => ({ address, movePrecompileTo: target })),
      'OL_EVM_OVERRIDE_TWICE',
    ],
    [
      'to an overridden account',
      [
        { address: identity, movePrecompileTo: target },
        { address: target, balance: 1n },
      ],
      'OL_EVM_OVERRIDE',
    ],
    ['that is none', [{ address: target, movePrecompileTo: bob }], 'OL_EVM_OVERRIDE'],
  ])('%s is refused by a code', async (_what, stateOverrides, code) => {
    const blocks = [{ stateOverrides, calls: [{ to: target }] }]
    await expect(view.simulate(blocks)).rejects.toMatchObject({ code })
  })
})

describe('a call', () => {
  let chain: EvmFixture
  beforeAll(async () => {
    chain = await chainOf()
  })
  const to = bob
  const rich = { maxFeePerGas: 2n * GWEI }
  const poor = uintToBytes(0x77, 20)
  const cases: [
    string,
    EvmSimulatedRequest,
    strict: string | undefined,
    lax: string | undefined,
  ][] = [
    ['that pays', { from: alice, to, ...rich }, undefined, undefined],
    [
      'with a used nonce',
      { from: alice, to, nonce: 1n, ...rich },
      'OL_EVM_SKIP_NONCE_TOO_LOW',
      undefined,
    ],
    [
      'with a later nonce',
      { from: alice, to, nonce: 3n, ...rich },
      'OL_EVM_SKIP_NONCE_TOO_HIGH',
      undefined,
    ],
    ['that pays nothing', { from: alice, to }, 'OL_EVM_SKIP_BASE_FEE', undefined],
    ['that pays one wei', { from: alice, to, maxFeePerGas: 1n }, 'OL_EVM_SKIP_BASE_FEE', undefined],
    [
      'without funds for gas',
      { from: poor, to, ...rich },
      'OL_EVM_CALL_FUNDS',
      'OL_EVM_CALL_FUNDS',
    ],
    [
      'without funds for value',
      { from: poor, to, value: 1n },
      'OL_EVM_SKIP_BASE_FEE',
      'OL_EVM_CALL_FUNDS',
    ],
    [
      'with too little gas',
      { from: alice, to, gas: 20_999n, ...rich },
      'OL_EVM_CALL_GAS',
      'OL_EVM_CALL_GAS',
    ],
    [
      'with more gas than its block',
      { from: alice, to, gas: 30_000_001n, ...rich },
      'OL_EVM_SKIP_BLOCK_GAS',
      'OL_EVM_SKIP_BLOCK_GAS',
    ],
    [
      'with too much init code',
      { from: alice, data: new Uint8Array(49_153), ...rich },
      'OL_EVM_TX_INIT_CODE',
      'OL_EVM_TX_INIT_CODE',
    ],
  ]
  test.each(cases)('%s is taken or refused as the mode says', async (_what, call, strict, lax) => {
    const codeOf = async (validation: boolean): Promise<string | undefined> => {
      const simulation = await chain.executor.view.simulate([{ calls: [call] }], { validation })
      return simulation.status === 'refused' ? simulation.code : undefined
    }
    expect([await codeOf(true), await codeOf(false)]).toEqual([strict, lax])
  })

  test('pays an overridden base fee or nothing, where nothing else is asked for', async () => {
    const block = { blockOverrides: { baseFeePerGas: GWEI } }
    const codes = [0n, 1n, GWEI].map(async (maxFeePerGas) => {
      const calls = [{ from: alice, to, maxFeePerGas }]
      const simulation = await chain.executor.view.simulate([{ ...block, calls }])
      return simulation.status === 'refused' ? simulation.code : undefined
    })
    expect(await Promise.all(codes)).toEqual([undefined, 'OL_EVM_SKIP_BASE_FEE', undefined])
  })

  test('may come from a contract, in every mode', async () => {
    const sender = { ...codeAt(1, STORE), balance: 10n ** 18n }
    const block = { stateOverrides: [sender], calls: [{ from: sender.address, to, ...rich }] }
    for (const validation of [true, false]) {
      const [result] = await simulated(chain.executor.view, [block], { validation })
      expect(result!.calls[0]!.result.status).toBe('success')
    }
  })

  test('has the gas that is left, the next nonce and type 2 by default', async () => {
    const calls = [
      { from: alice, to },
      { from: alice, to },
    ]
    const [result] = await simulated(chain.executor.view, [{ calls }])
    const [first, second] = result!.transactions.map(({ transaction }) => transaction)
    expect(first).toMatchObject({ type: 2, nonce: 2n, gasLimit: 30_000_000n, maxFeePerGas: 0n })
    expect(second).toMatchObject({ type: 2, nonce: 3n, gasLimit: 30_000_000n - 21_000n })
    expect(result!.block.transactionHashes).toEqual([first!.hash, second!.hash])
    expect(result!.block.header.baseFeePerGas).toBe(0n)
  })

  test('after its signal has fired is refused', async () => {
    const signal = AbortSignal.abort()
    const simulation = await chain.executor.view.simulate([{ calls: [{ to }] }], { signal })
    expect(simulation).toMatchObject({ status: 'refused', code: 'OL_EVM_CALL_TIME' })
  })
})

describe('transfers', () => {
  const sink = uintToBytes(0x51, 20)
  /** LOG0 and then a forward: an own log first. */
  const logging = codeAt(1, `5f5fa0${forward(sink)}00`)
  const failing = codeAt(2, `${forward(sink)}${REVERT}`)
  const catching = codeAt(3, `${forward(failing.address)}5f5fa000`)
  const borrowing = codeAt(4, `${forward(sink, 'f2')}00`)
  const dying = codeAt(5, `73${addressText(sink)}ff`)
  const hashing = codeAt(6, forward(uintToBytes(2, 20)))
  const stateOverrides = [logging, failing, catching, borrowing, dying, hashing]
  const from = alice
  /** CREATE with 2 wei of the value, whose code is empty. */
  const making = codeAt(7, '5f5f6002f000')

  let view: EvmStateView
  beforeAll(async () => {
    view = (await chainOf()).executor.view
  })
  const tell = async (call: EvmSimulatedRequest): Promise<string[]> => {
    const blocks = [
      { stateOverrides: [...stateOverrides, making], calls: [{ from, value: 6n, ...call }] },
    ]
    const [traced] = await simulated(view, blocks, { traceTransfers: true })
    const [plain] = await simulated(view, blocks)
    const [{ logs } = { logs: [] }] = traced!.calls
    // Neither receipts nor blooms know of them, so the block is the same.
    expect(traced!.block.hash).toEqual(plain!.block.hash)
    expect(logs.map(({ logIndex }) => logIndex)).toEqual(logs.map((_log, index) => index))
    return logs.map(({ address, topics, data }) => {
      if (bytesToHex(address) !== `0x${'ee'.repeat(20)}`) return 'log'
      expect(bytesToHex(topics[0]!)).toBe(
        '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef',
      )
      return `${bytesToUint(topics[1]!) & 0xffn} ${bytesToUint(topics[2]!) & 0xffn} ${bytesToUint(data)}`
    })
  }
  const A = Number(bytesToUint(alice) & 0xffn)
  const S = 0x51
  test.each<[string, EvmSimulatedRequest, string[]]>([
    ['a plain payment', { to: sink }, [`${A} ${S} 6`]],
    ['a payment of nothing', { to: sink, value: 0n }, []],
    [
      'a payment inside, between other logs',
      { to: logging.address },
      [`${A} 1 6`, 'log', `1 ${S} 6`],
    ],
    ['a failed message', { to: failing.address }, []],
    ['a failed message that is caught', { to: catching.address }, [`${A} 3 6`, 'log']],
    ['CALLCODE, which pays nobody', { to: borrowing.address }, [`${A} 4 6`]],
    ['SELFDESTRUCT', { to: dying.address }, [`${A} 5 6`, `5 ${S} 6`]],
    ['a payment to a precompile', { to: hashing.address }, [`${A} 6 6`, '6 2 6']],
  ])('of %s are told', async (_what, call, expected) => {
    expect(await tell(call)).toEqual(expected)
  })

  test('to new contracts are told, by a transaction and by a contract', async () => {
    const byTransaction = await tell({ data: hex('00') })
    expect(byTransaction).toHaveLength(1)
    expect(byTransaction[0]).toMatch(new RegExp(`^${A} \\d+ 6$`))
    const byContract = await tell({ to: making.address })
    expect(byContract).toEqual([`${A} 7 6`, expect.stringMatching(/^7 \d+ 2$/)])
    expect(await tell({ data: hex(REVERT) })).toEqual([])
  })
})
