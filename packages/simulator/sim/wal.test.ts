import { ConsensusCore, type LogRecord, recoverState } from '@openliquid/consensus'
import { describe, expect, it } from 'vitest'
import { recordLog } from './recordedLog.ts'
import { cutEverywhere } from './walCuts.ts'

const RUN_MS = 1_500

describe('a log cut at every byte (§7)', () => {
  it.each([1, 2])('restarts in silence and contradicts nothing (seed %i)', (seed) => {
    const { cuts, restarts } = cutEverywhere(recordLog(seed, RUN_MS))
    expect(restarts).toBeGreaterThan(10)
    expect(cuts).toBeGreaterThan(10_000)
  })

  it('shows a recovery that overlooks the newest safety data', () => {
    const forgetful: typeof recoverState = (options) => {
      const records: LogRecord[] = [...options.records]
      const newest = records.findLastIndex(({ kind }) => kind === 'safety')
      return recoverState({ ...options, records: records.filter((_, i) => i !== newest) })
    }
    const log = recordLog(1, RUN_MS)
    expect(() => cutEverywhere(log, { ConsensusCore, recoverState: forgetful })).toThrow(/^O\d/)
  })
})
