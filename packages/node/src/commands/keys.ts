import { Command, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { bytesToHex } from '@openliquid/primitives'
import { requireDataDirectory } from '../dataDirectory.ts'
import { readGenesisFile } from '../genesisFile.ts'
import { peerIdText } from '../peerIdText.ts'
import { commonCommand, directoryOf } from './options.ts'
import { print } from './report.ts'

/** Shows public keys. Secrets never leave their files. */
export function keysCommand(): CommandUnknownOpts {
  const inspect = commonCommand('inspect', 'show the public keys of a data folder')
  inspect.action(async (options) => {
    const { ed25519PublicKey, schemeOf } = await import('@openliquid/crypto')
    const { readKeyFiles } = await import('../keyFiles.ts')
    const directory = directoryOf(options)
    requireDataDirectory(directory)
    const { nodeSecret, voteSecret } = await readKeyFiles(directory)
    const nodeKey = ed25519PublicKey(nodeSecret)
    const { scheme } = readGenesisFile(directory.genesis).genesis.consensus
    const keys = {
      peerId: peerIdText(nodeKey),
      nodeKey: bytesToHex(nodeKey),
      ...(voteSecret === undefined
        ? {}
        : { voteKey: bytesToHex(schemeOf(scheme).publicKeyOf(voteSecret)) }),
    }
    const lines = Object.entries(keys).map(([name, value]) => `${name.padEnd(10)}${value}`)
    print(keys, lines, { json: options.json ?? false })
  })
  return new Command('keys').description('key files').addCommand(inspect)
}
