import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { configFileText, loadConfig, nearestOf } from './config.ts'
import { SETTINGS } from './configSchema.ts'

function fileWith(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'openliquid-config-')), 'config.toml')
  writeFileSync(path, text)
  return path
}

describe('loadConfig', () => {
  test('takes the strongest source: flag, environment, file, preset, default', () => {
    const file = fileWith('[rpc]\nport = 3\nhost = "127.0.0.3"\nserve-eth = true')
    const config = loadConfig({
      flags: { 'rpc.port': '1' },
      environment: { OPENLIQUID_RPC__PORT: '2', OPENLIQUID_RPC__HOST: '127.0.0.2', HOME: '/' },
      file,
      preset: { 'rpc.port': 4, 'rpc.serve-eth': false, 'rpc.serve-info': true },
    })
    expect(config.rpc).toEqual({
      host: '127.0.0.2',
      port: 1,
      serveEth: true,
      serveInfo: true,
      allowRemote: false,
      answerTimeoutMs: 10_000,
    })
    expect(config.network.port).toBe(9_600)
  })

  test('reads the file that it writes, overrides included', () => {
    const file = fileWith(configFileText({ 'network.peers': ['/ip4/127.0.0.1/tcp/1'] }))
    expect(loadConfig({ file })).toEqual({
      ...loadConfig({}),
      network: { ...loadConfig({}).network, peers: ['/ip4/127.0.0.1/tcp/1'] },
    })
    for (const { path } of SETTINGS) expect(configFileText()).toContain(path.split('.')[1])
  })

  test('refuses an unknown key of a file and names the nearest', () => {
    const file = fileWith('[rpc]\nprot = 1')
    expect(() => loadConfig({ file })).toThrow(
      expect.objectContaining({
        code: 'OL_NODE_CONFIG',
        data: { key: 'rpc.prot', nearest: 'rpc.port' },
      }),
    )
  })

  test('refuses an unknown variable and names the nearest', () => {
    expect(() => loadConfig({ environment: { OPENLIQUID_RPC_PORT: '1' } })).toThrow(
      /OPENLIQUID_RPC__PORT/,
    )
  })

  test.each([
    ['rpc.port', '65536'],
    ['rpc.port', '-1'],
    ['rpc.serve-eth', 'yes'],
    ['mempool.bytes', '64'],
    ['mempool.bytes', '64MB'],
    ['rpc.answer-timeout', '10'],
    ['log.level', 'loud'],
    ['network.port', 'x'],
  ])('refuses %s = %s and names the setting', (path, value) => {
    expect(() => loadConfig({ flags: { [path]: value } })).toThrow(
      expect.objectContaining({ code: 'OL_NODE_CONFIG', data: { key: path } }),
    )
  })

  test.each([
    ['[rpc', 'broken syntax'],
    ['port = 1', 'key outside a section'],
  ])('refuses a file with %s (%s)', (text) => {
    expect(() => loadConfig({ file: fileWith(text) })).toThrow(
      expect.objectContaining({ code: 'OL_NODE_CONFIG' }),
    )
  })

  test('counts a missing file as empty', () => {
    expect(loadConfig({ file: '/nonexistent/config.toml' })).toEqual(loadConfig({}))
  })

  test('reads sizes and durations with units', () => {
    const config = loadConfig({
      flags: { 'mempool.bytes': '2KiB', 'rpc.answer-timeout': '1m' },
    })
    expect([config.mempool.bytes, config.rpc.answerTimeoutMs]).toEqual([2_048, 60_000])
  })
})

test('listens on loopback only by default', () => {
  const { network, rpc, metrics } = loadConfig({})
  expect([network.host, rpc.host, metrics.host]).toEqual(['127.0.0.1', '127.0.0.1', '127.0.0.1'])
})

test('nearestOf counts edits', () => {
  expect(nearestOf('log.levle', ['log.format', 'log.level'])).toBe('log.level')
})
