import type { ServerResponse } from 'node:http'

/** An answer before it is written. A `body` of undefined is an answer without content. */
export interface HttpAnswer {
  readonly status: number
  readonly body: string | undefined
}

/** Writes a JSON answer. */
export function sendAnswer(response: ServerResponse, answer: HttpAnswer): void {
  if (response.destroyed || response.writableEnded) return
  response.setHeader('x-content-type-options', 'nosniff')
  if (answer.body === undefined) {
    response.writeHead(answer.status).end()
    return
  }
  const bytes = Buffer.from(answer.body)
  response
    .writeHead(answer.status, {
      'content-type': 'application/json',
      'content-length': bytes.length,
    })
    .end(bytes)
}
