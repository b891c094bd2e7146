import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { peerIdFromNodeKey } from '@openliquid/network'
import { genesisValidatorSet, hexToBytes } from '@openliquid/primitives'
import { expect, test } from 'vitest'
import { loadConfig } from './config.ts'
import { readKeyFiles } from './keyFiles.ts'
import { prepareLocalNetwork } from './localNetwork.ts'

const genesisTimeMs = 1_700_000_000_000

function fresh(): string {
  return join(mkdtempSync(join(tmpdir(), 'openliquid-network-')), 'net')
}

test('makes a folder per validator that knows the others, on ports of its own', async () => {
  const output = fresh()
  const network = await prepareLocalNetwork({ output, validators: 3, genesisTimeMs })
  expect(network.isNew).toBe(true)
  const { validators } = genesisValidatorSet(network.genesis)
  for (const [i, { directory, ports }] of network.validators.entries()) {
    expect(ports).toEqual({ p2p: 9_600 + 10 * i, metrics: 9_601 + 10 * i, rpc: 8_545 + i })
    const { network: config, rpc } = loadConfig({ file: directory.config })
    expect(config.peers).toHaveLength(2)
    expect(config.host).toBe('127.0.0.1')
    expect([rpc.serveEth, rpc.serveInfo, rpc.host]).toEqual([true, true, '127.0.0.1'])
    // Folder i holds validator i: its peer id is the one that the others dial.
    const peerId = peerIdFromNodeKey(validators[i]!.nodeKey)
    expect(config.peers.join()).not.toContain(peerId)
    const other = network.validators[(i + 1) % 3]!
    expect(loadConfig({ file: other.directory.config }).network.peers.join()).toContain(peerId)
    expect((await readKeyFiles(directory)).voteSecret).toHaveLength(32)
    expect(hexToBytes(network.genesis.validators[i]!.nodeKey)).toEqual(validators[i]!.nodeKey)
  }
})

test('recognises what it made, keeps edited configs, and moves ports when told', async () => {
  const output = fresh()
  const made = await prepareLocalNetwork({ output, validators: 2, genesisTimeMs, basePort: 20_000 })
  expect(made.validators[1]?.ports).toEqual({ p2p: 20_010, metrics: 20_011, rpc: 18_946 })
  const [first] = made.validators
  const config = first!.directory.config
  writeFileSync(config, `${readFileSync(config, 'utf8').replace('port = 18945', 'port = 7777')}`)

  const again = await prepareLocalNetwork({ output, validators: 2, genesisTimeMs: 1 })
  expect([again.isNew, again.genesis]).toEqual([false, made.genesis])
  expect(again.validators[0]?.ports).toEqual({ p2p: 20_000, metrics: 20_001, rpc: 7_777 })

  const moved = { output, validators: 2, genesisTimeMs: 1, basePort: 21_000 }
  expect((await prepareLocalNetwork(moved)).validators[0]?.ports.rpc).toBe(19_945)
})

test('refuses another number of validators, impossible ports, and folders of something else', async () => {
  const output = fresh()
  await prepareLocalNetwork({ output, validators: 1, genesisTimeMs })
  const usage = { code: 'OL_NODE_USAGE' }
  await expect(prepareLocalNetwork({ output, validators: 2, genesisTimeMs })).rejects.toMatchObject(
    usage,
  )
  for (const options of [{ validators: 0 }, { validators: 201 }, { basePort: 65_530 }]) {
    const fits = { output: fresh(), validators: 4, genesisTimeMs, ...options }
    await expect(prepareLocalNetwork(fits)).rejects.toMatchObject(usage)
    expect(existsSync(fits.output)).toBe(false)
  }
  const foreign = mkdtempSync(join(tmpdir(), 'openliquid-foreign-'))
  writeFileSync(join(foreign, 'holiday.jpg'), '')
  await expect(
    prepareLocalNetwork({ output: foreign, validators: 1, genesisTimeMs }),
  ).rejects.toMatchObject({ code: 'OL_NODE_DATADIR_FOREIGN' })
})
