import { Agent, request } from 'node:http'

/** Plain JSON-RPC over connections that are kept: the same for every server that is measured. */
export class JsonRpcClient {
  readonly #url: string
  readonly #agent: Agent
  #id = 0

  constructor(url: string, connections: number) {
    this.#url = url
    this.#agent = new Agent({ keepAlive: true, maxSockets: connections })
  }

  async call(method: string, params: readonly unknown[]): Promise<unknown> {
    const id = ++this.#id
    const text = await this.#post(JSON.stringify({ jsonrpc: '2.0', id, method, params }))
    const { result, error } = JSON.parse(text)
    if (error !== undefined) throw new Error(`${method}: ${error.message}`)
    return result
  }

  close(): void {
    this.#agent.destroy()
  }

  #post(body: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
      }
      const options = { method: 'POST', agent: this.#agent, headers }
      const sent = request(this.#url, options, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => resolve(Buffer.concat(chunks).toString()))
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }
}
