/** Nodes in processes of their own, called as if they were here. */
import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type BenchConfig, BenchNode } from './benchNode.ts'

/** What a parent asks of a child; serve.ts answers. */
export interface Call {
  readonly id: number
  readonly method: string
  readonly args: readonly unknown[]
}

type Promised<T> = {
  readonly [K in keyof T]: T[K] extends (...args: infer A) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never
}

/** A BenchNode in a child process: everything but its manager. */
export type RemoteNode = Promised<Omit<BenchNode, 'manager'>> & { readonly pid: number }

export function remoteNode(): Promise<RemoteNode> {
  return remote<BenchNode>('benchNode.ts')
}

/**
 * An object served by a file of this folder in a process of its own. It ends with this one.
 *
 * @param niceness - above that of this process: it takes only what of the processor others leave; POSIX
 */
export async function remote<T>(
  file: string,
  niceness = 0,
): Promise<Promised<Omit<T, 'manager'>> & { readonly pid: number }> {
  const path = fileURLToPath(new URL(file, import.meta.url))
  // By the command, because a process can slow down only its first thread and not those that collect garbage.
  const nice = {
    execPath: 'nice',
    execArgv: ['-n', `${niceness}`, process.execPath, ...process.execArgv],
  }
  const child: ChildProcess = fork(path, {
    serialization: 'advanced',
    ...(niceness > 0 ? nice : {}),
  })
  const waiting = new Map<number, (answer: Answer) => void>()
  await new Promise<void>((resolve, reject) => {
    child.once('message', () => resolve())
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)))
  })
  child.on('message', (answer: Answer) => {
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
  })
  let serial = 0
  const call = (method: string, args: readonly unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const message: Call = { id: ++serial, method, args }
      waiting.set(message.id, ({ result, error }) => {
        if (error === undefined) resolve(result)
        else reject(new Error(`${method}: ${error}`))
      })
      child.send(message)
    })
  return new Proxy({} as Promised<Omit<T, 'manager'>> & { readonly pid: number }, {
    get: (_target, name) => {
      if (name === 'pid') return child.pid
      // A proxy that is awaited must not look like a promise.
      if (name === 'then' || typeof name === 'symbol') return undefined
      return (...args: unknown[]) => call(name, args)
    },
  })
}

interface Answer {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}

export interface Cluster {
  readonly local: BenchNode
  readonly others: readonly RemoteNode[]
  readonly otherIds: readonly string[]
  readonly rawPorts: readonly number[]
  stop(): Promise<void>
}

/** One node here and the others in processes of their own, all connected to all. */
export async function processCluster(
  nodes: number,
  config: Omit<BenchConfig, 'index' | 'validators' | 'peers'> = {},
): Promise<Cluster> {
  const local = new BenchNode()
  const { multiaddrs } = await local.start({ ...config, index: 0, validators: nodes })
  const peers = [...multiaddrs]
  const others: RemoteNode[] = []
  const rawPorts: number[] = []
  const otherIds: string[] = []
  for (let index = 1; index < nodes; index++) {
    const node = await remoteNode()
    const started = await node.start({ ...config, index, validators: nodes, peers: [...peers] })
    peers.push(...started.multiaddrs)
    rawPorts.push(started.rawPort)
    otherIds.push(started.multiaddrs[0]?.split('/p2p/')[1] ?? '')
    others.push(node)
  }
  await Promise.all([local.ready(nodes - 1), ...others.map((node) => node.ready(nodes - 1))])
  return {
    local,
    others,
    otherIds,
    rawPorts,
    async stop() {
      await Promise.all([local.stop(), ...others.map((node) => node.stop())])
      // The children end with the pipe to this process.
      process.exit(process.exitCode ?? 0)
    },
  }
}

export function msBetween(startNs: bigint, endNs: bigint): number {
  return Number(endNs - startNs) / 1e6
}
