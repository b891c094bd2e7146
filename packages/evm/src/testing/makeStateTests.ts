import { createBlock } from '@ethereumjs/block'
import { createCustomCommon, Mainnet } from '@ethereumjs/common'
import type { EVMMockBlockchainInterface } from '@ethereumjs/evm'
import { createTx } from '@ethereumjs/tx'
import { Account, Address } from '@ethereumjs/util'
import { createVM, runTx } from '@ethereumjs/vm'
import { bytesToHex, keccak256, uintToBytes } from '@openliquid/primitives'
import { encodeRlp } from '../rlp.ts'
import { CALL_CASES } from './callCases.ts'
import { FORK_RULE_CASES } from './forkRuleCases.ts'
import { INSTRUCTION_CASES } from './instructionCases.ts'
import { PRECOMPILE_CASES } from './precompileCases.ts'
import { CONTRACT, KEY, OTHER, type PreAccount, SENDER, type StateCase } from './stateCase.ts'
import { TRANSACTION_CASES } from './transactionCases.ts'

const COINBASE = uintToBytes(0xbeef, 20)
const FORK_NAMES: Record<string, string> = {
  Berlin: 'berlin',
  London: 'london',
  Shanghai: 'shanghai',
  Cancun: 'cancun',
}

const ENV = {
  currentCoinbase: bytesToHex(COINBASE),
  currentGasLimit: '0x1c9c380',
  currentNumber: '0x10',
  currentTimestamp: '0x3e8',
  currentRandom: `0x${'12'.repeat(32)}`,
  currentBaseFee: '0xa',
}

/** Hashes of past blocks as the format defines them: of the number's decimal digits. */
const BLOCKS: EVMMockBlockchainInterface = {
  getBlock: async (number) => ({ hash: () => keccak256(new TextEncoder().encode(`${number}`)) }),
  putBlock: async () => {},
  shallowCopy: () => BLOCKS,
}

/** Cases of every group of instructions, of transaction types, and of what differs between forks. */
export const STATE_CASES: readonly StateCase[] = [
  ...INSTRUCTION_CASES,
  ...CALL_CASES,
  ...PRECOMPILE_CASES,
  ...TRANSACTION_CASES,
  ...FORK_RULE_CASES,
]

/** The file of the cases: what ethereumjs with its own state manager makes of them. */
export async function makeStateTests(
  cases: readonly StateCase[],
): Promise<Record<string, unknown>> {
  const file: Record<string, unknown> = {}
  for (const one of cases) {
    const post: Record<string, unknown> = {}
    for (const fork of one.forks ?? ['Cancun'])
      post[fork] = [await runStock(one, { hardfork: FORK_NAMES[fork] as string })]
    file[one.name] = { env: ENV, pre: preOf(one), post }
  }
  return file
}

function preOf({ code, other = [], pre = {} }: StateCase): Record<string, PreAccount> {
  const accounts: Record<string, PreAccount> = {
    [bytesToHex(SENDER)]: { nonce: '0x00', balance: '0xde0b6b3a7640000', code: '0x', storage: {} },
    [bytesToHex(CONTRACT)]: {
      nonce: '0x01',
      balance: '0x64',
      code: bytesToHex(Uint8Array.from(code)),
      storage: { '0x64': '0x64', '0x65': '0x05' },
    },
    [bytesToHex(OTHER)]: {
      nonce: '0x01',
      balance: '0x01',
      code: bytesToHex(Uint8Array.from(other)),
      storage: {},
    },
  }
  const nothing = { nonce: '0x00', balance: '0x00', code: '0x', storage: {} }
  for (const [address, fields] of Object.entries(pre)) {
    accounts[address] = { ...(accounts[address] ?? nothing), ...fields }
  }
  return accounts
}

/** What ethereumjs makes of a case under the rules of a fork, and of EIPs beyond it. */
export async function runStock(
  one: StateCase,
  rules: { readonly hardfork: string; readonly eips?: number[] },
): Promise<Record<string, unknown>> {
  const common = createCustomCommon({ chainId: 1 }, Mainnet, rules)
  const vm = await createVM({ common, blockchain: BLOCKS })
  for (const [text, account] of Object.entries(preOf(one))) {
    const address = new Address(Uint8Array.from(Buffer.from(text.slice(2), 'hex')))
    await vm.stateManager.putAccount(
      address,
      new Account(BigInt(account.nonce), BigInt(account.balance)),
    )
    await vm.stateManager.putCode(
      address,
      Uint8Array.from(Buffer.from(account.code.slice(2), 'hex')),
    )
    for (const [slot, value] of Object.entries(account.storage)) {
      await vm.stateManager.putStorage(
        address,
        uintToBytes(BigInt(slot), 32),
        Uint8Array.of(Number(value)),
      )
    }
  }
  const hasRandom = common.isActivatedEIP(4399)
  const has1559 = common.isActivatedEIP(1559)
  const block = createBlock(
    {
      header: {
        number: 16n,
        timestamp: 1_000n,
        gasLimit: 30_000_000n,
        coinbase: new Address(COINBASE),
        ...(hasRandom
          ? { mixHash: Uint8Array.from(Buffer.from(ENV.currentRandom.slice(2), 'hex')) }
          : {}),
        ...(has1559 ? { baseFeePerGas: 10n } : {}),
      },
    },
    { common, skipConsensusFormatValidation: true },
  )
  const type = one.transaction?.['type'] ?? 0
  const unsigned = createTx(
    {
      nonce: 0n,
      gasLimit: 2_000_000n,
      to: new Address(CONTRACT),
      value: 0n,
      ...(type === 2 ? {} : { gasPrice: 20n }),
      ...(type === 0 ? {} : { chainId: 1n }),
      ...one.transaction,
      ...(one.transaction !== undefined && 'to' in one.transaction
        ? {
            to:
              one.transaction['to'] === undefined
                ? undefined
                : new Address(one.transaction['to'] as Uint8Array),
          }
        : {}),
    } as never,
    { common, allowUnlimitedInitCodeSize: true, freeze: false },
  )
  const tx = unsigned.sign(KEY)
  const txbytes = bytesToHex(tx.serialize())
  let logs: readonly (readonly [Uint8Array, Uint8Array[], Uint8Array])[] = []
  let exception = {}
  try {
    const result = await runTx(vm, { tx, block })
    logs = (result.execResult.exceptionError === undefined ? result.execResult.logs : []) ?? []
  } catch (error) {
    exception = { expectException: String((error as Error).message).slice(0, 30) }
  }
  const hash = bytesToHex(await vm.stateManager.getStateRoot())
  return {
    hash,
    logs: bytesToHex(keccak256(encodeRlp(logs.map((log) => [...log])))),
    txbytes,
    indexes: { data: 0, gas: 0, value: 0 },
    ...exception,
  }
}
