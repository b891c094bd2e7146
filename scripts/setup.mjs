// Installs (and with --build compiles) from nothing but Node and npm; does nothing that is already done.
import { spawnSync } from 'node:child_process'
import { readFileSync, statSync } from 'node:fs'

const root = new URL('..', import.meta.url)

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`Node >= 20.19 is needed, this is ${process.version}.`)
  process.exit(1)
}

const installed = modifiedMs('node_modules/.modules.yaml')
if (installed === 0 || modifiedMs('pnpm-lock.yaml') > installed) {
  const wanted = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')).config.pnpm
  const version = spawnSync('pnpm', ['--version'], { cwd: root, encoding: 'utf8' })
  const present = version.stdout?.trim() ?? ''
  const args = ['install', '--frozen-lockfile']
  if (present.split('.')[0] === wanted.split('.')[0]) run('pnpm', args)
  else run('npx', ['--yes', `pnpm@${wanted}`, ...args])
}
if (process.argv.includes('--build')) run('node', ['node_modules/typescript/bin/tsc', '-b'])

function modifiedMs(path) {
  try {
    return statSync(new URL(path, root)).mtimeMs
  } catch {
    return 0
  }
}

function run(command, args) {
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (status !== 0) process.exit(status ?? 1)
}
