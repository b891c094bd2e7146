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
  // Text, not bytes: node sends it together with the head, in one piece.
  response
    .writeHead(answer.status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(answer.body),
    })
    .end(answer.body)
}
