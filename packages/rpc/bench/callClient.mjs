// Sends the same JSON-RPC call again and again over one connection, and says when it has its answers.
import { Agent, request } from 'node:http'

const [url, body] = process.argv.slice(2)
const agent = new Agent({ keepAlive: true, maxSockets: 1 })
const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }

function call() {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, headers }, (response) => {
      const chunks = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('end', () => resolve(Buffer.concat(chunks).toString()))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

process.on('message', async (count) => {
  let answer = ''
  for (let i = 0; i < count; i++) answer = await call()
  process.send(answer)
})
