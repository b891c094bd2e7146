import type { ChainView } from '@openliquid/execution'
import { expect, it } from 'vitest'
import { memoryChain } from '../../test/memoryChainView.ts'
import { ChainReader } from './chainReader.ts'

it('lets the next block go on after a short while, and holds it off again for parts of the work', async () => {
  const { view } = memoryChain()
  let readers = 0
  let onRelease: () => void = () => {}
  const released = new Promise<void>((resolve) => {
    onRelease = resolve
  })
  const call: ChainView['call'] = async (read) => {
    readers++
    try {
      return await read()
    } finally {
      readers--
      onRelease()
    }
  }
  const reader = new ChainReader({ evm: view.evm, call } as ChainView)
  const seen = await reader.run(
    { kind: 'tag', tag: 'latest' },
    async (_state, _block, _evm, exclusively) => {
      const held = await exclusively(() => readers)
      await released
      const between = readers
      return [held, between, await exclusively(() => readers), readers]
    },
  )
  expect(seen).toEqual([1, 0, 1, 0])
})
