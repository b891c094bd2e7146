// ERC-20 transfers, execution alone: the engine `fast` and ethereumjs as it comes.
import { createBlock } from '@ethereumjs/block'
import { createFeeMarket1559Tx } from '@ethereumjs/tx'
import { Account, Address } from '@ethereumjs/util'
import { runTx } from '@ethereumjs/vm'
import { concatBytes, keccak256, uintToBytes, utf8ToBytes } from '@openliquid/primitives'
import { cpuMs, median, report } from '../../../bench/figure.ts'
import { EMPTY_CODE_HASH } from '../src/account.ts'
import type { EvmTransaction } from '../src/evmTransaction.ts'
import { FastMachine } from '../src/fastMachine.ts'
import { compileSolidity } from '../src/testing/compileSolidity.ts'
import { memoryState, stockVm } from './kernels.ts'

const SOURCE = `
// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;
contract Token {
    event Transfer(address indexed from, address indexed to, uint256 value);
    mapping(address => uint256) public balanceOf;
    function mint() external { balanceOf[msg.sender] += 1 ether; }
    function transfer(address to, uint256 value) external returns (bool) {
        uint256 held = balanceOf[msg.sender];
        require(held >= value, "insufficient");
        unchecked { balanceOf[msg.sender] = held - value; balanceOf[to] += value; }
        emit Transfer(msg.sender, to, value);
        return true;
    }
}`
const COUNT = 500
const ROUNDS = 6
const TOKEN = uintToBytes(0x1000, 20)
const ENVIRONMENT = { number: 1n, timestamp: 1n, gasLimit: 1_000_000_000n, baseFeePerGas: 7n }
const senders = Array.from({ length: COUNT }, (_, n) => keccak256(uintToBytes(n + 1, 32)).slice(12))
const code = compileSolidity(SOURCE, 'Token', { optimize: true }).runtimeCode
const selector = (signature: string): Uint8Array => keccak256(utf8ToBytes(signature)).slice(0, 4)

function callOf(round: number, n: number): Uint8Array {
  if (round === 0) return selector('mint()')
  const to = senders[(n * 7 + round) % COUNT] as Uint8Array
  return concatBytes(
    selector('transfer(address,uint256)'),
    new Uint8Array(12),
    to,
    uintToBytes(3, 32),
  )
}

const vm = await stockVm()
const machine = await FastMachine.create({ chainId: 1_998n, precompiles: [] })
const state = memoryState()
for (const sender of senders) {
  await vm.stateManager.putAccount(new Address(sender), new Account(0n, 10n ** 20n))
  state.setAccount(sender, { nonce: 0n, balance: 10n ** 20n, codeHash: EMPTY_CODE_HASH })
}
await vm.stateManager.putAccount(new Address(TOKEN), new Account(1n, 0n))
await vm.stateManager.putCode(new Address(TOKEN), code)
state.setAccount(TOKEN, { nonce: 1n, balance: 0n, codeHash: EMPTY_CODE_HASH })
state.setCode(TOKEN, code)
const block = createBlock(
  { header: ENVIRONMENT },
  { common: vm.common, skipConsensusFormatValidation: true },
)

const fields = { gasLimit: 100_000n, value: 0n, maxFeePerGas: 100n, maxPriorityFeePerGas: 1n }

async function runStock(round: number): Promise<bigint> {
  const transactions = senders.map((sender, n) => {
    const tx = createFeeMarket1559Tx(
      { ...fields, nonce: round, to: new Address(TOKEN), data: callOf(round, n) },
      { common: vm.common, freeze: false },
    )
    tx.getSenderAddress = () => new Address(sender)
    return tx
  })
  let gas = 0n
  stockMs = await cpuMs(async () => {
    for (const tx of transactions) {
      gas += (await runTx(vm, { tx, block, skipBlockGasLimitValidation: true })).totalGasSpent
    }
  })
  return gas
}

async function runFast(round: number): Promise<bigint> {
  const transactions = senders.map(
    (sender, n): EvmTransaction => ({
      ...fields,
      type: 2,
      hash: TOKEN,
      sender,
      chainId: 1_998n,
      nonce: BigInt(round),
      to: TOKEN,
      data: callOf(round, n),
      accessList: [],
      yParity: 0,
      v: 0n,
      r: 1n,
      s: 1n,
      bytes: TOKEN,
    }),
  )
  machine.bind({ state, exchange: undefined, blockHash: () => undefined })
  let gas = 0n
  fastMs = await cpuMs(() => {
    for (const transaction of transactions) {
      gas += machine.runTransaction(transaction, ENVIRONMENT).gasUsed
    }
  })
  return gas
}

let stockMs = 0
let fastMs = 0
const runs: number[] = []
const speeds: [number, number][] = []
for (let round = 0; round < ROUNDS; round++) {
  const [stock, fast] = [await runStock(round), await runFast(round)]
  if (stock !== fast) throw new Error(`gas ${stock} and ${fast}`)
  if (round < 2) continue
  runs.push(stockMs / fastMs)
  speeds.push([(COUNT / stockMs) * 1_000, (COUNT / fastMs) * 1_000])
}
const [stockSpeed, fastSpeed] = [0, 1].map((side) =>
  median(speeds.map((pair) => pair[side] as number)),
)
console.log(
  `stock ${stockSpeed?.toFixed(0)}, fast ${fastSpeed?.toFixed(0)} transfers per CPU second`,
)
report({
  id: 'evm.erc20',
  value: median(runs),
  unit: '× stock ethereumjs',
  op: '>=',
  target: 3,
  baseline: { name: 'stock ethereumjs', value: stockSpeed ?? 0, unit: 'transfers per CPU second' },
  runs,
})
