import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Ban } from '@openliquid/network'
import { z } from 'zod'

const banList = z
  .array(
    z.strictObject({
      peer: z.string().min(1).max(128),
      untilMs: z.number().int().nonnegative(),
      reason: z.string().max(256),
    }),
  )
  .max(4_096)

/** The bans of earlier runs; none when the file is missing or is no such list: a ban is no reason not to start. */
export function readBans(path: string): readonly Ban[] {
  try {
    return banList.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch {
    return []
  }
}

/** Whole or not at all. @throws errors of the file system */
export function writeBans(path: string, bans: readonly Ban[]): void {
  const text = JSON.stringify(bans)
  writeFileSync(`${path}.new`, `${text}\n`, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}
