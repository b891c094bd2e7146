// Compute kernels on the engine `fast` and on ethereumjs as it comes: gas per CPU second, geometric mean of the ratios.
import { cpuMs, median, report } from '../../../bench/figure.ts'
import { fastRunner, KERNELS, type KernelRunner, kernelCall, stockRunner } from './kernels.ts'

const ROUNDS = 5
const stock = await stockRunner()
const fast = await fastRunner()

/** Million gas per CPU second. */
async function speed(run: KernelRunner, data: Uint8Array, repeats: number): Promise<number> {
  let gas = 0n
  const ms = await cpuMs(async () => {
    for (let i = 0; i < repeats; i++) gas += (await run(data)).gas
  })
  return Number(gas) / ms / 1_000
}

const ratios: number[][] = Array.from({ length: ROUNDS }, () => [])
for (const [name, call, times] of KERNELS) {
  const data = kernelCall(call, times)
  const [a, b] = [await stock(data), await fast(data)]
  if (a.gas !== b.gas || Buffer.compare(a.output, b.output) !== 0)
    throw new Error(`${name} differs`)
  for (let i = 0; i < 3; i++) await fast(data)
  const speeds: [number, number][] = []
  for (let round = 0; round < ROUNDS; round++) {
    const pair: [number, number] = [await speed(stock, data, 1), await speed(fast, data, 5)]
    speeds.push(pair)
    ratios[round]?.push(pair[1] / pair[0])
  }
  const [stockSpeed, fastSpeed] = [0, 1].map((side) =>
    median(speeds.map((pair) => pair[side] as number)),
  )
  console.log(
    `${name.padEnd(14)} stock ${stockSpeed?.toFixed(1)} fast ${fastSpeed?.toFixed(1)} Mgas/CPU-s`,
  )
}
const means = ratios.map((row) =>
  Math.exp(row.reduce((sum, x) => sum + Math.log(x), 0) / row.length),
)
report({
  id: 'evm.compute',
  value: median(means),
  unit: '× stock ethereumjs',
  op: '>=',
  target: 4,
  baseline: { name: 'stock ethereumjs', value: 1, unit: '×' },
  runs: means,
})
