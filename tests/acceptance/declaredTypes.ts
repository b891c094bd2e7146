import { execFile } from 'node:child_process'
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** A value, and the exported type of the package that it should have. */
export interface Claim {
  readonly type: string
  readonly value: unknown
}

/**
 * What the compiler finds wrong with values as literals of types that a package declares: missing fields, fields too
 * many, texts where numbers should be. Empty when all is well.
 */
export async function typeFaults(
  packageName: string,
  claims: readonly Claim[],
): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'openliquid-types-'))
  try {
    const lines = claims.map(
      ({ type, value }, i) => `export const c${i}: declared.${type} = ${JSON.stringify(value)}`,
    )
    const source = [`import type * as declared from '${packageName}'`, ...lines]
    await writeFile(join(folder, 'claims.ts'), source.join('\n'))
    const config = {
      compilerOptions: {
        module: 'nodenext',
        noEmit: true,
        skipLibCheck: true,
        strict: true,
        target: 'es2023',
        types: [],
      },
      files: ['claims.ts'],
    }
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    await writeFile(join(folder, 'package.json'), '{"type":"module"}')
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc')
    const { stdout } = await promisify(execFile)(process.execPath, [compiler, '-p', folder]).catch(
      (failure: { stdout: string }) => failure,
    )
    // The line of a fault tells the claim: the first line is the import.
    return stdout
      .split('\n')
      .filter((line) => line.includes('error TS'))
      .map((line) =>
        line.replace(/^.*\((\d+),\d+\)/, (_, at) => claims[Number(at) - 2]?.type ?? at),
      )
  } finally {
    await rm(folder, { recursive: true })
  }
}
