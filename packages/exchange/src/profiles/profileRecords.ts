import type { ByteReader } from '../byteCodec.ts'
import { readList, type User, userKey } from '../records.ts'
import type { TableSpec } from '../table.ts'

/** Who signs for an account that several sign for; docs/spec/hyperliquid.md §3.3. */
export interface MultiSigUser {
  /** Ascending, without doubles. */
  readonly authorizedUsers: readonly User[]
  /** How many of them an action needs. */
  readonly threshold: number
}

/** Keyed by the account. */
export const MULTI_SIG_USERS: TableSpec<User, MultiSigUser> = {
  tag: 0x80,
  ...userKey,
  write: (out, { authorizedUsers, threshold }) => {
    out.u8(threshold).u32(authorizedUsers.length)
    for (const user of authorizedUsers) out.hex(user, 20)
  },
  read: (input: ByteReader) => {
    const threshold = input.u8()
    return { threshold, authorizedUsers: readList(input, () => input.hex(20)) }
  },
}
