/** Partitions of a real network: four validators, each in a namespace. Skipped where namespaces cannot be made. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type Namespaces, namespaces, namespacesMissing } from './namespaces.ts'

const missing = namespacesMissing()
if (missing !== undefined) console.log(`partition tests skipped: ${missing}`)

const until = (condition: () => boolean): Promise<void> =>
  vi.waitUntil(condition, { timeout: 45_000, interval: 10 }).then(() => undefined)

describe.skipIf(missing !== undefined)('four validators in namespaces', () => {
  let network: Namespaces
  beforeAll(async () => {
    network = namespaces(4)
    await until(() => network.nodes.every((node) => node.hasQuorum() && connected(node) === 3))
  }, 60_000)
  afterAll(() => network[Symbol.asyncDispose]())

  type Node = Namespaces['nodes'][number]
  const states = ({ events }: Node): Map<number, string> => {
    const newest = new Map<number, string>()
    for (const { kind, validator } of events) {
      if (validator !== undefined) newest.set(validator, kind)
    }
    return newest
  }
  const connected = (node: Node): number =>
    [...states(node).values()].filter((kind) => kind === 'peerConnected').length
  const counts = (node: Node, validator: number): boolean =>
    states(node).get(validator) === 'peerConnected'

  test('one that is cut off raises the alarm, the others go on; it is back after the cut', async () => {
    const [first, , , alone] = network.nodes as [...Namespaces['nodes']] & { length: 4 }
    const cutMs = performance.now()
    alone!.cut()
    await until(() => !alone!.hasQuorum())
    await until(() => network.nodes.slice(0, 3).every((node) => connected(node) === 2))
    const told = (wanted: string): { readonly atMs: number } | undefined =>
      first!.events.find(
        ({ kind, validator, atMs }) => kind === wanted && validator === 3 && atMs > cutMs,
      )
    // A suspect counts as not connected; that it is down is told later.
    await until(() => told('peerDown') !== undefined)
    const since = (kind: string): number => told(kind)!.atMs - cutMs
    expect(since('peerSuspect')).toBeLessThan(since('peerDown'))
    // A beat that is late for a moment makes a peer suspect for that moment.
    await until(() => network.nodes.slice(0, 3).every((node) => node.hasQuorum()))
    const healMs = performance.now()
    alone!.heal()
    await until(() => network.nodes.every((node) => connected(node) === 3))
    expect(alone!.hasQuorum()).toBe(true)
    // Heads are told on reunion, before anything else.
    const reunion = alone!.events.filter(
      ({ kind, atMs }) => kind === 'peerConnected' && atMs > healMs,
    )
    for (const { validator, head } of reunion) expect(head?.headHeight).toBe(`${validator}`)
  })

  test('no half of two has a quorum, and both have it again after the cut', async () => {
    const [, , third, fourth] = network.nodes
    third!.cut()
    fourth!.cut()
    await until(() => network.nodes.every((node) => !node.hasQuorum()))
    third!.heal()
    fourth!.heal()
    await until(() => network.nodes.every((node) => node.hasQuorum() && connected(node) === 3))
  })

  test('a cut in one direction is one: neither of the two counts the other', async () => {
    const [first, second] = network.nodes
    first!.blackhole(1)
    await until(() => !counts(first!, 1) && !counts(second!, 0))
    await until(() => network.nodes.every((node) => node.hasQuorum()))
    first!.unblackhole(1)
    await until(() => connected(first!) === 3 && connected(second!) === 3)
  })
})
