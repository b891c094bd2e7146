// A node of one validator that kills itself with SIGKILL at one of its writes, and makes work for its own blocks.
// `killedNode.mjs DATADIR WRITE HOW [KIND]`: dies at its WRITE-th write, of one KIND if that is given, HOW = `before` it or
// in the `middle` of it. It prints each block once it is on disk, and in the end which write it was.
import fs from 'node:fs'
import { createRequire, syncBuiltinESMExports } from 'node:module'
import { dirname, join } from 'node:path'

const [datadir, write, how, only] = process.argv.slice(2)
const FILE_WRITES = [
  'writeSync',
  'fdatasyncSync',
  'fsyncSync',
  'renameSync',
  'rmSync',
  'writeFileSync',
]
const DATABASE_WRITES = ['batch_write', 'batch_do']
let count = 0

// Not a call that is counted, and on its way when it returns.
const print = (line) => fs.writevSync(1, [Buffer.from(`${JSON.stringify(line)}\n`)])

/** Counts calls of one kind of write, and dies at the chosen one. */
function counted(kind, call, half) {
  return (...args) => {
    if (only === undefined || only === kind) count += 1
    else return call(...args)
    if (count !== Number(write)) return call(...args)
    print({ killed: kind })
    if (how === 'middle') half(...args)
    process.kill(process.pid, 'SIGKILL')
  }
}

for (const kind of FILE_WRITES) {
  const call = fs[kind]
  // Bytes are cut in half; what has no middle is done, and its caller never learns.
  const half = (file, bytes, offset = 0, length = bytes.length - offset, position = null) =>
    call(file, bytes, offset, Math.ceil(length / 2), position)
  fs[kind] = counted(kind, call, kind === 'writeSync' ? half : call)
}
syncBuiltinESMExports()

// The database writes in native code on another thread, which the signal then meets at its work.
const ofStorage = createRequire(new URL('../../storage/package.json', import.meta.url))
const binding = ofStorage(join(dirname(ofStorage.resolve('classic-level')), 'binding.js'))
for (const kind of DATABASE_WRITES) {
  binding[kind] = counted(kind, binding[kind], binding[kind])
}

const { createNode, DEV_ACCOUNTS } = await import('../dist/index.js')
const { signDigest } = await import('@openliquid/crypto')
const { signTransaction } = await import('@openliquid/evm/testing')
const { actionDigest, actionEnvelopeCodec, bytesToHex, encodeAction, hexToBytes } = await import(
  '@openliquid/primitives'
)

const settings = {
  'network.port': 0,
  'metrics.enabled': false,
  'rpc.serve-eth': false,
  'rpc.serve-info': false,
  'log.level': 'error',
}
const [payer, trader] = DEV_ACCOUNTS
const node = await createNode({ datadir, settings })

/** A transfer on the EVM. */
function transfer() {
  const unsigned = {
    chainId: node.genesis.chainId,
    nonce: node.view.pendingNonce(hexToBytes(payer.address)),
    gasLimit: 21_000n,
    to: hexToBytes(trader.address),
    value: 1n,
  }
  return { kind: 1, bytes: signTransaction(unsigned, hexToBytes(payer.privateKey)) }
}

/** A transfer on the exchange. */
function classTransfer() {
  const nonce = Date.now()
  const hyperliquidChain = node.genesis.network
  const action = encodeAction({
    type: 'usdClassTransfer',
    hyperliquidChain,
    signatureChainId: '0x66eee',
    amount: '1',
    toPerp: nonce % 2 === 0,
    nonce,
  })
  const zero = new Uint8Array(32)
  const unsigned = { action, nonce, signature: { r: zero, s: zero, v: 27 } }
  const digest = actionDigest(unsigned, hyperliquidChain)
  const signature = signDigest(hexToBytes(trader.privateKey), digest)
  return { kind: 0, bytes: actionEnvelopeCodec.encode({ ...unsigned, signature }) }
}

async function work() {
  await node.view.submit(transfer())
  await node.view.submit(classTransfer())
}

await node.start()
void node.halted.then((error) => {
  print({ halted: String(error) })
  process.exit(1)
})
node.view.onBlock(({ height, stateRoot }) => {
  print({ height: Number(height), stateRoot: bytesToHex(stateRoot) })
  void work()
})
await work()
