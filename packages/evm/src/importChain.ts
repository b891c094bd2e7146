import { type Block, createBlock, createBlockFromRLP } from '@ethereumjs/block'
import { createCommonFromGethGenesis, parseGethGenesisState } from '@ethereumjs/common'
import { Account, Address, bigIntToBytes, setLengthLeft } from '@ethereumjs/util'
import { createVM, runBlock, type VM } from '@ethereumjs/vm'
import { bytesToHex, equalBytes, type Hash, hexToBytes } from '@openliquid/primitives'
import { EvmError } from './errors.ts'
import { BlockHashes } from './machine.ts'
import { rlpItemBytes } from './rlp.ts'

/** What an imported chain came to. */
export interface ImportedChain {
  readonly number: bigint
  readonly hash: Hash
  readonly stateRoot: Hash
  /** Transactions that ran. */
  readonly transactions: number
  readonly gasUsed: bigint
  /** The state after the last block. */
  readonly state: ImportedState
}

/** Reads the state of an imported chain. */
export interface ImportedState {
  getBalance(address: Uint8Array): Promise<bigint>
  getNonce(address: Uint8Array): Promise<bigint>
  /** Empty for none. */
  getCode(address: Uint8Array): Promise<Uint8Array>
  /** @param slot - 32 bytes @returns without leading zeros */
  getStorage(address: Uint8Array, slot: Uint8Array): Promise<Uint8Array>
}

/**
 * Executes the blocks of an ordinary Ethereum chain from its genesis, and checks each against its header: parent, state root,
 * receipts, logs and gas.
 *
 * The forks are those of the genesis file. It runs on the library as it comes, engine and state, and keeps nothing on disk.
 *
 * @param genesis - a genesis file of geth, parsed
 * @param rlp - the blocks' RLP one after the other, as `geth export` writes them; block 0 may be the first
 * @throws {EvmError} OL_EVM_IMPORT: not such a file, or a block that is not valid
 */
export async function importChain(genesis: unknown, rlp: Uint8Array): Promise<ImportedChain> {
  const file = genesis as Parameters<typeof createCommonFromGethGenesis>[0]
  const hashes = new BlockHashes()
  const known = new Map<bigint, Hash>()
  hashes.lookUp = (number) => known.get(number)
  const { vm, first } = await begin(file, hashes)
  known.set(0n, first.hash())
  const chain = { number: 0n, hash: first.hash(), stateRoot: first.header.stateRoot }
  let [transactions, gasUsed, timestamp] = [0, 0n, first.header.timestamp]
  for (const bytes of blocksOf(rlp)) {
    const block = parse(bytes, vm)
    const { header } = block
    if (header.number === 0n) {
      if (!equalBytes(block.hash(), chain.hash)) throw invalid(0n, 'another genesis')
      continue
    }
    const follows = header.number === chain.number + 1n && header.timestamp > timestamp
    if (!follows || !equalBytes(header.parentHash, chain.hash)) {
      throw invalid(header.number, `it does not follow ${bytesToHex(chain.hash)}`)
    }
    const root = chain.stateRoot
    try {
      const result = await runBlock(vm, {
        block,
        root,
        skipHeaderValidation: true,
        setHardfork: true,
      })
      gasUsed += result.gasUsed
    } catch (cause) {
      throw invalid(header.number, cause instanceof Error ? cause.message : String(cause), cause)
    }
    transactions += block.transactions.length
    chain.number = header.number
    chain.hash = block.hash()
    chain.stateRoot = header.stateRoot
    timestamp = header.timestamp
    known.set(chain.number, chain.hash)
    known.delete(chain.number - BLOCK_HASHES)
  }
  return { ...chain, transactions, gasUsed, state: stateOf(vm) }
}

function stateOf({ stateManager }: VM): ImportedState {
  const account = (address: Uint8Array): ReturnType<typeof stateManager.getAccount> =>
    stateManager.getAccount(new Address(address))
  return {
    getBalance: async (address) => (await account(address))?.balance ?? 0n,
    getNonce: async (address) => (await account(address))?.nonce ?? 0n,
    getCode: (address) => stateManager.getCode(new Address(address)),
    getStorage: (address, slot) => stateManager.getStorage(new Address(address), slot),
  }
}

/** BLOCKHASH reaches back this far. */
const BLOCK_HASHES = 257n

type GethGenesis = Parameters<typeof createCommonFromGethGenesis>[0]

async function begin(
  file: GethGenesis,
  hashes: BlockHashes,
): Promise<{ readonly vm: VM; readonly first: Block }> {
  try {
    const common = createCommonFromGethGenesis(file, { chain: 'imported' })
    const vm = await createVM({ common, blockchain: hashes })
    for (const [address, entry] of Object.entries(parseGethGenesisState(file))) {
      await allocate(vm, new Address(hexToBytes(address)), entry)
    }
    const stateRoot = await vm.stateManager.getStateRoot()
    common.setHardforkBy({ blockNumber: 0n, timestamp: common.genesis().timestamp ?? 0 })
    const header = {
      ...common.genesis(),
      number: 0n,
      stateRoot,
      gasLimit: common.genesis().gasLimit,
    }
    const first = createBlock({ header } as Parameters<typeof createBlock>[0], {
      common,
      skipConsensusFormatValidation: true,
      setHardfork: true,
    })
    return { vm, first }
  } catch (cause) {
    throw invalid(0n, 'the genesis file cannot be read', cause)
  }
}

async function allocate(vm: VM, address: Address, entry: unknown): Promise<void> {
  const [balance, code, storage, nonce] = Array.isArray(entry) ? entry : [entry]
  const account = new Account(BigInt(nonce ?? 0), BigInt(balance ?? 0))
  await vm.stateManager.putAccount(address, account)
  if (code !== undefined && code !== '0x') await vm.stateManager.putCode(address, hexToBytes(code))
  for (const [slot, value] of storage ?? []) {
    const key = setLengthLeft(hexToBytes(slot), 32)
    await vm.stateManager.putStorage(address, key, bigIntToBytes(BigInt(value)))
  }
}

function parse(bytes: Uint8Array, vm: VM): Block {
  try {
    const options = { common: vm.common, setHardfork: true, skipConsensusFormatValidation: true }
    return createBlockFromRLP(bytes, options)
  } catch (cause) {
    throw invalid(-1n, 'a block cannot be read', cause)
  }
}

function* blocksOf(rlp: Uint8Array): Iterable<Uint8Array> {
  let at = 0
  while (at < rlp.length) {
    const size = rlpItemBytes(rlp, at)
    if (size === undefined) throw invalid(-1n, `no RLP item at byte ${at}`)
    yield rlp.subarray(at, at + size)
    at += size
  }
}

function invalid(number: bigint, reason: string, cause?: unknown): EvmError {
  return new EvmError(
    `the chain cannot be imported: block ${number}: ${reason}`,
    { code: 'OL_EVM_IMPORT', number, reason },
    { cause },
  )
}
