import { createCustomCommon, Hardfork, Mainnet } from '@ethereumjs/common'
import { Account, Address } from '@ethereumjs/util'
import { createVM, type VM } from '@ethereumjs/vm'
import { keccak256, uintToBytes, utf8ToBytes } from '@openliquid/primitives'
import { EMPTY_CODE_HASH } from '../src/account.ts'
import { FastMachine } from '../src/fastMachine.ts'
import { JournaledState } from '../src/journaledState.ts'
import { LruCache } from '../src/lruCache.ts'
import { StateReader } from '../src/stateReader.ts'
import { compileSolidity } from '../src/testing/compileSolidity.ts'

const SOURCE = `
// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;
contract Kernels {
    uint256 kept = 1;
    function lcg(uint256 n) external pure returns (uint256 x) {
        unchecked { x = 1; for (uint256 i = 0; i < n; i++) { x = x * 6364136223846793005 + 1442695040888963407; x &= type(uint64).max; } }
    }
    function checked_(uint256 n) external pure returns (uint256 x) {
        x = 7; for (uint256 i = 0; i < n; i++) { x = (x * 31 + i) % 1000000007; }
    }
    function hash(uint256 n) external pure returns (bytes32 x) {
        unchecked { for (uint256 i = 0; i < n; i++) x = keccak256(abi.encodePacked(x)); }
    }
    function modular(uint256 n) external pure returns (uint256 x) {
        uint256 p = 21888242871839275222246405745257275088548364400416034343698204186575808495617;
        unchecked { x = 5; for (uint256 i = 0; i < n; i++) { x = mulmod(x, x, p); x = addmod(x, i, p); } }
    }
    function sort(uint256 n) external pure returns (uint256) {
        uint256[] memory a = new uint256[](n);
        unchecked {
            uint256 x = 1;
            for (uint256 i = 0; i < n; i++) { x = (x * 1103515245 + 12345) & 0x7fffffff; a[i] = x; }
            for (uint256 i = 1; i < n; i++) {
                uint256 key = a[i]; uint256 j = i;
                while (j > 0 && a[j - 1] > key) { a[j] = a[j - 1]; j--; }
                a[j] = key;
            }
        }
        return a[n / 2];
    }
    function load(uint256 n) external view returns (uint256 x) {
        unchecked { for (uint256 i = 0; i < n; i++) x += kept; }
    }
}`

/** Kernels by name with how often their loop runs: some million gas each. */
export const KERNELS: readonly (readonly [name: string, call: string, times: number])[] = [
  ['arith', 'lcg(uint256)', 20_000],
  ['checked arith', 'checked_(uint256)', 10_000],
  ['keccak', 'hash(uint256)', 10_000],
  ['mulmod', 'modular(uint256)', 20_000],
  ['memory sort', 'sort(uint256)', 180],
  ['sload', 'load(uint256)', 12_000],
]

export const KERNEL_ADDRESS: Uint8Array = uintToBytes(0x1000, 20)
export const CALLER: Uint8Array = uintToBytes(0x2000, 20)
const GAS = 100_000_000n
const ENVIRONMENT = { number: 1n, timestamp: 1n, gasLimit: 1_000_000_000n, baseFeePerGas: 0n }

/** What runs a call and says how much gas it took beyond its intrinsic gas, and what it returned. */
export type KernelRunner = (
  data: Uint8Array,
) => Promise<{ readonly gas: bigint; readonly output: Uint8Array }>

export function kernelCall(call: string, times: number): Uint8Array {
  const data = new Uint8Array(36)
  data.set(keccak256(utf8ToBytes(call)).subarray(0, 4))
  data.set(uintToBytes(times, 32), 4)
  return data
}

let runtimeCode: Uint8Array | undefined

function kernels(): Uint8Array {
  runtimeCode ??= compileSolidity(SOURCE, 'Kernels', { optimize: true }).runtimeCode
  return runtimeCode
}

/** ethereumjs as it comes: its own VM, state manager and hashes. */
export async function stockRunner(code: Uint8Array = kernels()): Promise<KernelRunner> {
  const vm = await stockVm()
  await vm.stateManager.putAccount(new Address(KERNEL_ADDRESS), new Account(1n, 0n))
  await vm.stateManager.putCode(new Address(KERNEL_ADDRESS), code)
  await vm.stateManager.putStorage(
    new Address(KERNEL_ADDRESS),
    uintToBytes(0, 32),
    Uint8Array.of(1),
  )
  return async (data) => {
    const { execResult } = await vm.evm.runCall({
      to: new Address(KERNEL_ADDRESS),
      caller: new Address(CALLER),
      data,
      gasLimit: GAS,
    })
    if (execResult.exceptionError !== undefined) throw new Error(execResult.exceptionError.error)
    return { gas: execResult.executionGasUsed, output: execResult.returnValue }
  }
}

export function stockVm(): Promise<VM> {
  const common = createCustomCommon({ chainId: 1_998 }, Mainnet, { hardfork: Hardfork.Cancun })
  return createVM({ common })
}

export async function fastRunner(code: Uint8Array = kernels()): Promise<KernelRunner> {
  const machine = await FastMachine.create({ chainId: 1_998n, precompiles: [] })
  const state = memoryState()
  state.setAccount(KERNEL_ADDRESS, { nonce: 1n, balance: 0n, codeHash: EMPTY_CODE_HASH })
  state.setCode(KERNEL_ADDRESS, code)
  state.setSlot(KERNEL_ADDRESS, uintToBytes(0, 32), Uint8Array.of(1))
  return async (data) => {
    machine.bind({ state, exchange: undefined, blockHash: (number) => uintToBytes(number, 32) })
    const message = {
      from: CALLER,
      to: KERNEL_ADDRESS,
      data,
      value: 0n,
      gas: GAS,
      gasPrice: 0n,
      accessList: [],
    }
    const result = await machine.runMessage(message, ENVIRONMENT)
    state.settleTransaction()
    if (result.failure !== undefined) throw new Error(result.failure)
    return { gas: result.gasPeak - intrinsic(data), output: result.output }
  }
}

export function memoryState(): JournaledState {
  return new JournaledState(new StateReader({ read: () => undefined }, new LruCache(1_000_000)))
}

function intrinsic(data: Uint8Array): bigint {
  let gas = 21_000n
  for (const byte of data) gas += byte === 0 ? 4n : 16n
  return gas
}
