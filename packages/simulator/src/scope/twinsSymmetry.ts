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
  /** The nodes in order of their new numbers. */
  readonly order: readonly number[]
}

/** Choices that symmetries of a state exchange: one is played for all of them. */
export interface ChoiceClass {
  readonly choice: TwinsChoice
  /** In which the nodes act: it follows from state and choice without their names. */
  readonly order: readonly number[]
  readonly size: number
}

/** The nodes in order of their numbers. */
export const BY_NUMBER: readonly number[] = Array.from({ length: NODES }, (_, node) => node)

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
      order: BY_NUMBER.toSorted((a, b) => (map[a] as number) - (map[b] as number)),
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

/**
 * One of each class of choices, for a state.
 *
 * @param renamings - all that give the state its form without names: they differ by its symmetries
 */
export function choicesUpTo(renamings: readonly NumberedRenaming[]): ChoiceClass[] {
  const classes = new Map<number, ChoiceClass>()
  for (const choice of TWINS_CHOICES) {
    const { number, order } = formOf(choice, renamings)
    const known = classes.get(number)
    classes.set(number, known === undefined ? { choice, order, size: 1 } : grown(known))
  }
  return [...classes.values()]
}

/** In which the nodes act on this choice, as in `choicesUpTo`. */
export function orderOf(
  choice: TwinsChoice,
  renamings: readonly NumberedRenaming[],
): readonly number[] {
  return formOf(choice, renamings).order
}

/** The choice for the nodes as they are called after the renaming. */
export function renamedChoice({ nextLeader, sides }: TwinsChoice, renaming: Renaming): TwinsChoice {
  return { nextLeader: renaming.validator(nextLeader), sides: renamedSides(sides, renaming) }
}

/** The choice without names, as a number: the least that a renaming of the state's makes of it. */
function formOf(
  choice: TwinsChoice,
  renamings: readonly NumberedRenaming[],
): { readonly number: number; readonly order: readonly number[] } {
  let number = Number.POSITIVE_INFINITY
  let order = BY_NUMBER
  for (const renaming of renamings) {
    const { nextLeader, sides } = renamedChoice(choice, renaming)
    const image = nextLeader * SPLITS + (sides >> 1)
    if (image >= number) continue
    number = image
    order = renaming.order
  }
  return { number, order }
}

function grown(one: ChoiceClass): ChoiceClass {
  return { ...one, size: one.size + 1 }
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
