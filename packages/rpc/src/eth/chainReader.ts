import type { ChainView, EvmBlock, EvmView } from '@openliquid/execution'
import { equalBytes } from '@openliquid/primitives'
import { RpcError } from '../errors.ts'
import type { BlockId } from './ethParams.ts'

/** The two ways methods read the EVM: blocks of any age, and the state, of which only the newest is kept. */
export class ChainReader {
  readonly #view: ChainView

  constructor(view: ChainView) {
    this.#view = view
  }

  /** Reads while no block is executing. */
  read<T>(read: (evm: EvmView) => T | Promise<T>): Promise<T> {
    return this.#view.call(() => read(this.#view.evm))
  }

  /** Reads the state after the block, which must be the newest one. @throws {RpcError} OL_RPC_STATE_UNAVAILABLE, OL_RPC_BLOCK_UNKNOWN */
  readState<T>(id: BlockId, read: (evm: EvmView) => T | Promise<T>): Promise<T> {
    return this.read((evm) => {
      const block = blockOf(evm, id)
      if (block === undefined) throw unknownBlock(id)
      if (!equalBytes(block.hash, evm.head.hash)) {
        throw new RpcError('missing state: only the state of the latest block is kept', {
          code: 'OL_RPC_STATE_UNAVAILABLE',
          block: block.header.number.toString(),
        })
      }
      return read(evm)
    })
  }
}

/** The block a client named, if there is one. */
export function blockOf(evm: EvmView, id: BlockId): EvmBlock | undefined {
  switch (id.kind) {
    case 'tag':
      return id.tag === 'earliest' ? evm.getBlockByNumber(0n) : evm.head
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
