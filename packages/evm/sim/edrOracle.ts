import {
  CANCUN,
  ContractDecoder,
  EdrContext,
  L1_CHAIN_TYPE,
  l1ProviderFactory,
  MineOrdering,
  type Provider,
} from '@nomicfoundation/edr'
import { type Address, bytesToHex, type Hash, type Hex, hexToBytes } from '@openliquid/primitives'
import type { BlockEnvironment } from '../src/machine.ts'

/** An account of the oracle's genesis. */
export interface OracleAccount {
  readonly address: Address
  readonly balance: bigint
  readonly code?: Uint8Array
}

export interface OracleOptions {
  readonly chainId: bigint
  readonly coinbase: Address
  readonly gasLimit: bigint
  readonly genesis: readonly OracleAccount[]
}

/** What the oracle made of a transaction, which is alone in its block. */
export interface OracleExecution {
  readonly environment: BlockEnvironment
  readonly stateRoot: Hex
  readonly succeeded: boolean
  readonly gasUsed: bigint
  readonly logs: readonly {
    readonly address: Hex
    readonly topics: readonly Hex[]
    readonly data: Hex
  }[]
  readonly createdAddress: Hex | undefined
  /** What the outermost frame gave back. */
  readonly output: Hex
}

interface OracleBlock {
  readonly number: Hex
  readonly hash: Hex
  readonly timestamp: Hex
  readonly gasLimit: Hex
  readonly baseFeePerGas: Hex
  readonly miner: Hex
  readonly mixHash: Hex
  readonly stateRoot: Hex
}

interface OracleReceipt {
  readonly status: Hex
  readonly gasUsed: Hex
  readonly contractAddress: Hex | null
  readonly logs: OracleExecution['logs']
}

/** One for the process: edr allows no second. */
let context: Promise<EdrContext> | undefined

async function openContext(): Promise<EdrContext> {
  const opened = new EdrContext()
  await opened.registerProviderFactory(L1_CHAIN_TYPE, l1ProviderFactory())
  return opened
}

/** A chain of revm in this process, as Hardhat runs it: every transaction is mined at once in a block of its own. */
export class EdrOracle {
  readonly #provider: Provider

  private constructor(provider: Provider) {
    this.#provider = provider
  }

  static async create(options: OracleOptions): Promise<EdrOracle> {
    context ??= openContext()
    const provider = await (await context).createProvider(
      L1_CHAIN_TYPE,
      {
        allowBlocksWithSameTimestamp: false,
        allowUnlimitedContractSize: false,
        bailOnCallFailure: false,
        bailOnTransactionFailure: false,
        chainId: options.chainId,
        coinbase: options.coinbase,
        defaultTransactionGasLimit: options.gasLimit,
        genesisState: options.genesis.map((account) => ({ ...account })),
        hardfork: CANCUN,
        initialBaseFeePerGas: 7n,
        initialParentBeaconBlockRoot: new Uint8Array(32),
        minGasPrice: 0n,
        mining: {
          autoMine: true,
          blockGasLimit: options.gasLimit,
          memPool: { order: MineOrdering.Fifo },
        },
        network: {
          genesisBlockGasLimit: options.gasLimit,
          genesisBlockTime: 1_700_000_000n,
          genesisBlobGas: { gasUsed: 0n, excessGas: 0n },
        },
        networkId: options.chainId,
        observability: {},
        ownedAccounts: [],
        precompileOverrides: [],
      },
      {
        enable: false,
        decodeConsoleLogInputsCallback: () => [],
        printLineCallback: () => undefined,
      },
      { subscriptionCallback: () => undefined },
      new ContractDecoder(),
    )
    return new EdrOracle(provider)
  }

  async setSlot(address: Address, slot: bigint, value: Uint8Array): Promise<void> {
    const word = new Uint8Array(32)
    word.set(value, 32 - value.length)
    await this.#ask('hardhat_setStorageAt', [
      bytesToHex(address),
      `0x${slot.toString(16)}`,
      bytesToHex(word),
    ])
  }

  async blockHash(number: bigint): Promise<Hash> {
    const block = await this.#block(`0x${number.toString(16)}`)
    return hexToBytes(block.hash)
  }

  async run(raw: Uint8Array): Promise<OracleExecution> {
    const hash = await this.#ask<Hex>('eth_sendRawTransaction', [bytesToHex(raw)])
    const receipt = await this.#ask<OracleReceipt>('eth_getTransactionReceipt', [hash])
    const block = await this.#block('latest')
    const output = await this.#outputOf(hash)
    return {
      environment: {
        number: BigInt(block.number),
        timestamp: BigInt(block.timestamp),
        gasLimit: BigInt(block.gasLimit),
        baseFeePerGas: BigInt(block.baseFeePerGas),
        coinbase: hexToBytes(block.miner),
        prevRandao: hexToBytes(block.mixHash),
      },
      stateRoot: block.stateRoot,
      succeeded: receipt.status === '0x1',
      gasUsed: BigInt(receipt.gasUsed),
      logs: receipt.logs,
      createdAddress: receipt.contractAddress ?? undefined,
      output,
    }
  }

  /** What the outermost frame gave back, by running the transaction again. */
  async #outputOf(hash: Hex): Promise<Hex> {
    const options = { disableMemory: true, disableStack: true, disableStorage: true }
    const { returnValue } = await this.#ask<{ returnValue: string }>('debug_traceTransaction', [
      hash,
      options,
    ])
    return returnValue.startsWith('0x') ? (returnValue as Hex) : `0x${returnValue}`
  }

  #block(tag: string): Promise<OracleBlock> {
    return this.#ask<OracleBlock>('eth_getBlockByNumber', [tag, false])
  }

  async #ask<T>(method: string, params: readonly unknown[]): Promise<T> {
    return resultOf<T>(await this.#request(method, params))
  }

  #request(method: string, params: readonly unknown[]): ReturnType<Provider['handleRequest']> {
    return this.#provider.handleRequest(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }))
  }
}

function resultOf<T>(response: Awaited<ReturnType<Provider['handleRequest']>>): T {
  const data: unknown = response.data
  const { result, error } = (typeof data === 'string' ? JSON.parse(data) : data) as {
    result: T
    error?: { message: string }
  }
  if (error !== undefined) throw new Error(`the oracle refused: ${error.message}`)
  return result
}
