import type { ExplorerPath } from './explorer.ts'
import type { TwinsScenario } from './twinsLayer.ts'

/** More than this many views are not told apart by the line of leaders. */
const VIEWS_MAX = 11
const VALIDATORS = 4
const HONEST = 3
const SIDES = 32

/** Reads a scenario of the Twins as a finding prints it; undefined if it is none. */
export function parseTwinsScenario(text: string): TwinsScenario | undefined {
  const value = parse(text)
  const { firstLeader, highTip, views } = value
  if (!isBelow(firstLeader, VALIDATORS) || !isList(views, VIEWS_MAX)) return undefined
  if (highTip !== undefined && typeof highTip !== 'boolean') return undefined
  const choices: { sides: number; nextLeader: number }[] = []
  for (const { nextLeader, sides } of views.map(recordOf)) {
    if (!isBelow(nextLeader, VALIDATORS) || !isBelow(sides, SIDES)) return undefined
    choices.push({ sides, nextLeader })
  }
  return { firstLeader, ...(highTip === undefined ? {} : { highTip }), views: choices }
}

/** Reads an explorer's path as a finding prints it; undefined if it is none. */
export function parseExplorerPath(text: string): ExplorerPath | undefined {
  const { acts, leaders } = parse(text)
  if (!isList(leaders, VIEWS_MAX) || !isList(acts, VIEWS_MAX)) return undefined
  const line: number[] = []
  for (const leader of leaders) {
    if (!isBelow(leader, VALIDATORS)) return undefined
    line.push(leader)
  }
  const paths: string[][] = []
  for (const one of acts) {
    if (!isList(one, HONEST) || one.length !== HONEST) return undefined
    const labels = one.filter((label) => typeof label === 'string')
    if (labels.length !== HONEST) return undefined
    paths.push(labels)
  }
  return acts.length > leaders.length ? undefined : { leaders: line, acts: paths }
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    return recordOf(JSON.parse(text))
  } catch (error) {
    if (error instanceof SyntaxError) return {}
    throw error
  }
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}

function isList(value: unknown, lengthMax: number): value is readonly unknown[] {
  return Array.isArray(value) && value.length <= lengthMax
}

function isBelow(value: unknown, end: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < end
}
