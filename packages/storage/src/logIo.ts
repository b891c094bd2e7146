import { closeSync, fdatasyncSync, fsyncSync, openSync, writeSync } from 'node:fs'

/** The calls of the consensus log that a disk can fail. Replaced in tests by one that does. */
export interface LogIo {
  write(file: number, bytes: Uint8Array, position: number): void
  sync(file: number): void
  /** Makes created, renamed and deleted names of a folder durable. */
  syncFolder(path: string): void
}

export const nodeLogIo: LogIo = {
  write(file, bytes, position) {
    let written = 0
    while (written < bytes.length) {
      written += writeSync(file, bytes, written, bytes.length - written, position + written)
    }
  },
  sync: fdatasyncSync,
  syncFolder(path) {
    // Windows cannot open a folder, and makes names durable by itself.
    if (process.platform === 'win32') return
    const folder = openSync(path, 'r')
    try {
      fsyncSync(folder)
    } finally {
      closeSync(folder)
    }
  },
}
