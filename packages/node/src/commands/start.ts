import { join } from 'node:path'
import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import { createClock } from '../clock.ts'
import {
  type DataDirectory,
  dataDirectoryAt,
  defaultDataDirectory,
  isDataDirectory,
} from '../dataDirectory.ts'
import { DEV_ACCOUNTS, DEV_MNEMONIC } from '../devAccounts.ts'
import type { OpenLiquidNode } from '../node.ts'
import { stopOnSignals } from '../shutdown.ts'
import { chainLines, endpointsOf } from './banner.ts'
import { commonCommand, settingsOf, withSettings } from './options.ts'
import { reportFailure } from './report.ts'

/** Runs one node until it is told to stop. */
export function startCommand(): CommandUnknownOpts {
  const command = withSettings(
    commonCommand('start', 'run the node of a data folder')
      .option('--dev', 'a one-validator development chain that needs nothing')
      .option('--config <file>', 'config file (default: config.toml of the data folder)')
      .option('--serve-eth-rpc', 'short for --rpc.serve-eth')
      .option('--serve-info', 'short for --rpc.serve-info')
      .option('--log-level <level>', 'short for --log.level')
      .option('--trusted-checkpoint <height:hash>', 'short for --sync.trusted-checkpoint'),
  )
  command.addHelpText(
    'after',
    '\nExamples:\n  openliquid-node start --dev\n  openliquid-node start --datadir ./node --serve-eth-rpc --serve-info',
  )
  command.action(async (options) => {
    const {
      dev = false,
      json = false,
      datadir,
      config,
      serveEthRpc,
      serveInfo,
      logLevel,
      trustedCheckpoint,
    } = options
    const flags = {
      'rpc.serve-eth': serveEthRpc,
      'rpc.serve-info': serveInfo,
      'log.level': logLevel,
      'sync.trusted-checkpoint': trustedCheckpoint,
      ...settingsOf(options),
    }
    const directory = dataDirectoryAt(
      datadir ?? (dev ? join(defaultDataDirectory(), 'dev') : defaultDataDirectory()),
    )
    // Loaded here, so that the small commands do not wait for the whole node.
    const { createNode } = await import('../node.ts')
    const { initDevDirectory } = await import('../initDirectory.ts')
    if (dev && !isDataDirectory(directory)) {
      await initDevDirectory(directory, { genesisTimeMs: createClock()() })
    }
    const node = await createNode({
      datadir: directory.root,
      settings: flags,
      environment: process.env,
      ...(config === undefined ? {} : { configFile: config }),
    })
    await run(node, { dev, json, directory })
  })
  return command
}

async function run(
  node: OpenLiquidNode,
  options: { readonly dev: boolean; readonly json: boolean; readonly directory: DataDirectory },
): Promise<void> {
  stopOnSignals(node, node.logger)
  // Started by `testnet`: without the parent nobody could stop this process.
  if (process.connected) process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'))
  void node.halted.then((error) => {
    // Fail-stop: nothing is signed any more, and a supervisor must see that a person is needed.
    process.exit(reportFailure(error, { json: options.json }))
  })
  await node.start()
  if (!options.dev) return
  const facts = {
    ...endpointsOf(node),
    mnemonic: DEV_MNEMONIC,
    accounts: DEV_ACCOUNTS,
    datadir: options.directory.root,
  }
  process.stdout.write(
    options.json
      ? `${JSON.stringify(facts)}\n`
      : `${chainLines({ ...facts, genesis: node.genesis, stop: 'Ctrl-C' }).join('\n')}\n`,
  )
}
