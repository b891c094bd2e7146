// A bundler resolves the light entry as for a browser: nothing of `node:` may be in the graph, and the bundle must
// verify the golden proofs with the portable schemes.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'light-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Esbuild {
  build(options: object): Promise<{
    readonly metafile: {
      readonly inputs: Readonly<
        Record<
          string,
          { readonly imports: readonly { readonly path: string; readonly external?: boolean }[] }
        >
      >
    }
    readonly outputFiles: readonly { readonly text: string }[]
  }>
}

const ENTRY = `
export { LightClient, Committee, verifyEvidence } from '@openliquid/consensus/light'
export { schemeOf } from '@openliquid/crypto'
export { commitProofCodec, epochChangeProofCodec, hexToBytes, bytesToHex, validatorSetCodec } from '@openliquid/primitives'
`

async function bundle(): Promise<Awaited<ReturnType<Esbuild['build']>>> {
  const fromTsx = createRequire(createRequire(join(ROOT, '../../package.json')).resolve('tsx'))
  const { build } = fromTsx('esbuild') as Esbuild
  return build({
    stdin: { contents: ENTRY, resolveDir: ROOT, loader: 'ts' },
    absWorkingDir: ROOT,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['openliquid:source'],
    external: ['node:*'],
    metafile: true,
    write: false,
    logLevel: 'silent',
  })
}

describe('the light entry in a browser', () => {
  it('has no built-in of Node in its graph, and neither blst nor another native back end', async () => {
    const { metafile } = await bundle()
    const inputs = Object.entries(metafile.inputs)
    expect(inputs.length).toBeGreaterThan(30)
    const external = inputs.flatMap(([from, { imports }]) =>
      imports.filter((one) => one.external === true).map(({ path }) => `${from} → ${path}`),
    )
    expect(external).toEqual([])
    const native = inputs.filter(([path]) =>
      /blst|secp256k1\/|sha256Node|blsScheme\.ts|\.node$/.test(path),
    )
    expect(native.map(([path]) => path)).toEqual([])
    expect(inputs.some(([path]) => path.endsWith('blsPortableScheme.ts'))).toBe(true)
  })

  it('verifies the golden proofs of both schemes from its bundle', async () => {
    const { outputFiles } = await bundle()
    const file = join(folder, 'light.mjs')
    writeFileSync(file, outputFiles[0]?.text ?? '')
    const light = await import(/* @vite-ignore */ pathToFileURL(file).href)
    const golden = JSON.parse(readFileSync(join(ROOT, 'vectors/light.json'), 'utf8'))
    for (const name of ['bls', 'ed25519']) {
      const vectors = golden[name]
      const client = new light.LightClient({
        context: { chainId: vectors.chainId, genesisHash: light.hexToBytes(vectors.genesisHash) },
        scheme: light.schemeOf(name),
        trustedSet: light.validatorSetCodec.decode(light.hexToBytes(vectors.trustedSet)),
        trustedAtMs: vectors.trustedAtMs,
        trustPeriodMs: 1_000,
      })
      const changes = light.epochChangeProofCodec.decode(light.hexToBytes(vectors.epochChangeProof))
      expect(client.follow(changes)).toBeUndefined()
      const { proof, stateRoot } = vectors.commitProofs.at(-1)
      const answer = client.verify(light.commitProofCodec.decode(light.hexToBytes(proof)))
      expect(answer.ok).toBe(true)
      expect(light.bytesToHex(answer.block.stateRoot)).toBe(stateRoot)
    }
  })
})
