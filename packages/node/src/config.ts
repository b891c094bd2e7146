import { readFileSync } from 'node:fs'
import { parse } from 'smol-toml'
import { checkConfig, type NodeConfig, SETTINGS, type Setting } from './configSchema.ts'
import { codeOf, explain, NodeError, reasonOf } from './errors.ts'

/** Settings by path, as text or as a config file gives them. */
export type SettingValues = Readonly<Record<string, unknown>>

/** Where settings come from, strongest first. */
export interface ConfigSources {
  readonly flags?: SettingValues
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** Path of a config.toml; a missing file counts as empty. */
  readonly file?: string
  /** What a profile such as `dev` sets. */
  readonly preset?: SettingValues
}

const PREFIX = 'OPENLIQUID_'
const BY_PATH = new Map(SETTINGS.map((setting) => [setting.path, setting]))
const BY_VARIABLE = new Map(SETTINGS.map((setting) => [setting.variable, setting]))

/**
 * Flag over environment over file over preset over default.
 *
 * @throws {NodeError} OL_NODE_CONFIG for an unknown key, naming the nearest one, and for a value that does not fit
 */
export function loadConfig(sources: ConfigSources): NodeConfig {
  const values = new Map<Setting, unknown>()
  const take = (settings: SettingValues, source: string): void => {
    for (const [path, value] of Object.entries(settings)) {
      if (value !== undefined) values.set(settingAt(path, source), value)
    }
  }
  take(sources.preset ?? {}, 'preset')
  if (sources.file !== undefined) take(readConfigFile(sources.file), sources.file)
  take(environmentSettings(sources.environment ?? {}), 'environment')
  take(sources.flags ?? {}, 'flags')
  return check(values)
}

/** The commented file that `init` writes: every setting with its default, `overrides` uncommented. */
export function configFileText(overrides: SettingValues = {}): string {
  const lines = ['# OpenLiquid node. Strength: flag, OPENLIQUID_* variable, this file, default.']
  let section = ''
  for (const setting of SETTINGS) {
    if (setting.section !== section) lines.push('', `[${setting.section}]`)
    section = setting.section
    const override = overrides[setting.path]
    const key = setting.path.slice(section.length + 1)
    lines.push(`# ${setting.help}`)
    lines.push(
      override === undefined
        ? `# ${key} = ${tomlValue(setting.defaultValue)}`
        : `${key} = ${tomlValue(override)}`,
    )
  }
  return `${lines.join('\n')}\n`
}

/** JSON's strings, numbers, booleans and flat lists are TOML's. */
function tomlValue(value: unknown): string {
  return JSON.stringify(value)
}

function readConfigFile(path: string): SettingValues {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return {}
    throw configError(path, reasonOf(error), { key: path }, error)
  }
  let sections: Record<string, unknown>
  try {
    sections = parse(text)
  } catch (error) {
    throw configError(path, reasonOf(error), { key: path }, error)
  }
  const values: Record<string, unknown> = {}
  for (const [section, content] of Object.entries(sections)) {
    if (typeof content !== 'object' || content === null || Array.isArray(content)) {
      throw unknownSetting(section, path, [...BY_PATH.keys()])
    }
    for (const [key, value] of Object.entries(content)) values[`${section}.${key}`] = value
  }
  return values
}

function environmentSettings(environment: ConfigSources['environment'] = {}): SettingValues {
  const values: Record<string, unknown> = {}
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith(PREFIX) || value === undefined) continue
    const setting = BY_VARIABLE.get(variable)
    if (setting === undefined) {
      throw unknownSetting(variable, 'environment', [...BY_VARIABLE.keys()])
    }
    values[setting.path] = value
  }
  return values
}

function settingAt(path: string, source: string): Setting {
  const setting = BY_PATH.get(path)
  if (setting === undefined) throw unknownSetting(path, source, [...BY_PATH.keys()])
  return setting
}

function check(values: ReadonlyMap<Setting, unknown>): NodeConfig {
  const sections: Record<string, Record<string, unknown>> = {}
  for (const [{ section, key }, value] of values) {
    sections[section] = { ...sections[section], [key]: value }
  }
  const result = checkConfig(sections)
  if (result.ok) return result.config
  throw configError(result.path, result.reason, { key: result.path })
}

function unknownSetting(key: string, source: string, known: readonly string[]): NodeError {
  const nearest = nearestOf(key, known)
  return new NodeError(
    explain(
      `unknown setting ${key}`,
      `${source} names a setting this program does not have`,
      `did you mean ${nearest}?`,
    ),
    { code: 'OL_NODE_CONFIG', key, nearest },
  )
}

function configError(
  what: string,
  why: string,
  data: { readonly key: string },
  cause?: unknown,
): NodeError {
  return new NodeError(
    explain(`the setting ${what} is not valid`, why, 'correct it; `docs/operations.md` lists all'),
    { code: 'OL_NODE_CONFIG', ...data },
    { cause },
  )
}

/** The known word with the fewest edits; short lists only. */
export function nearestOf(word: string, known: readonly string[]): string {
  let nearest = ''
  let least = Number.POSITIVE_INFINITY
  for (const candidate of known) {
    const distance = editDistance(word, candidate)
    if (distance < least) [nearest, least] = [candidate, distance]
  }
  return nearest
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const above = previous[j] ?? 0
      const left = row[j - 1] ?? 0
      const diagonal = previous[j - 1] ?? 0
      row.push(Math.min(above + 1, left + 1, diagonal + (a[i - 1] === b[j - 1] ? 0 : 1)))
    }
    previous = row
  }
  return previous[b.length] ?? 0
}
