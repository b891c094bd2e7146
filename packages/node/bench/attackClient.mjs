// Attacks an RPC port with everything at once until it is killed: `attackClient.mjs URL`. On SIGTERM it prints how often
// it got which answer.
import { createRequire } from 'node:module'
import { connect } from 'node:net'

// The RPC package owns the library.
const { WebSocket } = createRequire(new URL('../../rpc/package.json', import.meta.url))('ws')
const url = new URL(process.argv[2])
const LOOP = '0x5b5f56'
// Endless too, of the dearest work a gas unit buys: a MODEXP of 64-byte numbers.
const MODEXP_LOOP =
  '0x60405f52604060205260406040527f' +
  'ff'.repeat(32) +
  '6060527f' +
  'ff'.repeat(32) +
  '60a0527f' +
  'ff'.repeat(32) +
  '60e0525b60405f6101205f60055afa50' +
  '607d56'
const answers = new Map()
const count = (what) => answers.set(what, (answers.get(what) ?? 0) + 1)
const call = (method, params, id = 1) => ({ jsonrpc: '2.0', id, method, params })
const spin = (code) => {
  const to = `0x${'77'.repeat(20)}`
  return call('eth_call', [{ to, gas: '0x2faf080' }, 'latest', { [to]: { code } }])
}

/** Posts one body after the other, for ever. */
async function flood(name, bodyOf) {
  for (;;) {
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: bodyOf(),
      })
      const text = await response.text()
      const code =
        /"code":"?(-?\w+)"?[,}]/.exec(text)?.[1] ?? (text.includes('"result"') ? 'result' : 'other')
      count(`${name} ${response.status} ${code}`)
    } catch (error) {
      count(`${name} ${error.cause?.code ?? error.message}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}

const random = () =>
  Buffer.from(Array.from({ length: 2_000 }, () => Math.floor(Math.random() * 256)))
const repeated = (times, name, bodyOf) => {
  for (let n = 0; n < times; n++) void flood(name, bodyOf)
}
repeated(4, 'random bytes', random)
repeated(4, 'wrong types', () => JSON.stringify(call('eth_getBalance', [{ a: [1] }, -1])))
repeated(2, 'deep JSON', () => '['.repeat(10_000))
repeated(2, 'huge body', () => `[${'1,'.repeat(2_600_000)}1]`)
repeated(2, 'huge batch', () =>
  JSON.stringify(Array.from({ length: 1_001 }, (_, id) => call('eth_chainId', [], id))),
)
repeated(2, 'full batch', () =>
  JSON.stringify(Array.from({ length: 1_000 }, (_, id) => ({ ...spin(LOOP), id }))),
)
repeated(16, 'endless call', () => JSON.stringify(spin(LOOP)))
repeated(8, 'endless MODEXP', () => JSON.stringify(spin(MODEXP_LOOP)))
repeated(4, 'estimate', () => JSON.stringify({ ...spin(LOOP), method: 'eth_estimateGas' }))
repeated(4, 'all logs', () =>
  JSON.stringify(call('eth_getLogs', [{ fromBlock: 'earliest', toBlock: 'latest' }])),
)

// Clients that send a request and never its end, and some that never read their answers.
const { hostname, port, host } = url
for (let n = 0; n < 50; n++) {
  const slow = () => {
    const socket = connect(Number(port), hostname)
    socket.on('error', () => undefined)
    socket.on('close', () => {
      count('slow client closed')
      setTimeout(slow, 200)
    })
    socket.write(
      `POST / HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{`,
    )
  }
  slow()
}

// 100 WebSockets with 100 subscriptions each; half of them never read.
for (let n = 0; n < 100; n++) {
  const socket = new WebSocket(url.href.replace('http', 'ws'))
  socket.on('error', () => count('subscriber refused'))
  socket.on('close', () => count('subscriber closed'))
  socket.on('message', () => count('pushed'))
  socket.on('open', () => {
    for (let id = 0; id < 101; id++)
      socket.send(JSON.stringify(call('eth_subscribe', ['newHeads'], id)))
    if (n % 2 === 0) setTimeout(() => socket.pause(), 1_000)
  })
}

process.on('SIGTERM', () => {
  process.stdout.write(JSON.stringify([...answers].sort()), () => process.exit(0))
})
