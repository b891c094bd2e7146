import type { Journal } from '../journal.ts'
import type { User } from '../records.ts'
import { type StoredTable, Table } from '../table.ts'
import { MULTI_SIG_USERS, type MultiSigUser } from './profileRecords.ts'

const nothing = (): void => undefined

/** The tables of what accounts chose for themselves beside trading. */
export class ProfileState {
  readonly multiSigUsers: Table<User, MultiSigUser>
  readonly tables: readonly StoredTable[]

  constructor(journal: Journal) {
    this.multiSigUsers = new Table(MULTI_SIG_USERS, journal, nothing)
    this.tables = [this.multiSigUsers]
  }
}
