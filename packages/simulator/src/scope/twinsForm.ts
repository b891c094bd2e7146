import { bytesToHex, sha256, utf8ToBytes, type View } from '@openliquid/primitives'
import {
  bindingState,
  messageText,
  type NamedBlock,
  type NodeState,
  nameOf,
  stateText,
} from './stateText.ts'
import { type NumberedRenaming, RENAMINGS } from './twinsSymmetry.ts'
import type { Global } from './twinsView.ts'
import type { KnownMessage, TwinsWorld } from './twinsWorld.ts'

/** Length of a digest's text, of 128 bits: that two texts of a search have the same one is a matter of 2⁻⁶⁴. */
const DIGEST_LENGTH = 34
/** Digests of local states and messages remembered. */
const KNOWN_MAX = 500_000

/** A state without the names of its nodes. */
export interface TwinsForm {
  /** The same for states that only names tell apart. */
  readonly key: string
  /** Those that lead to the form: as many as the state has symmetries. */
  readonly renamings: readonly NumberedRenaming[]
}

/** Gives states the form by which they are merged. */
export class TwinsForms {
  readonly #world: TwinsWorld
  readonly #stateAt: (node: number, id: number) => NodeState
  /** Digests by renaming and what is renamed. */
  readonly #digests = new Map<string, string>()
  readonly #bases = new Map<NamedBlock, number>()

  /** @param stateAt - a node's local state by its number */
  constructor(world: TwinsWorld, stateAt: (node: number, id: number) => NodeState) {
    this.#world = world
    this.#stateAt = stateAt
  }

  formOf(global: Global): TwinsForm {
    const naming = this.#namingOf(global)
    const texts = RENAMINGS.map((renaming) => this.#textOf(global, { ...naming, renaming }))
    const [least = ''] = texts.toSorted()
    return { key: digestOf(least), renamings: RENAMINGS.filter((_, i) => texts[i] === least) }
  }

  #textOf(global: Global, { base, lowest, renaming }: Naming): string {
    const nodes: string[] = []
    for (const [node, id] of global.locals.entries()) {
      const waiting: string[] = []
      for (const {
        sent: { from, known },
        to,
      } of global.held) {
        if (to !== node) continue
        const sender = from === undefined ? '' : renaming.node(from)
        const text =
          known === undefined ? 'b' : this.#messageDigest(known, { base, lowest, renaming })
        waiting.push(`${sender}.${text}`)
      }
      const local = this.#localDigest(node, id, { base, lowest, renaming })
      nodes[renaming.node(node)] = `${local};${waiting.join()}`
    }
    const leaders = global.leaders.list.slice(Number(lowest) - 1).map(renaming.validator)
    return `${leaders.join('')}!${nameOf(global.proven, { ...renaming, base })}!${nodes.join('!')}`
  }

  /** What all texts of a state have in common. */
  #namingOf({ locals }: Global): Omit<Naming, 'renaming'> {
    let lowest: bigint | undefined
    let base: NamedBlock = this.#world.genesis
    let isFirst = true
    for (const [node, id] of locals.entries()) {
      const { committed, view } = this.#stateAt(node, id)
      if (lowest === undefined || view < lowest) lowest = view
      if (committed === undefined) continue
      if (isFirst || committed.view < base.view) base = committed
      isFirst = false
    }
    return { base, lowest: lowest ?? 0n }
  }

  #localDigest(node: number, id: number, { base, lowest, renaming }: Naming): string {
    const key = `${node},${id},${renaming.id},${lowest},${this.#baseNumber(base)}`
    return this.#digest(key, () =>
      stateText(bindingState(this.#stateAt(node, id)), { ...renaming, base }, lowest),
    )
  }

  #messageDigest({ key, message }: KnownMessage, { base, renaming }: Naming): string {
    return this.#digest(`${renaming.id},${this.#baseNumber(base)}${key}`, () =>
      messageText(message, this.#world.names, { ...renaming, base }),
    )
  }

  #baseNumber(base: NamedBlock): number {
    const known = this.#bases.get(base)
    if (known !== undefined) return known
    this.#bases.set(base, this.#bases.size)
    return this.#bases.size - 1
  }

  #digest(key: string, make: () => string): string {
    const known = this.#digests.get(key)
    if (known !== undefined) return known
    const digest = digestOf(make())
    if (this.#digests.size >= KNOWN_MAX) this.#digests.clear()
    this.#digests.set(key, digest)
    return digest
  }
}

/** How nodes and blocks are called in a text. */
interface Naming {
  readonly renaming: NumberedRenaming
  /** Highest block that all nodes have committed. */
  readonly base: NamedBlock
  /** View that no node is below. */
  readonly lowest: View
}

function digestOf(text: string): string {
  return bytesToHex(sha256(utf8ToBytes(text))).slice(0, DIGEST_LENGTH)
}
