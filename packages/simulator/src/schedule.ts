import type { Effect } from '@openliquid/consensus'
import { InvariantError } from '@openliquid/primitives'
import type { AdversaryMaker } from './adversaries/adversary.ts'
import { byzantineLeader } from './adversaries/byzantineLeader.ts'
import { byzantineVoter } from './adversaries/byzantineVoter.ts'
import { certificateHider } from './adversaries/certificateHider.ts'
import { garbler } from './adversaries/garbler.ts'
import { liarInTimeouts } from './adversaries/liarInTimeouts.ts'
import { quorumDelayer } from './adversaries/quorumDelayer.ts'
import { selectiveServer } from './adversaries/selectiveServer.ts'
import { tipDropper } from './adversaries/tipDropper.ts'
import { tipHoarder } from './adversaries/tipHoarder.ts'
import { Cluster } from './cluster.ts'
import { LivenessMonitor } from './livenessMonitor.ts'
import type { Membership } from './membership.ts'
import { PropertyViolation } from './monitors.ts'
import { Prng } from './prng.ts'
import type { CoreModule, NodeOptions } from './simulatedNode.ts'
import type { Trace } from './trace.ts'
import { type LinkConditions, type LinkFilter, steadyLinks } from './virtualNetwork.ts'

/** The adversaries of docs/spec/consensus.md §11.3 that sit in a node; A1 and A7 are `twins` and `isAdaptive`. */
export const ADVERSARIES: Readonly<Record<AdversaryName, AdversaryMaker>> = {
  byzantineLeader,
  byzantineVoter,
  certificateHider,
  garbler,
  liarInTimeouts,
  selectiveServer,
  tipDropper,
  tipHoarder,
}

export type AdversaryName =
  | 'byzantineLeader'
  | 'byzantineVoter'
  | 'certificateHider'
  | 'garbler'
  | 'liarInTimeouts'
  | 'selectiveServer'
  | 'tipDropper'
  | 'tipHoarder'

const NAMES: readonly AdversaryName[] = [
  'byzantineLeader',
  'byzantineVoter',
  'certificateHider',
  'garbler',
  'liarInTimeouts',
  'selectiveServer',
]
/** Of those, what makes sense only where there are tips. */
const TIP_NAMES: readonly AdversaryName[] = ['tipDropper', 'tipHoarder']

/** Something that goes wrong at a time. */
export type Disturbance =
  | {
      readonly atMs: number
      readonly kind: 'crash'
      readonly node: number
      readonly effects: number
    }
  | { readonly atMs: number; readonly kind: 'crashAll'; readonly effects: number }
  | { readonly atMs: number; readonly kind: 'failSync'; readonly node: number }
  | { readonly atMs: number; readonly kind: 'partition'; readonly groups: readonly number[] }
  | { readonly atMs: number; readonly kind: 'deafen'; readonly from: number; readonly to: number }
  | { readonly atMs: number; readonly kind: 'heal' }

/** Everything about one run, as plain data: what a seed means, and what is left of it when it is made smaller. */
export interface Plan {
  readonly seed: number
  readonly stakes: readonly bigint[]
  readonly twins: readonly number[]
  /** By validator; the others are honest. */
  readonly faults: readonly {
    readonly node: number
    readonly adversaries: readonly AdversaryName[]
  }[]
  readonly links: LinkConditions
  readonly isAdaptive: boolean
  /** Partitions per view: in some views only one of two sides hears its messages. */
  readonly viewPartitionPermille: number
  readonly executionMs: number
  /** Length of an epoch in block time; none ends if absent. */
  readonly epochMs?: number
  readonly nodes: readonly {
    readonly clockSkewMs: number
    readonly clockDriftPpm: number
    readonly executionMs: number
  }[]
  /** Who validates next, by height; absent: always the same. */
  readonly membership?: Membership
  /** Nodes that are not there from the start: validators to be, as followers or with a state that they fetch. */
  readonly joins: readonly {
    readonly node: number
    readonly atMs: number
    readonly fetchesState: boolean
  }[]
  /** Tail-fork resistance, docs/spec/consensus.md §12. */
  readonly highTip: boolean
  /** Length of the disturbed time; then links are good and everyone must go on. */
  readonly disturbedMs: number
  readonly disturbances: readonly Disturbance[]
}

/** What a run came to. */
export interface Outcome {
  readonly views: number
  readonly heights: number
  readonly steps: number
}

export interface RunOptions {
  readonly coreModule?: CoreModule
  readonly trace?: Trace
}

/** Longest silence after links are good: the longest timer for each leader that may fail in a row, and some δ. */
const LIVENESS_MS = 120_000
const HEIGHTS_AFTER = 12
/** δ of good links. */
const GOOD_DELAY_MS = 15

/**
 * The plan a seed stands for. Faulty stake stays below one third.
 *
 * @param change - instead of what the seed says: the same run with `highTip` and without
 */
export function planOf(seed: number, change: Partial<Pick<Plan, 'highTip'>> = {}): Plan {
  const prng = new Prng(seed)
  const stakes = stakesOf(prng)
  const n = stakes.length
  const isFaulty = prng.chance(750)
  const hasTwin = isFaulty && prng.chance(350)
  const faulty = isFaulty ? [prng.below(n)] : []
  if (n >= 7 && isFaulty && stakes.every((stake) => stake === 1n)) {
    const second = prng.below(n)
    if (!faulty.includes(second)) faulty.push(second)
  }
  const chosen = faulty.filter((node) => isMinority(stakes, [node]))
  const isRough = prng.chance(600)
  const disturbedMs = 3_000 + prng.below(20_000)
  const plan = {
    seed,
    stakes,
    twins: hasTwin ? chosen : [],
    faults: hasTwin
      ? []
      : chosen.map((node) => ({ node, adversaries: NAMES.filter(() => prng.chance(450)) })),
    links: isRough
      ? {
          delayMsMin: 1,
          delayMsMax: 20 + prng.below(400),
          lossPermille: prng.below(150),
          duplicatePermille: prng.below(80),
        }
      : { ...steadyLinks(5 + prng.below(40)), duplicatePermille: prng.below(30) },
    isAdaptive: prng.chance(150),
    viewPartitionPermille: prng.chance(400) ? prng.below(500) : 0,
    executionMs: prng.chance(300) ? prng.below(120) : prng.below(4),
    nodes: stakes.map(() => ({
      clockSkewMs: prng.chance(300) ? prng.below(160) - 80 : 0,
      clockDriftPpm: prng.chance(200) ? prng.below(4_000) - 2_000 : 0,
      executionMs: prng.chance(100) ? 60 + prng.below(200) : 0,
    })),
    ...(prng.chance(300) ? { epochMs: 1_000 + prng.below(5_000) } : {}),
    disturbedMs,
    disturbances: disturbancesOf(prng, n + (hasTwin ? chosen.length : 0), disturbedMs),
  }
  // Drawn last: it changes nothing else that a seed stands for.
  const isDrawn = prng.chance(500)
  const faults = plan.faults.map(({ node, adversaries }) => ({
    node,
    adversaries: [...adversaries, ...TIP_NAMES.filter(() => prng.chance(400))],
  }))
  const { highTip = isDrawn } = change
  return withMembership({ ...plan, joins: [], highTip, ...(highTip ? { faults } : {}) })
}

/** Of the seeds, in thousandths, those whose members change from epoch to epoch. */
const CHANGING_PERMILLE = 300
const MEMBERS_MIN = 3
/** Blocks between snapshots of the state: few, so that a short chain has some. */
const SNAPSHOT_INTERVAL = 20

/**
 * Lets validators come and go in some plans: up to three more nodes that are no members at first, some of which join
 * late, and stakes that move. Faulty stake stays below one third of every set. Drawn apart, so that it changes nothing
 * else that a seed stands for.
 */
function withMembership(plan: Plan): Plan {
  const prng = new Prng(plan.seed * 1_000_003 + 7)
  if (!prng.chance(CHANGING_PERMILLE)) return plan
  const founders = plan.stakes.length
  const reserve = prng.below(4)
  const joins = Array.from({ length: reserve }, (_, i) => ({
    node: founders + i,
    atMs: prng.chance(300) ? 0 : prng.below(plan.disturbedMs),
    fetchesState: prng.chance(500),
  }))
  // Who fetches a state is honest, and every monitor holds it to that. But it does not know what it signed before, so it is
  // silent until the next epoch begins (§7); and where silent and faulty members have a third of the stake, none ever does.
  // Which epoch it comes into only the run tells, so no line of stakes may miss it.
  const useless = new Set([
    ...plan.twins,
    ...plan.faults.map(({ node }) => node),
    ...joins.filter(({ fetchesState }) => fetchesState).map(({ node }) => node),
  ])
  const lineOf = (): bigint[] => {
    const stakes = Array.from({ length: founders + reserve }, (_, node) =>
      prng.chance(300)
        ? 0n
        : (plan.stakes[node] ?? plan.stakes[0] ?? 1n) * BigInt(1 + prng.below(3)),
    )
    const line = isMinority(stakes, [...useless])
      ? stakes
      : stakes.map((stake, node) => (useless.has(node) ? 0n : stake))
    // Who is a quorum alone makes blocks faster than others can follow. A line of nobody is one too: the members stay.
    const total = line.reduce((sum, stake) => sum + stake, 0n)
    const isAlone = line.some((stake) => stake * 3n > total * 2n)
    return isAlone || line.filter((stake) => stake > 0n).length < MEMBERS_MIN ? [] : line
  }
  const lines = Array.from({ length: 2 + prng.below(4) }, () => lineOf())
  const none = { clockSkewMs: 0, clockDriftPpm: 0, executionMs: 0 }
  return {
    ...plan,
    stakes: [...plan.stakes, ...joins.map(() => 0n)],
    nodes: [...plan.nodes, ...joins.map(() => none)],
    epochMs: plan.epochMs ?? 800 + prng.below(4_000),
    membership: { heights: 1 + prng.below(30), lines },
    joins,
  }
}

/** Nodes that are faulty in a large committee: enough for each adversary, and a run stays short. */
const FAULTY_MAX = 5

/** The plan of a seed for so many validators of equal stake, of which nearly a third may be faulty, but few. */
export function largePlanOf(seed: number, validators: number): Plan {
  const plan = withoutMembership(planOf(seed))
  const prng = new Prng(seed * 1_000_003 + validators)
  const most = Math.min(FAULTY_MAX, Math.ceil(validators / 3) - 1)
  const faults = Array.from({ length: most }, (_, i) => ({
    node: Math.floor((i * validators) / most),
    adversaries: [...NAMES, ...(plan.highTip ? TIP_NAMES : [])].filter(() => prng.chance(300)),
  }))
  return {
    ...plan,
    stakes: Array.from({ length: validators }, () => 1n),
    twins: [],
    joins: [],
    faults,
    nodes: Array.from({ length: validators }, (_, i) => plan.nodes[i % plan.nodes.length]).flatMap(
      (node) => node ?? [],
    ),
    disturbedMs: Math.min(plan.disturbedMs, 4_000),
    disturbances: disturbancesOf(prng, validators, 4_000),
  }
}

/** Runs a plan; throws where a property of the protocol does not hold. */
export function runPlan(plan: Plan, { coreModule, trace }: RunOptions = {}): Outcome {
  let views = 0n
  const entered = new Map<bigint, bigint>()
  let steps = 0
  let liveness: LivenessMonitor | undefined
  const observe = (node: number, effect: Effect, nowMs: number): void => {
    steps += 1
    if (effect.kind === 'enterView' && effect.view > (entered.get(effect.epoch) ?? 0n)) {
      entered.set(effect.epoch, effect.view)
      views += 1n
    }
    trace?.add(node, effect, nowMs)
    liveness?.onEffect(node, effect)
  }
  const cluster = new Cluster({
    seed: plan.seed,
    stakes: plan.stakes,
    twins: plan.twins,
    links: plan.links,
    executionMs: plan.executionMs,
    nodes: nodeOptionsOf(plan),
    snapshotInterval: SNAPSHOT_INTERVAL,
    ...(plan.membership === undefined ? {} : { membership: plan.membership }),
    params: {
      highTip: plan.highTip,
      ...(plan.epochMs === undefined ? {} : { epochDurationMs: plan.epochMs }),
    },
    observe,
    ...(coreModule === undefined ? {} : { coreModule }),
  })
  let isDisturbed = true
  const whileDisturbed =
    (filter: LinkFilter): LinkFilter =>
    (from, to, message) =>
      isDisturbed ? filter(from, to, message) : 0
  if (plan.isAdaptive) {
    cluster.network.addFilter(
      whileDisturbed(quorumDelayer(Math.floor((2 * plan.stakes.length) / 3) + 1)),
    )
  }
  if (plan.viewPartitionPermille > 0) {
    cluster.network.addFilter(whileDisturbed(viewPartitions(plan)))
  }
  cluster.start()
  cluster.restartCrashedAfter(350)
  const startMs = cluster.scheduler.nowMs
  for (const disturbance of plan.disturbances) {
    cluster.scheduler.at(startMs + disturbance.atMs, () => disturb(cluster, disturbance))
  }
  cluster.runFor(plan.disturbedMs)

  isDisturbed = false
  for (const node of cluster.nodes) node.crashAtEffect(Number.POSITIVE_INFINITY)
  cluster.heal()
  cluster.network.setConditions(steadyLinks(GOOD_DELAY_MS))
  cluster.runFor(400)
  const slowestMs = Math.max(plan.executionMs, ...plan.nodes.map(({ executionMs }) => executionMs))
  const reach = (height: bigint): void => {
    // Whoever executes slowly may have all of that before it: a quorum without it does not wait.
    const withinMs = LIVENESS_MS + Number(height) * slowestMs
    if (cluster.runUntil(() => cluster.executedByAll >= height, withinMs)) return
    throw new PropertyViolation(
      `L1: ${withinMs} ms after links are good, height ${height} is executed by ${cluster.executedByAll}`,
    )
  }
  // Everyone knows what had been committed, and so whose turn it is.
  reach(BigInt(cluster.commits.height))
  if (isCalm(plan)) {
    // Who fetches a state, or blocks of an epoch that is over, is behind until it has them.
    const monitor = new LivenessMonitor(cluster, GOOD_DELAY_MS)
    if (!cluster.runUntil(() => monitor.isLevel, LIVENESS_MS)) {
      throw new PropertyViolation(
        `L2: ${LIVENESS_MS} ms after all know what is committed, one is behind`,
      )
    }
    liveness = monitor
  }
  reach(BigInt(cluster.commits.height + HEIGHTS_AFTER))
  return { views: Number(views), heights: cluster.commits.height, steps }
}

/**
 * Takes away whatever the failure does not need, piece by piece.
 *
 * @param fails - whether a plan still shows the failure
 */
export function minimize(plan: Plan, fails: (plan: Plan) => boolean): Plan {
  let smallest = plan
  const attempt = (candidate: Plan): boolean => {
    if (!fails(candidate)) return false
    smallest = candidate
    return true
  }
  // Later disturbances first: what happens after the failure is the easiest to miss.
  for (let i = smallest.disturbances.length - 1; i >= 0; i--) {
    attempt({ ...smallest, disturbances: smallest.disturbances.filter((_, at) => at !== i) })
  }
  attempt({ ...smallest, joins: [] })
  attempt({ ...smallest, joins: smallest.joins.map((one) => ({ ...one, fetchesState: false })) })
  attempt(withoutMembership(smallest))
  attempt({ ...smallest, isAdaptive: false })
  attempt({ ...smallest, viewPartitionPermille: 0 })
  attempt({ ...smallest, links: steadyLinks(10) })
  attempt({ ...smallest, executionMs: 0 })
  attempt({
    ...smallest,
    nodes: smallest.nodes.map(() => ({ clockSkewMs: 0, clockDriftPpm: 0, executionMs: 0 })),
  })
  attempt({ ...smallest, twins: [] })
  for (const { node, adversaries } of smallest.faults) {
    for (const name of adversaries) {
      const faults = smallest.faults.map((fault) =>
        fault.node === node
          ? { ...fault, adversaries: fault.adversaries.filter((other) => other !== name) }
          : fault,
      )
      attempt({ ...smallest, faults })
    }
  }
  for (let ms = smallest.disturbedMs >> 1; ms >= 500; ms >>= 1) {
    if (!attempt({ ...smallest, disturbedMs: ms })) break
  }
  return smallest
}

function withoutMembership({ membership: _, ...plan }: Plan): Plan {
  return plan
}

/** Clocks agree and execution takes no time: no honest leader has an excuse. */
function isCalm({ executionMs, nodes }: Plan): boolean {
  return (
    executionMs === 0 &&
    nodes.every((node) => node.executionMs + node.clockSkewMs + node.clockDriftPpm === 0)
  )
}

/** Whether an error is a finding about the protocol, and not about the machine. */
export function isFinding(error: unknown): error is Error {
  return error instanceof PropertyViolation || error instanceof InvariantError
}

function disturb(cluster: Cluster, disturbance: Disturbance): void {
  switch (disturbance.kind) {
    case 'crash':
      cluster.node(disturbance.node).crashAtEffect(disturbance.effects)
      break
    case 'crashAll':
      if (disturbance.effects === 0) for (const { index } of cluster.nodes) cluster.crash(index)
      else for (const node of cluster.nodes) node.crashAtEffect(disturbance.effects)
      break
    case 'failSync':
      cluster.node(disturbance.node).disk.failNextSync()
      break
    case 'partition':
      cluster.network.partition(disturbance.groups)
      break
    case 'deafen':
      cluster.network.cut(disturbance.from, disturbance.to)
      break
    default:
      cluster.heal()
  }
}

/** In some views the nodes are split for the messages of that view; which, and how, follows from the seed. */
function viewPartitions({ seed, viewPartitionPermille }: Plan): LinkFilter {
  return (from, to, message) => {
    const view = viewOf(message)
    if (view === undefined) return 0
    const prng = new Prng(seed * 1_000_003 + Number(view))
    if (!prng.chance(viewPartitionPermille)) return 0
    const sides = prng.next()
    return ((sides >> (from % 32)) & 1) === ((sides >> (to % 32)) & 1) ? 0 : -1
  }
}

function viewOf(message: Parameters<LinkFilter>[2]): bigint | undefined {
  if (message?.kind === 'proposal') return message.proposal.view
  if (message?.kind === 'vote') return message.vote.view
  return undefined
}

function nodeOptionsOf(plan: Plan): Map<number, NodeOptions> {
  const options = new Map<number, NodeOptions>()
  for (const [node, { clockDriftPpm, clockSkewMs, executionMs }] of plan.nodes.entries()) {
    const fault = plan.faults.find((one) => one.node === node)
    const join = plan.joins.find((one) => one.node === node)
    options.set(node, {
      clockDriftPpm,
      clockSkewMs,
      ...(executionMs === 0 ? {} : { executionMs }),
      ...(join === undefined ? {} : { joinsAfterMs: join.atMs, fetchesState: join.fetchesState }),
      ...(fault === undefined
        ? {}
        : { adversaries: fault.adversaries.map((name) => ADVERSARIES[name]) }),
    })
  }
  return options
}

function stakesOf(prng: Prng): bigint[] {
  const equal = (n: number): bigint[] => Array.from({ length: n }, () => 1n)
  switch (prng.below(8)) {
    case 0:
      return equal(7)
    case 1:
      return equal(5)
    case 2:
      return [333n, 223n, 222n, 222n]
    case 3:
      return [30n, 30n, 25n, 15n]
    default:
      return equal(4)
  }
}

function isMinority(stakes: readonly bigint[], nodes: readonly number[]): boolean {
  const total = stakes.reduce((sum, stake) => sum + stake, 0n)
  const faulty = nodes.reduce((sum, node) => sum + (stakes[node] ?? 0n), 0n)
  return faulty * 3n < total
}

function disturbancesOf(prng: Prng, nodes: number, disturbedMs: number): Disturbance[] {
  const disturbances: Disturbance[] = []
  const count = prng.below(disturbedMs >> 10)
  for (let i = 0; i < count; i++) {
    const atMs = prng.below(disturbedMs)
    switch (prng.below(9)) {
      case 0:
      case 1:
        disturbances.push({ atMs, kind: 'crash', node: prng.below(nodes), effects: prng.below(40) })
        break
      case 2:
        disturbances.push({ atMs, kind: 'crashAll', effects: prng.below(25) })
        break
      case 3:
        disturbances.push({ atMs, kind: 'failSync', node: prng.below(nodes) })
        break
      case 4:
      case 5:
        disturbances.push({
          atMs,
          kind: 'partition',
          groups: Array.from({ length: nodes }, () => prng.below(2)),
        })
        break
      case 6:
        disturbances.push({
          atMs,
          kind: 'deafen',
          from: prng.below(nodes),
          to: prng.below(nodes),
        })
        break
      default:
        disturbances.push({ atMs, kind: 'heal' })
    }
  }
  return disturbances.sort((a, b) => a.atMs - b.atMs)
}
