import { describe, expect, it } from 'vitest'
import { CertificateCache } from './certificateCache.ts'
import { CERTIFICATE_VIEWS_CACHED_MAX, CERTIFICATES_PER_VIEW_MAX } from './limits.ts'

interface Named {
  readonly view: bigint
  readonly name: string
}

const cacheOf = (): CertificateCache<Named> =>
  new CertificateCache((a, b) => a.view === b.view && a.name === b.name)

const named = (view: bigint, name = 'a'): [bigint, Named] => [view, { view, name }]

describe('CertificateCache', () => {
  it('knows a certificate by what it says, and none that says something else', () => {
    const cache = cacheOf()
    cache.add(...named(7n))
    expect(cache.has(...named(7n))).toBe(true)
    expect(cache.has(...named(7n, 'b'))).toBe(false)
    expect(cache.has(...named(8n))).toBe(false)
    expect(cache.has(...named(7n + BigInt(CERTIFICATE_VIEWS_CACHED_MAX)))).toBe(false)
  })

  it('keeps CERTIFICATES_PER_VIEW_MAX of a view, the newest ones', () => {
    const cache = cacheOf()
    const names = Array.from({ length: CERTIFICATES_PER_VIEW_MAX + 1 }, (_, i) => `${i}`)
    for (const name of names) cache.add(...named(7n, name))
    expect(names.map((name) => cache.has(...named(7n, name)))).toEqual([
      false,
      ...names.slice(1).map(() => true),
    ])
  })

  it('keeps CERTIFICATE_VIEWS_CACHED_MAX views; one more drives out the oldest', () => {
    const cache = cacheOf()
    const count = BigInt(CERTIFICATE_VIEWS_CACHED_MAX)
    for (let view = 1n; view <= count; view++) cache.add(...named(view))
    expect(cache.has(...named(1n))).toBe(true)
    cache.add(...named(count + 1n))
    expect(cache.has(...named(count + 1n))).toBe(true)
    expect(cache.has(...named(1n))).toBe(false)
    expect(cache.has(...named(2n))).toBe(true)
  })

  it('holds the newest views of a long run, and nothing else', () => {
    const cache = cacheOf()
    const views = Array.from({ length: 5_000 }, (_, i) => BigInt(i + 1))
    for (const view of views) cache.add(...named(view))
    const held = views.filter((view) => cache.has(...named(view)))
    expect(held).toEqual(views.slice(-CERTIFICATE_VIEWS_CACHED_MAX))
  })

  it('does not drive out what is in use for what is old', () => {
    const cache = cacheOf()
    const now = 7n + BigInt(CERTIFICATE_VIEWS_CACHED_MAX)
    cache.add(...named(now))
    for (let i = 0; i < CERTIFICATES_PER_VIEW_MAX; i++) cache.add(...named(7n, `${i}`))
    expect(cache.has(...named(now))).toBe(true)
    expect(cache.has(...named(7n, '0'))).toBe(false)
  })
})
