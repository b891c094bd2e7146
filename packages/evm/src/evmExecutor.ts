import type {
  BlockContext,
  ExchangeReader,
  GenesisEvm,
  Hash,
  KeyValueStore,
  L1Precompile,
  StateMachine,
} from '@openliquid/primitives'
import { InvariantError } from '@openliquid/primitives'
import type { EvmPayload, EvmTransition } from './evmTransition.ts'
import type { EvmView } from './evmView.ts'
import type { EvmReceipt } from './receipts.ts'

export interface EvmExecutorOptions {
  /** Every key used starts with the byte `e`. */
  readonly store: KeyValueStore
  readonly genesis: GenesisEvm
  readonly chainId: number
  /** Time of EVM block 0. */
  readonly genesisTimeMs: number
  readonly precompiles: readonly L1Precompile[]
  /** The Core as calls outside of blocks see it. Without it, precompiles fail in such calls. */
  readonly exchange?: () => ExchangeReader
}

/** Executes EVM blocks. */
export class EvmExecutor implements StateMachine<EvmPayload, EvmReceipt> {
  readonly name: string = 'evm'

  /** Opens the state in the store; writes the genesis state there, in one synced batch, if it holds none. */
  static create(_options: EvmExecutorOptions): Promise<EvmExecutor> {
    throw new InvariantError('in the making')
  }

  /** Root of the account trie after the last applied block. */
  get evmRoot(): Hash {
    throw new InvariantError('in the making')
  }

  get view(): EvmView {
    throw new InvariantError('in the making')
  }

  applyBlock(_context: BlockContext, _payload: EvmPayload): Promise<EvmTransition> {
    throw new InvariantError('in the making')
  }

  accept(_transition: EvmTransition): void {
    throw new InvariantError('in the making')
  }
}
