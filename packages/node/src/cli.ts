#!/usr/bin/env node
import { Command, CommanderError } from '@commander-js/extra-typings'
import { initCommand } from './commands/init.ts'
import { keysCommand } from './commands/keys.ts'
import { reportFailure } from './commands/report.ts'
import { simulateCommand } from './commands/simulate.ts'
import { slashingCommand } from './commands/slashing.ts'
import { startCommand } from './commands/start.ts'
import { statusCommand } from './commands/status.ts'
import { stopCommand } from './commands/stop.ts'
import { testnetCommand } from './commands/testnet.ts'
import { versionCommand } from './commands/version.ts'
import { EXIT_CODE } from './exitCodes.ts'

const program = new Command('openliquid-node')
  .description('Validator node of an L1 that is an exchange and an EVM at once.')
  .exitOverride()
  .showHelpAfterError('(see openliquid-node --help)')

for (const command of [
  startCommand(),
  initCommand(),
  testnetCommand(),
  statusCommand(),
  stopCommand(),
  keysCommand(),
  slashingCommand(),
  simulateCommand(),
  versionCommand(),
]) {
  program.addCommand(command.copyInheritedSettings(program))
}

// Nobody reads any more: no reason to end, be it the help into `head` or a validator whose log pipe broke.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

try {
  await program.parseAsync(process.argv)
} catch (error) {
  // Commander has printed its message; --help and --version come here with 0.
  if (error instanceof CommanderError) {
    process.exitCode = error.exitCode === 0 ? EXIT_CODE.ok : EXIT_CODE.usage
  } else {
    process.exitCode = reportFailure(error, { json: process.argv.includes('--json') })
  }
}
