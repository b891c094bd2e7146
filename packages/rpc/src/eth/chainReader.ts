import type { ChainView, EvmBlock, EvmView } from '@openliquid/execution'
import { RpcError } from '../errors.ts'
import { withDeadline } from '../transport/deadline.ts'
import type { BlockId } from './ethParams.ts'
import type { EvmStateView } from './evmTypes.ts'

/** How long a call may keep the next block waiting. */
const LOCK_MS_MAX = 20

/** How methods read the EVM: blocks of any age, and states as far back as they are kept. */
export class ChainReader {
  readonly #view: ChainView

  constructor(view: ChainView) {
    this.#view = view
  }

  /** Reads while no block is executing. */
  read<T>(read: (evm: EvmView) => T | Promise<T>): Promise<T> {
    return this.#view.call(() => read(this.#view.evm))
  }

  /** Reads the state after a block. @throws {RpcError} OL_RPC_STATE_UNAVAILABLE, OL_RPC_BLOCK_UNKNOWN */
  readState<T>(
    id: BlockId,
    read: (state: EvmStateView, block: EvmBlock, evm: EvmView) => T | Promise<T>,
  ): Promise<T> {
    return this.read((evm) => {
      const block = stateBlockOf(evm, id)
      return read(stateOf(evm, block), block, evm)
    })
  }

  /**
   * Starts work that may take long on the state after a block, and lets the next block go on after a short while: the
   * work keeps the state of the EVM that it started with. What precompiles read of the exchange after that is newer.
   */
  async run<T>(
    id: BlockId,
    start: (
      state: EvmStateView,
      block: EvmBlock,
      evm: EvmView,
      /** Does a part of the work while no block executes. */
      exclusively: <R>(part: () => R) => Promise<R>,
    ) => Promise<T>,
  ): Promise<T> {
    let isHeld = true
    const { work } = await this.read(async (evm) => {
      const block = stateBlockOf(evm, id)
      const running = start(stateOf(evm, block), block, evm, async (part) =>
        isHeld ? part() : this.read(part),
      )
      // A rejection is the caller's, below.
      const settled = running.then(
        () => undefined,
        () => undefined,
      )
      await withDeadline(settled, LOCK_MS_MAX)
      isHeld = false
      return { work: running }
    })
    return work
  }
}

function stateBlockOf(evm: EvmView, id: BlockId): EvmBlock {
  const block = blockOf(evm, id)
  if (block === undefined) throw unknownBlock(id)
  const { number } = block.header
  if (number >= evm.oldestState) return block
  throw new RpcError(`missing state: block ${evm.oldestState} is the oldest whose state is kept`, {
    code: 'OL_RPC_STATE_UNAVAILABLE',
    block: number.toString(),
  })
}

function stateOf(evm: EvmView, block: EvmBlock): EvmStateView {
  const { number } = block.header
  return number === evm.head.header.number ? evm : evm.at(number)
}

/** What the tag `earliest` stands for: the oldest block that is kept whole. */
export function earliestNumber({ oldestBlock, head }: EvmView): bigint {
  const { number } = head.header
  return oldestBlock < number ? oldestBlock : number
}

/** The block a client named, if there is one. @throws {EvmError} OL_EVM_PRUNED */
export function blockOf(evm: EvmView, id: BlockId): EvmBlock | undefined {
  switch (id.kind) {
    case 'tag':
      return id.tag === 'earliest' ? evm.getBlockByNumber(earliestNumber(evm)) : evm.head
    case 'number':
      return evm.getBlockByNumber(id.number)
    case 'hash':
      return evm.getBlockByHash(id.hash)
  }
}

/** Makes the error for a block that a state query needs and that does not exist. */
export function unknownBlock(id: BlockId): RpcError {
  const block = id.kind === 'number' ? id.number.toString() : id.kind
  return new RpcError('header not found: there is no such block', {
    code: 'OL_RPC_BLOCK_UNKNOWN',
    block,
  })
}
