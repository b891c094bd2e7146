import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import pc from 'picocolors'
import { EXIT_CODE } from './exitCodes.ts'
import type { LocalNetwork, LocalValidator } from './localNetwork.ts'
import { onStopSignal } from './stopSignals.ts'

const POLL_MS = 100
const KILL_MS = 12_000
const COLORS = [pc.cyan, pc.magenta, pc.yellow, pc.green, pc.blue, pc.red]

interface Child {
  readonly validator: LocalValidator
  readonly process: ChildProcess
  readonly ended: Promise<number>
}

/**
 * Runs every validator of a local network as a child process until SIGINT or SIGTERM, and stops them cleanly.
 *
 * A validator that ends is told of and the others go on; before the first block it stops them all.
 *
 * @param options.onReady - called once, when the chain has committed a block
 * @returns the exit code: 0 after a signal, otherwise the code of the validator that ended first
 */
export async function runLocalNetwork(
  network: LocalNetwork,
  options: { readonly cliPath: string; onReady(): void },
): Promise<number> {
  const children = network.validators.map((validator, i) =>
    startChild(validator, options.cliPath, COLORS[i % COLORS.length] ?? pc.white),
  )
  const signalled = new Promise<'signal'>((resolve) => {
    onStopSignal(() => resolve('signal'))
  })
  const firstEnd = Promise.race(children.map(({ ended }) => ended))
  const ready = firstBlock(network)
  const before = await Promise.race([signalled, firstEnd, ready.promise])
  ready.cancel()
  if (before !== 'ready') {
    await stopAll(children)
    return before === 'signal' ? EXIT_CODE.ok : before || EXIT_CODE.unexpected
  }
  options.onReady()
  const allEnded = Promise.all(children.map(({ ended }) => ended))
  const after = await Promise.race([signalled, allEnded])
  await stopAll(children)
  return after === 'signal' ? EXIT_CODE.ok : (after.find((code) => code !== 0) ?? EXIT_CODE.ok)
}

function startChild(validator: LocalValidator, cliPath: string, color: typeof pc.white): Child {
  // A process group of its own: Ctrl-C reaches only this process, which then stops the children once.
  // The channel tells a child when this process is gone.
  const args = [cliPath, 'start', '--datadir', validator.directory.root]
  // The children's own output is a pipe: only this process knows whether a person reads it.
  if (process.stdout.isTTY) args.push('--log.format', 'pretty')
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    detached: process.platform !== 'win32',
  })
  const prefix = color(`${validator.name} | `)
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue
    createInterface({ input: stream }).on('line', (line) => {
      process.stdout.write(`${prefix}${line}\n`)
    })
  }
  const ended = once(child, 'exit').then(([code, signal]: unknown[]) => {
    if (code !== EXIT_CODE.ok) {
      const how = signal === null ? `code ${String(code)}` : String(signal)
      const again = `openliquid-node start --datadir ${validator.directory.root}`
      process.stdout.write(`${prefix}ended with ${how}; again: ${again}\n`)
    }
    return typeof code === 'number' ? code : EXIT_CODE.unexpected
  })
  return { validator, process: child, ended }
}

async function stopAll(children: readonly Child[]): Promise<void> {
  for (const { process: child } of children) {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
  }
  const cut = new AbortController()
  const all = Promise.all(children.map(({ ended }) => ended)).then(() => cut.abort())
  const tooLong = delay(KILL_MS, undefined, { signal: cut.signal }).then(
    () => {
      for (const { process: child } of children) child.kill('SIGKILL')
    },
    () => undefined,
  )
  await Promise.all([all, tooLong])
}

/** Resolves when any validator has committed a block that none had when it was first asked. */
function firstBlock(network: LocalNetwork): {
  readonly promise: Promise<'ready'>
  cancel(): void
} {
  const cancelled = new AbortController()
  const watch = async ({ ports }: LocalValidator): Promise<'ready'> => {
    let initial = network.isNew ? 0n : undefined
    while (!cancelled.signal.aborted) {
      const height = await committedHeight(ports.metrics)
      if (height !== undefined) {
        initial ??= height
        if (height > initial) return 'ready'
      }
      await delay(POLL_MS)
    }
    return new Promise(() => undefined)
  }
  const promise = Promise.race(network.validators.map(watch))
  return { promise, cancel: () => cancelled.abort() }
}

async function committedHeight(metricsPort: number): Promise<bigint | undefined> {
  try {
    const response = await fetch(`http://127.0.0.1:${metricsPort}/status`)
    const { committedHeight: height } = (await response.json()) as { committedHeight: string }
    return BigInt(height)
  } catch {
    return undefined
  }
}
