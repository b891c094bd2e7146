// The architecture as a test: arrows, owners of heavy dependencies, purity, shape of packages. It guards no taste.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = new URL('..', import.meta.url).pathname

/** What each package may import of the others. A new arrow needs an ADR. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  primitives: [],
  crypto: ['primitives'],
  consensus: ['primitives', 'crypto'],
  exchange: ['primitives'],
  precompiles: ['primitives'],
  storage: ['primitives'],
  evm: ['primitives', 'crypto', 'storage'],
  execution: ['primitives', 'crypto', 'exchange', 'evm', 'precompiles', 'storage'],
  network: ['primitives', 'crypto'],
  rpc: ['primitives', 'execution'],
  simulator: [
    'primitives',
    'crypto',
    'consensus',
    'exchange',
    'evm',
    'precompiles',
    'storage',
    'execution',
  ],
  node: [
    'primitives',
    'crypto',
    'consensus',
    'exchange',
    'precompiles',
    'storage',
    'evm',
    'execution',
    'network',
    'rpc',
    'simulator',
  ],
}

/** One package owns each heavy dependency; whoever needs what it does asks the owner. */
const OWNERS: readonly (readonly [dependency: RegExp, owner: string])[] = [
  [/^(libp2p|@libp2p\/.*|@chainsafe\/libp2p-.*|@multiformats\/.*)$/, 'network'],
  [/^(@ethereumjs\/.*|mcl-wasm)$/, 'evm'],
  [/^classic-level$/, 'storage'],
  [/^(@chainsafe\/blst|@chainsafe\/bls-keystore|@noble\/curves|secp256k1)$/, 'crypto'],
  [/^(@chainsafe\/ssz|canonicalize)$/, 'primitives'],
  [/^ws$/, 'rpc'],
  [/^(prom-client|pino|commander|zod|smol-toml)$/, 'node'],
]

/** No clock, random, timer, process, console or built-in: same inputs, same outputs, on any machine. */
const PURE = ['primitives', 'consensus', 'exchange', 'precompiles']
const IMPURE =
  /\bDate\b|Math\.random|\bsetTimeout\b|\bsetInterval\b|\bsetImmediate\b|\bperformance\.|\bprocess\.|\bconsole\.|\bfetch\(|from 'node:|toLocale|\bIntl\./
/** The hash back end of Node, chosen by the package's `imports` map. */
const IMPURE_ALLOWED = ['packages/primitives/src/codec/sha256Node.ts']

interface Manifest {
  readonly name: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly devDependencies?: Readonly<Record<string, string>>
}

const names = readdirSync(join(ROOT, 'packages')).sort()

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8')
}

function manifestOf(name: string): Manifest {
  return JSON.parse(read(`packages/${name}/package.json`)) as Manifest
}

function sourcesOf(name: string): { readonly path: string; readonly text: string }[] {
  return readdirSync(join(ROOT, 'packages', name, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .sort()
    .map((file) => ({
      path: `packages/${name}/src/${file}`,
      text: read(`packages/${name}/src/${file}`),
    }))
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|[^:'"`])\/\/.*$/gm, '$1')
}

function importsOf(text: string): string[] {
  const found = withoutComments(text).matchAll(
    /(?:from|import)\s+'([^']+)'|import\(\s*'([^']+)'\s*\)/g,
  )
  return [...found].map(([, fixed, lazy]) => fixed ?? lazy ?? '')
}

function packageOf(specifier: string): string {
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] as string)
}

it('has exactly the packages of the design', () => {
  expect(names).toEqual(Object.keys(ARROWS).sort())
})

describe.each(names)('%s', (name) => {
  const manifest = manifestOf(name)
  const sources = sourcesOf(name)
  const dependencies = Object.keys(manifest.dependencies ?? {})

  it('depends only along the arrows', () => {
    const ours = dependencies
      .filter((dependency) => dependency.startsWith('@openliquid/'))
      .map((dependency) => dependency.slice('@openliquid/'.length))
    const crossing = ours.filter((dependency) => !ARROWS[name]?.includes(dependency))
    expect(crossing, 'move the shared thing down, usually into primitives').toEqual([])
  })

  it('references in tsconfig.json what it depends on', () => {
    const { references } = JSON.parse(read(`packages/${name}/tsconfig.json`)) as {
      references: { path: string }[]
    }
    const ours = dependencies.filter((dependency) => dependency.startsWith('@openliquid/'))
    expect(references.map(({ path }) => path.replace('../', '@openliquid/')).sort()).toEqual(
      ours.sort(),
    )
  })

  it('takes every version from the catalog', () => {
    const versions = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
    for (const [dependency, version] of versions) {
      const wanted = dependency.startsWith('@openliquid/') ? 'workspace:*' : 'catalog:'
      expect(version, `${dependency}: put the version into pnpm-workspace.yaml`).toBe(wanted)
    }
  })

  it('leaves heavy dependencies to their owners', () => {
    for (const [pattern, owner] of OWNERS) {
      if (owner === name) continue
      const taken = dependencies.filter((dependency) => pattern.test(dependency))
      expect(taken, `ask @openliquid/${owner} instead`).toEqual([])
    }
  })

  it('imports only what it declares, and only entry points', () => {
    for (const { path, text } of sources) {
      for (const specifier of importsOf(text)) {
        if (specifier.startsWith('.') || specifier.startsWith('node:')) continue
        if (specifier.startsWith('#')) continue
        const imported = packageOf(specifier)
        const declared = dependencies.includes(imported) || imported === manifest.name
        const test = path.includes('/testing/') ? Object.keys(manifest.devDependencies ?? {}) : []
        expect(
          declared || test.includes(imported),
          `${path} imports ${specifier}, which package.json does not declare`,
        ).toBe(true)
        if (imported.startsWith('@openliquid/')) {
          const entry = specifier === imported || specifier === `${imported}/testing`
          expect(entry, `${path}: no deep import of ${specifier}`).toBe(true)
          if (specifier.endsWith('/testing')) {
            expect(
              path.includes('/testing/') || name === 'simulator',
              `${path}: what ships does not import ${specifier}`,
            ).toBe(true)
          }
        }
      }
    }
  })

  it('has a README and an index of named exports', () => {
    expect(existsSync(join(ROOT, `packages/${name}/README.md`)), 'README.md is missing').toBe(true)
    expect(read(`packages/${name}/src/index.ts`)).not.toMatch(/export \*/)
  })

  it('has no utils or common file', () => {
    const found = sources.filter(({ path }) =>
      /\/(utils?|common|helpers?|misc)(\.ts|\/)/.test(path),
    )
    expect(found, 'a helper lives with its concept').toEqual([])
  })

  it('says why each limit is what it is', () => {
    for (const { path, text } of sources.filter((source) => source.path.endsWith('limits.ts'))) {
      const lines = text.split('\n')
      lines.forEach((line, index) => {
        if (!/^export const \w+_MAX\b/.test(line)) return
        const above = lines[index - 1] ?? ''
        expect(above.endsWith('*/') || above.startsWith('//'), `${path}: ${line}`).toBe(true)
      })
    }
  })
})

describe.each(PURE)('%s is pure', (name) => {
  it('reads no clock, random, timer, process or built-in', () => {
    for (const { path, text } of sourcesOf(name)) {
      if (IMPURE_ALLOWED.includes(path)) continue
      const [found] = withoutComments(text).match(IMPURE) ?? []
      expect(found, `${path}: let it enter as an input or leave as an effect`).toBeUndefined()
    }
  })
})

it('loads the simulator only lazily', () => {
  const eager = sourcesOf('node').filter(({ text }) =>
    // A type is erased: it loads nothing.
    /(?:from|import)\s+'@openliquid\/simulator'/.test(
      withoutComments(text).replace(/import type [^']+'[^']+'/g, ''),
    ),
  )
  expect(eager.map(({ path }) => path)).toEqual([])
})

it('pins every version exactly, once', () => {
  const [, catalog = ''] = read('pnpm-workspace.yaml').split(/^catalog:\n/m)
  const lines = catalog
    .split(/^\S/m)[0]
    ?.split('\n')
    .filter((line) => line.trim() !== '' && !line.trim().startsWith('#'))
  expect(lines?.length).toBeGreaterThan(10)
  for (const line of lines ?? []) {
    expect(line, 'an exact version').toMatch(/: "?(npm:@[\w/.-]+@)?\d+\.\d+\.\d+"?$/)
  }
})

it('describes every package in ARCHITECTURE.md', () => {
  const text = read('ARCHITECTURE.md')
  for (const name of names) {
    expect(text, `ARCHITECTURE.md does not speak of ${name}`).toContain(`packages/${name}`)
  }
})
