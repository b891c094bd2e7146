import { indexKey, readList, type Singleton, singletonKey, type User } from './records.ts'
import type { TableSpec } from './table.ts'

/** A token that an account registers on the running chain; docs/spec/hyperliquid.md §9. */
export interface Deployment {
  /** Wei given out by `userGenesis` so far; what there is once `isOpen`. */
  readonly allocatedWei: bigint
  readonly holders: number
  /** After `genesis`: the holders have their wei, and a pair can be registered. */
  readonly isOpen: boolean
  /** Of the fees paid in the token, millionths; the rest is burned. */
  readonly feeSharePpm: number
  /** Holders of another token that the deployer left out. */
  readonly blacklist: readonly User[]
}

/** Keyed by token. */
export const DEPLOYMENTS: TableSpec<number, Deployment> = {
  tag: 0x63,
  ...indexKey,
  write: (out, { allocatedWei, holders, isOpen, feeSharePpm, blacklist }) => {
    out.u64(allocatedWei).u32(holders).bool(isOpen).u32(feeSharePpm)
    out.u32(blacklist.length)
    for (const user of blacklist) out.hex(user, 20)
  },
  read: (input) => ({
    allocatedWei: input.u64(),
    holders: input.u32(),
    isOpen: input.bool(),
    feeSharePpm: input.u32(),
    blacklist: readList(input, () => input.hex(20)),
  }),
}

/** Wei that the genesis of a token will give to an account; keyed by account and token. */
export const ALLOCATIONS: TableSpec<readonly [User, number], bigint> = {
  tag: 0x64,
  writeKey: (out, [user, token]) => void out.hex(user, 20).u32(token),
  readKey: (input) => [input.hex(20), input.u32()],
  write: (out, wei) => void out.u64(wei),
  read: (input) => input.u64(),
}

/** The price of the next token, which falls from its start; docs/spec/hyperliquid.md §9. */
export interface DeployAuction {
  readonly startMs: number
  /** 1e-8 HYPE. */
  readonly startGas: bigint
}

export const DEPLOY_AUCTION: TableSpec<Singleton, DeployAuction> = {
  tag: 0x65,
  ...singletonKey,
  write: (out, { startMs, startGas }) => void out.u53(startMs).u64(startGas),
  read: (input) => ({ startMs: input.u53(), startGas: input.u64() }),
}
