import type { CommittedBlock } from '@openliquid/consensus'
import type { CommitProof } from '@openliquid/primitives'
import { expect, test, vi } from 'vitest'
import { ExecutionQueue, type QueuedBlock } from './executionQueue.ts'

const proof = {} as CommitProof

function block(height: number): CommittedBlock {
  return {
    block: { header: { height: BigInt(height) } },
    blockHash: new Uint8Array(32).fill(height),
  } as unknown as CommittedBlock
}

function queueWith(execute: (block: QueuedBlock) => Promise<void>) {
  const executed: bigint[] = []
  const onFailure = vi.fn()
  const queue = new ExecutionQueue({
    execute: async (queued) => {
      await execute(queued)
      return { stateRoot: new Uint8Array(32) }
    },
    onExecuted: ({ height }) => executed.push(height),
    onFailure,
  })
  return { queue, executed, onFailure }
}

test('executes in commit order, never two at once, and gives the proof to the last of a commit', async () => {
  let running = 0
  const proofs: (CommitProof | undefined)[] = []
  const { queue, executed } = queueWith(async (queued) => {
    running += 1
    expect(running).toBe(1)
    proofs.push(queued.proof)
    await new Promise(setImmediate)
    running -= 1
  })
  queue.add([block(1), block(2)], proof)
  queue.add([block(3)], proof)
  expect(queue.block(new Uint8Array(32).fill(3))?.header.height).toBe(3n)
  await vi.waitFor(() => expect(executed).toEqual([1n, 2n, 3n]))
  expect(proofs).toEqual([undefined, proof, proof])
  expect(queue.length).toBe(0)
})

test('executes nothing after a failure', async () => {
  const { queue, executed, onFailure } = queueWith(async ({ block: { header } }) => {
    if (header.height === 2n) throw new Error('disk')
  })
  queue.add([block(1), block(2), block(3)], proof)
  await vi.waitFor(() => expect(onFailure).toHaveBeenCalledTimes(1))
  queue.add([block(4)], proof)
  await queue.stop()
  expect(executed).toEqual([1n])
})

test('stop waits for the block in execution and begins no other', async () => {
  let finish = (): void => undefined
  const { queue, executed } = queueWith(
    () =>
      new Promise((resolve) => {
        finish = resolve
      }),
  )
  queue.add([block(1), block(2)], proof)
  const stopped = queue.stop()
  finish()
  await stopped
  expect(executed).toEqual([1n])
})
