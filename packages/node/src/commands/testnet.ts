import type { CommandUnknownOpts } from '@commander-js/extra-typings'
import { explain, NodeError } from '../errors.ts'
import { chainLines } from './banner.ts'
import { commonCommand, PROFILE_HELP, parseProfile } from './options.ts'
import { print } from './report.ts'

/** Makes a local network of validators, one folder each, and runs it. */
export function testnetCommand(): CommandUnknownOpts {
  const command = commonCommand('testnet', 'make a local network of validators, and run it')
    .requiredOption('--output <folder>', 'folder of the network; what is there goes on')
    .option('--validators <n>', 'number of validators', wholeNumber, 4)
    .option('--base-port <port>', 'p2p port of validator 0; moves all others', wholeNumber)
    .option('--start', 'run all validators as child processes')
    .option('--profile <name>', PROFILE_HELP, parseProfile, 'dev' as const)
  command.addHelpText(
    'after',
    '\nExamples:\n  openliquid-node testnet --validators 4 --output .openliquid --start\n  openliquid-node testnet --validators 7 --output ./net --base-port 19600',
  )
  command.action(async (options) => {
    const { output, validators, basePort, profile, start = false, json = false } = options
    const { prepareLocalNetwork } = await import('../localNetwork.ts')
    const network = await prepareLocalNetwork({
      output,
      validators,
      genesisTimeMs: Date.now(),
      profile,
      ...(basePort === undefined ? {} : { basePort }),
    })
    const rpcUrls = network.validators.map(({ ports }) => `http://127.0.0.1:${ports.rpc}`)
    const facts = {
      output: network.root,
      chainId: network.genesis.chainId,
      isNew: network.isNew,
      validators: network.validators.map(({ name, directory, ports }) => ({
        name,
        datadir: directory.root,
        ports,
      })),
    }
    if (!start) {
      const commands = network.validators.map(
        ({ directory }) => `  openliquid-node start --datadir ${directory.root}`,
      )
      print(facts, [`made ${network.root}; start each validator with`, ...commands], { json })
      return
    }
    const { runLocalNetwork } = await import('../localNetworkRunner.ts')
    process.exitCode = await runLocalNetwork(network, {
      cliPath: process.argv[1] ?? '',
      onReady: () => {
        const { root: datadir, genesis } = network
        print(facts, chainLines({ rpcUrls, genesis, datadir, stop: 'Ctrl-C' }), { json })
      },
    })
  })
  return command
}

function wholeNumber(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text)
  throw new NodeError(
    explain(`${text} is not a whole number`, 'the option wants one', 'see --help'),
    { code: 'OL_NODE_USAGE' },
  )
}
