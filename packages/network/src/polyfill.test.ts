import { expect, test } from 'vitest'
import './polyfill.ts'

interface WithResolvers {
  withResolvers<T>(): { promise: Promise<T>; resolve(value: T): void; reject(reason: Error): void }
}
const { withResolvers } = Promise as unknown as WithResolvers

test('Promise.withResolvers is there and settles its promise', async () => {
  const first = withResolvers.call(Promise) as ReturnType<WithResolvers['withResolvers']>
  first.resolve(5)
  expect(await first.promise).toBe(5)
  const second = withResolvers.call(Promise) as ReturnType<WithResolvers['withResolvers']>
  second.reject(new Error('no'))
  await expect(second.promise).rejects.toThrow('no')
})
