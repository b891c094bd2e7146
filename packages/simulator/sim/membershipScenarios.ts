import type { SnapshotOffer } from '@openliquid/primitives'
import { type AdversaryMaker, type CoreModule, selectiveServer } from '../src/index.ts'
import { clusterOf, demand, goOn, type Scenario } from './scenarios.ts'

/** Stakes that change once, for as long as anybody looks. */
function changeOnce(
  before: readonly bigint[],
  after: readonly bigint[],
): readonly (readonly bigint[])[] {
  return [before, ...Array.from({ length: 200 }, () => after)]
}

/** Members come and go and their stakes move, with each epoch; once the state names nobody, and the members stay. */
export const changingMembers: Scenario = (coreModule) => {
  const cluster = clusterOf(coreModule, {
    seed: 81,
    stakes: [1n, 1n, 1n, 1n, 0n, 0n],
    params: { epochDurationMs: 300 },
    membership: {
      heights: 17,
      lines: [
        [1n, 1n, 1n, 1n, 0n, 0n],
        [0n, 1n, 1n, 1n, 1n, 0n],
        [0n, 3n, 2n, 0n, 2n, 2n],
        [],
        [2n, 0n, 0n, 2n, 3n, 3n],
      ],
    },
  })
  cluster.start()
  goOn(cluster, 150, 30_000)
  const sets = new Set<string>()
  for (let epoch = 1n; cluster.epochs.setOf(epoch) !== undefined; epoch += 1n) {
    const members = cluster.epochs.setOf(epoch)?.validators ?? []
    sets.add(members.map(({ address, stake }) => `${address.at(-1)}:${stake}`).join())
  }
  demand(sets.size >= 4, `only ${sets.size} sets took turns`)
}

/**
 * Two members leave and two others come, who hear nothing of the past from those who stay: whoever left must show them
 * the way, and serve the blocks (§8). Without the two newcomers the new set has no quorum.
 */
export const leaversServe: Scenario = (coreModule) => {
  const cluster = clusterOf(coreModule, {
    seed: 82,
    stakes: [1n, 1n, 1n, 1n, 0n, 0n],
    params: { epochDurationMs: 400 },
    membership: {
      heights: 12,
      lines: changeOnce([1n, 1n, 1n, 1n, 0n, 0n], [0n, 0n, 1n, 1n, 1n, 1n]),
    },
    nodes: new Map([4, 5].map((node) => [node, { joinsAfterMs: 2_500 }])),
  })
  cluster.network.addFilter((from, to, message) => {
    const isBetween = from + to >= 6 && from >= 4 !== to >= 4
    return isBetween && (message === undefined || message.kind === 'epochChange') ? -1 : 0
  })
  cluster.start()
  cluster.runFor(2_400)
  demand(cluster.node(2).core.status.epoch > 1n, 'the members have not changed')
  goOn(cluster, 30, 60_000)
}

/** A8: offers states without their last chunk, and serves all that is left of them. */
const shortener: AdversaryMaker = () => ({
  onStateAnswer: (_, answer) =>
    answer.kind === 'offers'
      ? { ...answer, offers: answer.offers.map((offer): SnapshotOffer => shortened(offer)) }
      : answer,
})

function shortened(offer: SnapshotOffer): SnapshotOffer {
  return { ...offer, manifest: { ...offer.manifest, chunks: offer.manifest.chunks.slice(0, -1) } }
}

/** Another payload beneath each header of a state. */
const payloadForger: AdversaryMaker = () => ({
  onStateAnswer: (_, answer) =>
    answer.kind !== 'blocks'
      ? answer
      : {
          ...answer,
          blocks: answer.blocks.map((block) => ({
            ...block,
            payload: { actions: [Uint8Array.of(66)], evm: [], evidence: [] },
          })),
        },
})

/** A set of its own at the end of the first epoch that is asked for. */
const setForger: AdversaryMaker = () => ({
  onStateAnswer: (_, answer) =>
    answer.kind !== 'epochChange'
      ? answer
      : {
          ...answer,
          proofs: answer.proofs.map(({ commit, nextSet }) => ({
            commit,
            nextSet: {
              ...nextSet,
              validators: nextSet.validators.slice(0, 1),
              totalStake: nextSet.validators[0]?.stake ?? 0n,
            },
          })),
        },
})

const spoilsOneChunk: AdversaryMaker = () => ({
  onStateAnswer: (_, answer) =>
    answer.kind === 'chunk' ? { ...answer, bytes: answer.bytes.map((byte) => byte ^ 1) } : answer,
})

interface Join {
  readonly liar: AdversaryMaker
  /** Whose place the liar has. */
  readonly at?: number
  readonly seed: number
}

/** One who was never there fetches a state, and one of those who serve it lies. Later it becomes a member, and signs. */
export function joinByState(
  coreModule: CoreModule | undefined,
  { liar, at = 0, seed }: Join,
): void {
  let signatures = 0
  const cluster = clusterOf(coreModule, {
    seed,
    stakes: [1n, 1n, 1n, 1n, 0n],
    params: { epochDurationMs: 700 },
    snapshotInterval: 20,
    membership: {
      heights: 180,
      lines: changeOnce([1n, 1n, 1n, 1n, 0n], [1n, 1n, 1n, 1n, 2n]),
    },
    nodes: new Map([
      [at, { adversaries: [liar] }],
      [4, { joinsAfterMs: 2_200, fetchesState: true }],
    ]),
    observe: (node, effect) => {
      if (node === 4 && effect.kind === 'send' && effect.message.kind === 'vote') signatures += 1
    },
  })
  cluster.start()
  const joiner = cluster.node(4)
  const isThere = (): boolean => joiner.isUp && joiner.application.base !== undefined
  demand(cluster.runUntil(isThere, 30_000), 'no state was fetched')
  goOn(cluster, 20, 30_000)
  demand(
    cluster.runUntil(() => signatures > 3, 60_000),
    'the one that joined never votes',
  )
}

function joinWith(join: Join): Scenario {
  return (coreModule) => joinByState(coreModule, join)
}

export const stateFromLiars: Scenario = joinWith({ liar: selectiveServer, seed: 83 })
export const shortState: Scenario = joinWith({ liar: shortener, seed: 84 })
/** The second one is the first to be asked for blocks. */
export const forgedPayloads: Scenario = joinWith({ liar: payloadForger, at: 1, seed: 85 })
export const forgedSets: Scenario = joinWith({ liar: setForger, seed: 86 })
export const spoiltChunks: Scenario = joinWith({ liar: spoilsOneChunk, seed: 87 })
