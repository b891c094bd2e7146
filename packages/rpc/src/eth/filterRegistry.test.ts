import { describe, expect, it } from 'vitest'
import { FilterRegistry } from './filterRegistry.ts'

function registry() {
  const clock = { nowMs: 0 }
  const filters = new FilterRegistry({
    filtersMax: 2,
    filterIdleMs: 1_000,
    nowMs: () => clock.nowMs,
  })
  return { clock, filters }
}

const unknown = expect.objectContaining({ code: 'OL_RPC_FILTER_UNKNOWN' })

describe('FilterRegistry', () => {
  it('gives ids that cannot be guessed', () => {
    const { filters } = registry()
    expect(filters.install('blocks', 1n)).toMatch(/^0x[0-9a-f]{32}$/)
  })

  it('refuses one filter more than it may hold', () => {
    const { filters } = registry()
    const first = filters.install('blocks', 1n)
    filters.install('blocks', 1n)
    expect(() => filters.install('blocks', 1n)).toThrow(
      expect.objectContaining({ code: 'OL_RPC_FILTERS_FULL' }),
    )
    expect(filters.uninstall(first)).toBe(true)
    expect(filters.uninstall(first)).toBe(false)
    expect(() => filters.install('blocks', 1n)).not.toThrow()
  })

  it('drops a filter that nobody polls, and keeps the others', () => {
    const { clock, filters } = registry()
    const idle = filters.install('blocks', 1n)
    const polled = filters.install('blocks', 1n)
    clock.nowMs = 999
    expect(filters.use(polled).nextNumber).toBe(1n)
    clock.nowMs = 1_000
    expect(() => filters.use(idle)).toThrow(unknown)
    expect(() => filters.use(polled)).not.toThrow()
  })
})
