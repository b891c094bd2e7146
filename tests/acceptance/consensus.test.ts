import { parseEther } from 'viem'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { changeBalance } from './damage.ts'
import { devTrader, publicClientOf, walletClientOf } from './evmClient.ts'
import { LocalCluster, type NodeStatus } from './localCluster.ts'

// Kills and restarts of real processes. The tests build on each other: one chain lives through all of them.

let cluster: LocalCluster

beforeAll(async () => {
  cluster = await LocalCluster.create()
  cluster.startAll()
  await cluster.reach(2)
})

afterAll(async () => {
  await cluster?.[Symbol.asyncDispose]()
})

/** Moves value so that blocks carry work, and waits for it. */
async function transact(index: number): Promise<void> {
  const url = cluster.rpcUrl(index)
  // A sender of its own for each node: two nodes may be asked at the same time.
  const wallet = walletClientOf(url, devTrader(index))
  const hash = await wallet.sendTransaction({
    to: devTrader(9).account.address,
    value: parseEther('0.001'),
  })
  await publicClientOf(url).waitForTransactionReceipt({ hash })
}

/** Waits until a validator has given up one and the same view several times in vain. */
async function stalledStatus(index: number): Promise<NodeStatus> {
  let first = await cluster.status(index)
  let latest = first
  await cluster.until(index, (status) => {
    if (status.view !== first.view) first = status
    latest = status
    expect(status.sentTimeouts - first.sentTimeouts).toBeGreaterThanOrEqual(3)
  })
  return latest
}

test('the chain goes on without one of four, and the one catches up and votes again', async () => {
  await cluster.kill(3)
  const height = await cluster.executedHeight(0)
  await transact(0)
  await cluster.reach(height + 4, [0, 1, 2])

  cluster.start(3)
  const now = await cluster.executedHeight(0)
  await cluster.reach(now + 2)
  await cluster.until(3, ({ sentVoteView, view }) => {
    expect(Number(sentVoteView)).toBeGreaterThanOrEqual(Number(view) - 1)
  })
  // With another one gone the chain needs the vote of the one that came back.
  await cluster.kill(2)
  const without = await cluster.executedHeight(3)
  await cluster.reach(without + 3, [0, 1, 3])
})

test('the chain stops without two of four, serves reads, and goes on when one returns', async () => {
  // Validator 2 is still down.
  await cluster.kill(1)
  const stalled = await stalledStatus(0)
  expect(await stalledStatus(0)).toMatchObject({
    committedHeight: stalled.committedHeight,
    view: stalled.view,
  })
  expect(Number(await publicClientOf(cluster.rpcUrl(0)).getBlockNumber())).toBeGreaterThan(0)

  cluster.start(1)
  await cluster.reach(Number(stalled.committedHeight) + 2, [0, 1, 3])
  cluster.start(2)
  await cluster.reach(Number(stalled.committedHeight) + 4)
})

test('after a power cut of all four, all restart at the same committed block and go on', async () => {
  await Promise.all(cluster.indexes.map((index) => transact(index)))
  const before = await Promise.all(cluster.indexes.map((index) => cluster.status(index)))
  await cluster.kill(...cluster.indexes)
  cluster.startAll()
  const highest = Math.max(...before.map(({ committedHeight }) => Number(committedHeight)))
  await cluster.reach(highest + 3)

  const after = await Promise.all(cluster.indexes.map((index) => cluster.status(index)))
  const known = new Map<string, string>()
  for (const { recentBlocks } of [...before, ...after]) {
    for (const { height, blockHash, stateRoot } of recentBlocks) {
      const block = `${blockHash} ${stateRoot}`
      expect(known.get(height) ?? block, `height ${height}`).toBe(block)
      known.set(height, block)
    }
  }
  await transact(2)
})

test('validators that are told to stop exit with 0 and continue the same chain', async () => {
  const height = await cluster.executedHeight(0)
  const ended = await Promise.all(
    cluster.indexes.map((index) => cluster.process(index).stop('SIGTERM')),
  )
  expect(ended.map(({ code }) => code)).toEqual([0, 0, 0, 0])
  cluster.startAll()
  await cluster.reach(height + 2)
})

test('a validator whose state differs from the certified one stops with a message, the others go on', async () => {
  await cluster.process(3).stop('SIGTERM')
  const poor = devTrader(8)
  await changeBalance(`${cluster.datadir(3)}/db`, poor.account.address)
  cluster.start(3)
  await cluster.reach(await cluster.executedHeight(0))

  const url = cluster.rpcUrl(0)
  const wallet = walletClientOf(url, poor)
  const hash = await wallet.sendTransaction({ to: devTrader(9).account.address, value: 1n })
  await publicClientOf(url).waitForTransactionReceipt({ hash })
  const { code } = await cluster.process(3).ended
  expect(code).toBe(19)
  expect(cluster.process(3).output).toMatch(/signs nothing more/)
  expect(cluster.process(3).output).toMatch(/OL_CONSENSUS_STATE_ROOT/)
  await cluster.reach((await cluster.executedHeight(0)) + 2, [0, 1, 2])
})
