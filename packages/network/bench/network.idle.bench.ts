// CPU of the built package alone in a process: three validator peers connected, nothing sent, over a minute.
import { execFileSync, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { report } from '../../../bench/figure.ts'
import { BenchNode, CHAIN_ID, GENESIS_HASH, seedOf, validatorSetOf } from './benchNode.ts'

/** Of the minute after 20 s an eighth was still the engine's compiler. */
const WARM_UP_MS = Number(process.env['IDLE_WARM_UP_MS'] ?? 120_000)
const MEASURE_MS = Number(process.env['IDLE_MEASURE_MS'] ?? 60_000)
const PEERS = 3
const BEAT_MS = 800
const percent = (ms: number): number => (ms / MEASURE_MS) * 100
const root = fileURLToPath(new URL('../../..', import.meta.url))

execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'packages/network'], {
  cwd: root,
})

const nodes = Array.from({ length: PEERS }, () => new BenchNode())
const peers: string[] = []
let port = 0
for (const [i, node] of nodes.entries()) {
  const started = await node.start({ index: i + 1, validators: PEERS + 1, peers: [...peers] })
  peers.push(...started.multiaddrs)
  port = started.rawPort
  node.echo(true)
}

function cpuMsOf(file: string, options: object): Promise<number> {
  const path = fileURLToPath(new URL(file, import.meta.url))
  const child = fork(path, { execArgv: ['--expose-gc'], serialization: 'advanced' })
  child.send({ ...options, warmUpMs: WARM_UP_MS, measureMs: MEASURE_MS })
  return new Promise((resolve, reject) => {
    child.on('message', ({ cpuMs }: { readonly cpuMs: number }) => resolve(cpuMs))
    child.on('exit', (code) => reject(new Error(`${file} ended with ${code}`)))
  })
}

const [cpuMs, floorCpuMs, wakeCpuMs] = await Promise.all([
  cpuMsOf('idleNode.mjs', {
    nodeKey: seedOf(0),
    chainId: CHAIN_ID,
    genesisHash: GENESIS_HASH,
    validatorSet: validatorSetOf(PEERS + 1),
    peers,
  }),
  cpuMsOf('idleSockets.mjs', { port, sockets: PEERS, heartbeatMs: BEAT_MS }),
  cpuMsOf('idleSockets.mjs', { port, sockets: 0, heartbeatMs: BEAT_MS }),
])
process.stdout.write(`an empty timer of ${BEAT_MS} ms alone: ${percent(wakeCpuMs).toFixed(3)} %\n`)
const unit = '% of a core'
report({
  id: 'network.idle',
  value: percent(cpuMs),
  unit,
  op: '<=',
  target: 0.2,
  baseline: { name: 'bare sockets with heartbeats', value: percent(floorCpuMs), unit },
  runs: [percent(cpuMs)],
})
process.exit(0)
