// The floor of being idle: bare sockets that exchange a heartbeat and its answer with as many peers, as often.
import { connect } from 'node:net'

const { port, sockets, heartbeatMs, warmUpMs, measureMs } = await new Promise((resolve) =>
  process.once('message', resolve),
)
const beat = new Uint8Array(38)
const open = Array.from({ length: sockets }, () => {
  const socket = connect(port, '127.0.0.1')
  socket.setNoDelay(true)
  socket.on('data', () => undefined)
  return socket
})
const timer = setInterval(() => {
  for (const socket of open) socket.write(beat)
}, heartbeatMs)
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
await wait(warmUpMs)
globalThis.gc?.()
// The collector's own threads go on for a while.
await wait(2_000)
const before = process.cpuUsage()
await wait(measureMs)
const { user, system } = process.cpuUsage(before)
process.send?.({ cpuMs: (user + system) / 1_000 })
clearInterval(timer)
for (const socket of open) socket.destroy()
process.disconnect?.()
