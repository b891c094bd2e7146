import type { ByteReader } from './byteCodec.ts'
import { indexKey, sequenceKey, type User } from './records.ts'
import type { TableSpec } from './table.ts'

/** Tokens on their way to the EVM, held by the system address until the next EVM block; docs/spec/hyperliquid.md §13. */
export interface QueuedTransfer {
  readonly user: User
  readonly token: number
  readonly wei: bigint
  readonly call: TransferCall | undefined
}

/** What the linked contract is called with; docs/spec/hyperliquid.md §13. */
export interface TransferCall {
  /** 32 bytes of hex. */
  readonly destinationRecipient: string
  readonly destinationChainId: number
  readonly nonce: number
  readonly data: Uint8Array
  readonly gasLimit: bigint
}

/** A contract that the deployer of a token asked to link, and that nobody has confirmed yet. */
export interface LinkRequest {
  readonly address: User
  readonly evmExtraWeiDecimals: number
}

/** Keyed by a sequence number. */
export const EVM_TRANSFERS: TableSpec<number, QueuedTransfer> = {
  tag: 0x60,
  ...sequenceKey,
  write: (out, { user, token, wei, call }) => {
    out
      .hex(user, 20)
      .u32(token)
      .u64(wei)
      .bool(call !== undefined)
    if (call === undefined) return
    out
      .hex(call.destinationRecipient, 32)
      .u32(call.destinationChainId)
      .u53(call.nonce)
      .u64(call.gasLimit)
      .u32(call.data.length)
      .part(call.data, 0, call.data.length)
  },
  read: (input: ByteReader) => ({
    user: input.hex(20),
    token: input.u32(),
    wei: input.u64(),
    call: input.bool() ? readCall(input) : undefined,
  }),
}

function readCall(input: ByteReader): TransferCall {
  return {
    destinationRecipient: input.hex(32),
    destinationChainId: input.u32(),
    nonce: input.u53(),
    gasLimit: input.u64(),
    data: input.bytes(input.u32()),
  }
}

/** Keyed by token. */
export const TOKEN_DEPLOYERS: TableSpec<number, User> = {
  tag: 0x61,
  ...indexKey,
  write: (out, deployer) => void out.hex(deployer, 20),
  read: (input: ByteReader) => input.hex(20),
}

/** Keyed by token. */
export const LINK_REQUESTS: TableSpec<number, LinkRequest> = {
  tag: 0x62,
  ...indexKey,
  write: (out, { address, evmExtraWeiDecimals }) =>
    void out.hex(address, 20).i53(evmExtraWeiDecimals),
  read: (input: ByteReader) => ({ address: input.hex(20), evmExtraWeiDecimals: input.i53() }),
}
