import type { Renaming } from './stateText.ts'
import { NODES, VALIDATORS } from './twinsWorld.ts'

/** Splits of the nodes into at most two sides. */
const SPLITS = 16

/** One view of a scenario. */
export interface TwinsChoice {
  /** Bit i: node i is on the second side while this view is played. */
  readonly sides: number
  /** Who leads the view after it. */
  readonly nextLeader: number
}

/** A renaming with a number, by which texts under it are remembered. */
export interface NumberedRenaming extends Renaming {
  readonly id: number
}

/** Every renaming of the honest nodes, with the twins as they are or exchanged; the first changes nothing. */
export const RENAMINGS: readonly NumberedRenaming[] = [false, true].flatMap((isSwapped, i) =>
  [
    [1, 2, 3],
    [1, 3, 2],
    [2, 1, 3],
    [2, 3, 1],
    [3, 1, 2],
    [3, 2, 1],
  ].map((order, j) => {
    const map = [isSwapped ? 4 : 0, ...order, isSwapped ? 0 : 4]
    return {
      id: 6 * i + j,
      node: (index: number) => map[index] as number,
      validator: (index: number) => (index === 0 ? 0 : (map[index] as number)),
    }
  }),
)

/** All choices of one view. */
export const TWINS_CHOICES: readonly TwinsChoice[] = Array.from(
  { length: VALIDATORS * SPLITS },
  (_, number) => choiceOf(number),
)

/** One of each class of choices that the symmetries exchange, with the size of the class. */
export function choicesUpTo(symmetries: readonly Renaming[]): (readonly [TwinsChoice, number])[] {
  const counts = new Map<number, number>()
  for (const { nextLeader, sides } of TWINS_CHOICES) {
    const images = symmetries.map(
      (renaming) => renaming.validator(nextLeader) * SPLITS + (renamedSides(sides, renaming) >> 1),
    )
    const least = Math.min(...images)
    counts.set(least, (counts.get(least) ?? 0) + 1)
  }
  return [...counts].map(([number, count]) => [choiceOf(number), count])
}

function choiceOf(number: number): TwinsChoice {
  // The side of node 0 is always the first.
  return { sides: (number % SPLITS) << 1, nextLeader: Math.floor(number / SPLITS) }
}

/** The same split with the nodes renamed; the side of node 0 is always the first. */
function renamedSides(sides: number, renaming: Renaming): number {
  let renamed = 0
  for (let node = 0; node < NODES; node++) {
    if (((sides >> node) & 1) === 1) renamed |= 1 << renaming.node(node)
  }
  return (renamed & 1) === 1 ? ~renamed & (2 ** NODES - 1) : renamed
}
