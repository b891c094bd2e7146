// The prebuilt binaries of edr, an oracle of tests, are plain dependencies that name no platform: without this, all
// seven of them would be downloaded everywhere.
const PLATFORM =
  /^@nomicfoundation\/edr-(?<os>linux|darwin|win32)-(?<cpu>x64|arm64)(?:-(?<libc>gnu|musl|msvc))?$/
const LIBC = { gnu: ['glibc'], musl: ['musl'] }

function readPackage(manifest) {
  if (manifest.name === '@nomicfoundation/edr') {
    manifest.optionalDependencies = manifest.dependencies
    manifest.dependencies = {}
  }
  const { os, cpu, libc } = PLATFORM.exec(manifest.name ?? '')?.groups ?? {}
  if (os === undefined) return manifest
  const which = LIBC[libc]
  return { ...manifest, os: [os], cpu: [cpu], ...(which === undefined ? {} : { libc: which }) }
}

module.exports = { hooks: { readPackage } }
