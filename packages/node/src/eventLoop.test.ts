import type { ConsensusInput, Effect } from '@openliquid/consensus'
import { expect, test, vi } from 'vitest'
import { EventLoop } from './eventLoop.ts'
import { INPUTS_QUEUED_MAX } from './limits.ts'

const message = { kind: 'message', from: 'peer', message: {} } as never

function loopWith(step: (input: ConsensusInput) => Effect[]) {
  const ran: (readonly Effect[])[] = []
  const onFailure = vi.fn()
  const loop = new EventLoop({
    core: { step },
    clock: () => 7,
    run: (effects) => ran.push(effects),
    onFailure,
  })
  return { loop, ran, onFailure }
}

test('steps in order, each input with the time, effects before the next input', async () => {
  const log: string[] = []
  const { loop } = loopWith((input) => {
    log.push(`${input.kind}@${input.nowMs}`)
    return []
  })
  loop.push({ kind: 'start' })
  loop.push({ kind: 'timerFired', timerId: 'view' })
  await vi.waitFor(() => expect(log).toEqual(['start@7', 'timerFired@7']))
})

test('processes an input that an effect caused', async () => {
  const seen: string[] = []
  const loop: EventLoop = new EventLoop({
    core: {
      step: (input) => {
        seen.push(input.kind)
        return input.kind === 'start' ? [{ kind: 'cancelTimer', timerId: 'view' }] : []
      },
    },
    clock: () => 0,
    run: (effects) => {
      if (effects.length > 0) loop.push({ kind: 'timerFired', timerId: 'view' })
    },
    onFailure: expect.unreachable,
  })
  loop.push({ kind: 'start' })
  await vi.waitFor(() => expect(seen).toEqual(['start', 'timerFired']))
})

test('drops messages of peers, never own answers, when too many wait', async () => {
  let steps = 0
  const { loop } = loopWith(() => {
    steps += 1
    return []
  })
  for (let i = 0; i < INPUTS_QUEUED_MAX; i++) loop.push(message)
  loop.push(message)
  loop.push({ kind: 'fetchFailed', requestId: 1 })
  expect(loop.dropped).toBe(1)
  await vi.waitFor(() => expect(steps).toBe(INPUTS_QUEUED_MAX + 1))
})

test('stops for good when a step throws', async () => {
  const { loop, onFailure } = loopWith(() => {
    throw new Error('invariant')
  })
  loop.push({ kind: 'start' })
  loop.push({ kind: 'fetchFailed', requestId: 1 })
  await vi.waitFor(() => expect(onFailure).toHaveBeenCalledTimes(1))
  loop.push({ kind: 'start' })
  await new Promise(setImmediate)
  expect(onFailure).toHaveBeenCalledTimes(1)
})
