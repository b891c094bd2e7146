import {
  type Address,
  bytesToHex,
  bytesToUint,
  concatBytes,
  type GenesisEvm,
  keccak256,
  NATIVE_SYSTEM_ADDRESS,
  tokenSystemAddress,
  uintToBytes,
  utf8ToBytes,
} from '@openliquid/primitives'
import { memoryStore } from '@openliquid/storage/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import type { EvmEngine } from './engines.ts'
import { compileSolidity, EvmFixture, FIXTURE_ADDRESSES, fixtureGenesis } from './testing/index.ts'
import { callData } from './testing/probeContract.ts'
import { EMPTY_TRIE_ROOT } from './trie.ts'

const SOURCE = `
// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;
contract Token {
    mapping(address => uint256) public balanceOf;
    event Transfer(address indexed from, address indexed to, uint256 value);
    function transfer(address to, uint256 value) external returns (bool) {
        balanceOf[msg.sender] -= value; balanceOf[to] += value;
        emit Transfer(msg.sender, to, value);
        return true;
    }
}
contract Refuser { receive() external payable { revert("no"); } }
contract Returner {
    receive() external payable {
        (bool sent, ) = msg.sender.call{value: msg.value / 2}("");
        require(sent);
    }
}
contract Ender { receive() external payable { new Short{value: msg.value}(); } }
contract Short { constructor() payable { selfdestruct(payable(address(0xdead))); } }
contract Burner { uint256[] junk; receive() external payable { while (true) junk.push(1); } }
`
const at = (byte: number): Address => new Uint8Array(20).fill(byte)
const [alice] = FIXTURE_ADDRESSES
const user = alice ?? at(0)
const contracts = {
  Token: at(0xa1),
  Refuser: at(0xa2),
  Returner: at(0xa3),
  Ender: at(0xa4),
  Burner: at(0xa5),
}
const purr = tokenSystemAddress(1)
const NOTHING = new Uint8Array(0)
const HYPE = 10n ** 18n

const native = (to: Address, value: bigint) => ({
  from: NATIVE_SYSTEM_ADDRESS,
  to,
  value,
  data: NOTHING,
})

let codes: Record<string, `0x${string}`> = {}
beforeAll(() => {
  codes = Object.fromEntries(
    Object.keys(contracts).map((name) => [
      name,
      bytesToHex(compileSolidity(SOURCE, name, { optimize: true }).runtimeCode),
    ]),
  )
})

/** The system address has 1000 HYPE, and that of token 1 has 1000 of the token. */
function genesis(): GenesisEvm {
  const slot = bytesToHex(keccak256(concatBytes(new Uint8Array(12), purr, new Uint8Array(32))))
  const tokens = { storage: { [slot]: bytesToHex(uintToBytes(1_000n * HYPE, 32)) } }
  const accounts = Object.entries(contracts).map(([name, address]) => [
    bytesToHex(address),
    { balance: '0', code: codes[name], ...(name === 'Token' ? tokens : {}) },
  ])
  return fixtureGenesis({
    alloc: {
      ...fixtureGenesis().alloc,
      [bytesToHex(NATIVE_SYSTEM_ADDRESS)]: { balance: String(1_000n * HYPE) },
      ...Object.fromEntries(accounts),
    },
  })
}

function chainOf(engine: EvmEngine, store = memoryStore()): Promise<EvmFixture> {
  return EvmFixture.create({ store, genesis: genesis(), engine })
}

describe.each(['fast', 'reference', 'check'] as const)(
  'system transactions, engine %s',
  (engine) => {
    test('hand out value and tokens before the other transactions, beside the block', async () => {
      const store = memoryStore()
      const chain = await chainOf(engine, store)
      const transfer = callData('transfer(address,uint256)', user, 7n)
      const { block, receipts, systemReceipts, evmRoot } = await chain.block([], 0, [
        native(at(9), 5n),
        { from: purr, to: contracts.Token, value: 0n, data: transfer },
        native(at(9), 6n),
      ])
      expect(receipts).toEqual([])
      expect(systemReceipts.map(({ status, gasUsed }) => [status, gasUsed > 20_000n])).toEqual([
        [1, true],
        [1, true],
        [1, true],
      ])
      expect(block?.header).toMatchObject({ gasUsed: 0n, transactionsRoot: EMPTY_TRIE_ROOT })
      const { view } = chain.executor
      expect(view.head.header.stateRoot).toEqual(evmRoot)
      expect(view.getBalance(at(9))).toBe(11n)
      expect(view.getBalance(NATIVE_SYSTEM_ADDRESS)).toBe(1_000n * HYPE - 11n)
      // The predeploy began at nonce 1.
      expect([view.getNonce(NATIVE_SYSTEM_ADDRESS), view.getNonce(purr)]).toEqual([3n, 1n])
      const held = await view.call({
        to: contracts.Token,
        data: callData('balanceOf(address)', user),
      })
      expect(held.status === 'success' && bytesToUint(held.output)).toBe(7n)

      const reopened = await chainOf(engine, store)
      const systems = reopened.executor.view.getSystemTransactions(1n) ?? []
      expect(
        systems.map(({ transaction: { sender, nonce, maxFeePerGas, gasLimit } }) => [
          sender,
          nonce,
          maxFeePerGas,
          gasLimit,
        ]),
      ).toEqual([
        [NATIVE_SYSTEM_ADDRESS, 1n, 0n, 200_000n],
        [purr, 0n, 0n, 200_000n],
        [NATIVE_SYSTEM_ADDRESS, 2n, 0n, 200_000n],
      ])
      expect(reopened.executor.view.getSystemReceipts(1n)).toEqual(systemReceipts)
      expect(new Set(systems.map(({ transaction }) => bytesToHex(transaction.hash))).size).toBe(3)
      expect(reopened.executor.view.getTransactions(1n)).toEqual([])
      expect(reopened.executor.view.getLogs({ fromNumber: 0n, toNumber: 1n })).toEqual([])
      expect(reopened.executor.view.getSystemTransactions(2n)).toBeUndefined()
    })

    test('that fail leave nothing but a nonce and a receipt', async () => {
      const chain = await chainOf(engine)
      const { systemReceipts } = await chain.block([], 0, [
        native(contracts.Refuser, 5n),
        native(contracts.Burner, 5n),
        native(at(9), 1_001n * HYPE),
        {
          from: purr,
          to: contracts.Token,
          value: 0n,
          data: callData('transfer(address,uint256)', user, 1_001n * HYPE),
        },
      ])
      expect(systemReceipts.map(({ status }) => status)).toEqual([0, 0, 0, 0])
      expect(systemReceipts[1]?.gasUsed).toBe(200_000n)
      const { view } = chain.executor
      expect(view.getBalance(NATIVE_SYSTEM_ADDRESS)).toBe(1_000n * HYPE)
      expect(view.getBalance(contracts.Refuser)).toBe(0n)
      expect([view.getNonce(NATIVE_SYSTEM_ADDRESS), view.getNonce(purr)]).toEqual([4n, 1n])
    })

    test('may come back in the same transaction, or end what they made', async () => {
      const chain = await chainOf(engine)
      const { systemReceipts } = await chain.block([], 0, [
        native(contracts.Returner, 10n),
        native(contracts.Ender, 4n),
      ])
      expect(systemReceipts.map(({ status, logs }) => [status, logs.length])).toEqual([
        [1, 1],
        [1, 0],
      ])
      const { view } = chain.executor
      expect(view.getBalance(contracts.Returner)).toBe(5n)
      expect(view.getBalance(NATIVE_SYSTEM_ADDRESS)).toBe(1_000n * HYPE - 9n)
      const dead = new Uint8Array(20)
      dead.set([0xde, 0xad], 18)
      expect(view.getBalance(dead)).toBe(4n)
    })

    test('value sent to the system address is logged for its sender', async () => {
      const chain = await chainOf(engine)
      const { receipts } = await chain.block([
        chain.transaction({ to: NATIVE_SYSTEM_ADDRESS, value: 3n }),
      ])
      const [log] = receipts[0]?.logs ?? []
      expect(log?.topics).toEqual([
        keccak256(utf8ToBytes('Received(address,uint256)')),
        concatBytes(new Uint8Array(12), user),
      ])
      expect(bytesToUint(log?.data ?? NOTHING)).toBe(3n)
    })
  },
)
