// The two worlds together over LevelDB: tokens cross, fail to cross, and cross back, over restarts, on two nodes alike.
import {
  bytesToHex,
  concatBytes,
  NATIVE_SYSTEM_ADDRESS,
  type Transaction,
} from '@openliquid/primitives'
import { describe, expect, test } from 'vitest'
import type { BlockResult } from '../src/index.ts'
import {
  addressWord,
  bridgeGenesis,
  callData,
  created,
  HYPE,
  initCode,
  LINKED_TOKEN_ARGUMENTS,
  linkedBalance,
  linkedToken,
  onCore,
  PURR,
  PURR_SYSTEM,
  spotSend,
  TOKENS,
  toEvm,
  toEvmWithData,
  word,
} from './bridgeChain.ts'
import { alice, bob, stranger } from './chain.ts'
import { TwoNodes } from './twoNodes.ts'

const eventsOf = ({ events }: BlockResult, prefix: string) =>
  events.filter(({ kind }) => kind.startsWith(prefix))
const deployToken = (chain: TwoNodes): Transaction =>
  chain.evm(alice, { data: initCode('bridge', 'LinkedToken', ...LINKED_TOKEN_ARGUMENTS) })

describe('HYPE', () => {
  test('crosses to the EVM and back, over a restart while it waits', async () => {
    const chain = await TwoNodes.open()
    const before = chain.node.view.evm.getBalance(stranger.address)
    // The gas of the system transaction: 200,000 at 1 gwei.
    await chain.block([chain.action(alice, toEvm('HYPE', '2.5'))])
    // In the same block: the transfer made an EVM block of its own.
    const { view } = chain.node
    expect(onCore(chain.node, alice.address, TOKENS.hype)).toBe(997_4998_0000n)
    expect(view.evm.getBalance(alice.address)).toBe(10_002n * HYPE + HYPE / 2n)
    expect(view.evm.head.header.number).toBe(1n)
    const systems = view.evm.getSystemTransactions(1n) ?? []
    expect(systems.map(({ transaction }) => transaction.sender)).toEqual([NATIVE_SYSTEM_ADDRESS])
    expect(view.evm.getSystemReceipts(1n)).toMatchObject([{ status: 1, gasUsed: 21_000n }])

    await chain.restart()
    const back = await chain.block([
      chain.evm(stranger, { to: NATIVE_SYSTEM_ADDRESS, value: 3n * HYPE + 12_345n }),
    ])
    expect(eventsOf(back, 'evmCredit')).toMatchObject([
      { user: stranger.address, token: TOKENS.hype, wei: '300000000' },
    ])
    expect(onCore(chain.node, stranger.address, TOKENS.hype)).toBe(3_0000_0000n)
    expect(chain.node.view.core.userExists(stranger.address)).toBe(true)
    expect(chain.node.view.evm.getBalance(stranger.address)).toBeLessThan(before - 3n * HYPE)

    await chain.restart()
    const again = await chain.block([chain.action(stranger, toEvm('HYPE', '2'))])
    expect(again.receipts).toMatchObject([{ status: 'ok' }])
    expect(eventsOf(again, 'evmTransfer')).toMatchObject([{ status: 'executed', wei: '200000000' }])
    // Gas has become cheaper by an eighth with every EVM block that was nearly empty.
    const gas = 1_0000_0000n - onCore(chain.node, stranger.address, TOKENS.hype)
    expect(gas).toBeGreaterThan(15_000n)
    expect(gas).toBeLessThan(16_000n)
  })

  test('waits on the Core for a lane that is not due', async () => {
    const lanes = [
      { periodMs: 1_000, gasLimit: 3_000_000, baseFee: '1000000000', baseFeeMin: '100000000' },
    ]
    const chain = await TwoNodes.open(bridgeGenesis({ lanes }))
    const sent = await chain.block([chain.action(alice, toEvm('HYPE', '1'))], 100)
    expect(sent.evmBlocks).toEqual([])
    expect(onCore(chain.node, alice.address, TOKENS.hype)).toBe(998_9998_0000n)
    expect(chain.node.view.evm.getBalance(alice.address)).toBe(10_000n * HYPE)
    await chain.restart()
    expect((await chain.block([], 100)).evmBlocks).toEqual([])
    const due = await chain.block([], 1_000)
    expect(eventsOf(due, 'evmTransfer')).toMatchObject([{ status: 'executed' }])
    expect(chain.node.view.evm.getBalance(alice.address)).toBe(10_001n * HYPE)
    expect((await chain.block([], 1_000)).evmBlocks).toMatchObject([{ systemReceipts: [] }])
  })

  test('does not cross from a transaction that reverts, nor from a frame that does', async () => {
    const chain = await TwoNodes.open()
    const crosser = created(bob.address, 0)
    await chain.block([chain.evm(bob, { data: initCode('bridge', 'Crosser') })])
    const escrow = chain.node.view.evm.getBalance(NATIVE_SYSTEM_ADDRESS)
    const fields = concatBytes(addressWord(bob.address), word(TOKENS.hype), word(1))
    const regret = (name: string): Transaction =>
      chain.evm(bob, {
        to: crosser,
        value: HYPE,
        data: callData(`${name}(address,uint24,bytes)`, NATIVE_SYSTEM_ADDRESS, 6, [fields]),
      })
    const result = await chain.block([regret('regret'), regret('regretInside')])
    expect(result.evmBlocks[0]?.receipts.map(({ status }) => status)).toEqual([0, 1])
    expect(eventsOf(result, 'evmCredit')).toEqual([])
    expect(eventsOf(result, 'coreWriter')).toEqual([])
    expect(chain.node.view.evm.getBalance(NATIVE_SYSTEM_ADDRESS)).toBe(escrow)
    expect(chain.node.view.evm.getBalance(crosser)).toBe(HYPE)
  })
})

describe('a linked ERC-20', () => {
  test('is told of tokens that come with data, whom they are for, and moves them itself', async () => {
    const chain = await TwoNodes.open()
    await chain.block([deployToken(chain)])
    const sent = await chain.block([
      chain.action(alice, toEvmWithData(bob.address, '3', '0xc0ffee')),
    ])
    expect(sent.receipts).toMatchObject([{ status: 'ok' }])
    expect(eventsOf(sent, 'evmTransfer')).toMatchObject([{ status: 'executed', wei: '300000' }])
    expect(onCore(chain.node, alice.address, TOKENS.purr)).toBe(997_00000n)
    // Gas of 300,000 at a base fee below 1 gwei.
    expect(await linkedBalance(chain.node, bob.address)).toBe(3n * PURR)
    const { view } = chain.node
    const number = view.evm.head.header.number
    const [receipt] = view.evm.getSystemReceipts(number) ?? []
    const [system] = view.evm.getSystemTransactions(number) ?? []
    expect(system?.transaction.gasLimit).toBe(300_000n)
    // As the compiler of the contract packs what it understood.
    const [, , , , nonce] =
      receipt?.logs[1]?.data.reduce<bigint[]>((words, byte, i) => {
        words[i >> 5] = ((words[i >> 5] ?? 0n) << 8n) | BigInt(byte)
        return words
      }, []) ?? []
    expect(receipt?.logs[1]?.data).toEqual(
      concatBytes(
        addressWord(alice.address),
        addressWord(bob.address),
        word(7),
        word(3n * PURR),
        word(nonce ?? 0n),
        word(192),
        word(3),
        Uint8Array.of(0xc0, 0xff, 0xee),
        new Uint8Array(29),
      ),
    )
    expect(nonce).toBeGreaterThan(1_600_000_000_000n)
  })

  test('crosses to the EVM and back, over a restart', async () => {
    const chain = await TwoNodes.open()
    await chain.block([deployToken(chain)])
    expect(await linkedBalance(chain.node, PURR_SYSTEM)).toBe(2_000n * PURR)
    const sent = await chain.block([chain.action(alice, toEvm('PURR', '12.34567'))])
    expect(sent.receipts).toMatchObject([{ status: 'ok' }])
    expect(onCore(chain.node, alice.address, TOKENS.purr)).toBe(987_65433n)
    expect(await linkedBalance(chain.node, alice.address)).toBe(12_34567n * 10n ** 13n)

    await chain.restart()
    const transfer = (to: Uint8Array, value: bigint): Transaction =>
      chain.evm(alice, { to: linkedToken, data: callData('transfer(address,uint256)', to, value) })
    await chain.block([transfer(bob.address, PURR)])
    const back = await chain.block([transfer(PURR_SYSTEM, 10n * PURR + 10n ** 13n - 1n)])
    expect(eventsOf(back, 'evmCredit')).toMatchObject([{ token: TOKENS.purr, wei: '1000000' }])
    expect(onCore(chain.node, alice.address, TOKENS.purr)).toBe(997_65433n)
    expect(onCore(chain.node, bob.address, TOKENS.purr)).toBe(1_000_00000n)
  })

  test('that fails to move keeps the debit, and the chain goes on', async () => {
    const chain = await TwoNodes.open()
    await chain.block([deployToken(chain)])
    await chain.block([chain.evm(bob, { to: linkedToken, data: callData('pause(bool)', 1) })])
    const sent = await chain.block([chain.action(alice, toEvm('PURR', '5'))])
    expect(eventsOf(sent, 'evmTransfer')).toMatchObject([
      { status: 'failed', user: alice.address, token: TOKENS.purr, wei: '500000' },
    ])
    expect(sent.evmBlocks).toMatchObject([{ receipts: [], systemReceipts: [{ status: 0 }] }])
    expect(onCore(chain.node, alice.address, TOKENS.purr)).toBe(995_00000n)
    expect(await linkedBalance(chain.node, alice.address)).toBe(0n)
    await chain.restart()
    await chain.block([chain.evm(bob, { to: linkedToken, data: callData('pause(bool)', 0) })])
    const later = await chain.block([chain.action(alice, toEvm('PURR', '1'))])
    expect(eventsOf(later, 'evmTransfer')).toMatchObject([{ status: 'executed' }])
  })

  test('more of it than the Core has put aside is not credited', async () => {
    const chain = await TwoNodes.open()
    const greedy = initCode(
      'bridge',
      'LinkedToken',
      addressWord(alice.address),
      word(5_000n * PURR),
    )
    await chain.block([chain.evm(alice, { data: greedy })])
    const send = (value: bigint): Transaction =>
      chain.evm(alice, {
        to: linkedToken,
        data: callData('transfer(address,uint256)', PURR_SYSTEM, value),
      })
    const all = await chain.block([send(1_000n * PURR), send(PURR)])
    expect(eventsOf(all, 'evmCredit')).toMatchObject([
      { wei: '100000000' },
      { refused: expect.stringContaining('too little') },
    ])
    expect(onCore(chain.node, alice.address, TOKENS.purr)).toBe(2_000_00000n)
  })

  test('is linked by the account that deployed it', async () => {
    const chain = await TwoNodes.open(bridgeGenesis({ isLinked: false }))
    await chain.block([deployToken(chain)])
    const refused = await chain.block([chain.action(alice, toEvm('PURR', '1'))])
    expect(refused.receipts).toMatchObject([{ code: 'OL_ACTION_DESTINATION' }])
    const requestEvmContract = {
      token: TOKENS.purr,
      address: bytesToHex(linkedToken),
      evmExtraWeiDecimals: 13,
    }
    const linked = await chain.block([
      chain.action(alice, { type: 'spotDeploy', requestEvmContract }),
      chain.action(alice, {
        type: 'finalizeEvmContract',
        token: TOKENS.purr,
        input: { create: { nonce: 0 } },
      }),
      chain.action(alice, toEvm('PURR', '1')),
    ])
    expect(linked.receipts.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok'])
    expect(await linkedBalance(chain.node, alice.address)).toBe(PURR)
    await chain.restart()
    await chain.block([chain.action(alice, toEvm('PURR', '1'))])
    expect(await linkedBalance(chain.node, alice.address)).toBe(2n * PURR)
  })
})

describe('CoreWriter', () => {
  test('a contract sends its HYPE home, and every instruction has a result', async () => {
    const chain = await TwoNodes.open()
    const crosser = created(bob.address, 0)
    const act = (id: number, ...fields: Uint8Array[]): Transaction =>
      chain.evm(bob, {
        to: crosser,
        data: callData('act(uint24,bytes)', id, [concatBytes(...fields)]),
      })
    await chain.block([
      chain.evm(bob, { data: initCode('bridge', 'Crosser') }),
      chain.action(alice, spotSend('HYPE', '10', crosser)),
    ])
    const result = await chain.block([
      act(6, addressWord(NATIVE_SYSTEM_ADDRESS), word(TOKENS.hype), word(4_0000_0000)),
      act(1, word(0), word(1), word(50_000_0000_0000), word(1_000_000), word(0), word(2), word(0)),
      act(4, word(5)),
      act(6, word(0)),
    ])
    const hashes = result.evmBlocks[0]?.receipts.map(({ transactionHash }) => transactionHash) ?? []
    const results = () =>
      hashes.map((hash, index) => chain.node.history.coreWriterResult(hash, index))
    expect(results()).toMatchObject([
      { status: 'executed', height: '2' },
      { status: 'delayed', dueMs: result.timestampMs + 3_000 },
      { status: 'executed', height: '2' },
      { status: 'rejected', reason: 'OL_CORE_WRITER_SIZE' },
    ])
    // Actions come after the EVM block, so the transfer goes with the next one.
    expect(chain.node.view.evm.getBalance(crosser)).toBe(0n)
    const next = await chain.block()
    expect(eventsOf(next, 'evmTransfer')).toMatchObject([{ user: crosser, status: 'executed' }])
    expect(chain.node.view.evm.getBalance(crosser)).toBe(4n * HYPE)
    await chain.restart()
    await chain.block([], 3_000)
    expect(results()[1]).toMatchObject({ status: 'rejected', height: '4' })
    expect(chain.node.history.coreWriterResult(new Uint8Array(32), 0)).toBeUndefined()
  })
})
