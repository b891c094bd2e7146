import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import type { DataDirectory } from './dataDirectory.ts'

/**
 * Puts a restored database in the place of the old one. Both must be closed.
 *
 * Killed at any point, `finishSwap` at the next start finds either the old one or the whole new one.
 */
export function swapDatabase(
  directory: Pick<DataDirectory, 'root' | 'db' | 'dbSync' | 'dbOld'>,
): void {
  const { db, dbOld, dbSync, root } = directory
  rmSync(dbOld, { recursive: true, force: true })
  renameSync(db, dbOld)
  syncFolder(root)
  renameSync(dbSync, db)
  syncFolder(root)
  rmSync(dbOld, { recursive: true, force: true })
}

/** Ends a swap that was cut off. Without one it does nothing: a half restored database stays, to be gone on with. */
export function finishSwap(
  directory: Pick<DataDirectory, 'root' | 'db' | 'dbSync' | 'dbOld'>,
): void {
  const { db, dbOld, dbSync, root } = directory
  if (!existsSync(dbOld)) return
  // The old one moves away only when the new one is whole.
  if (!existsSync(db)) renameSync(existsSync(dbSync) ? dbSync : dbOld, db)
  syncFolder(root)
  rmSync(dbOld, { recursive: true, force: true })
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
