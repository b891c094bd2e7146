import type { IncomingMessage } from 'node:http'
import { RpcError } from '../errors.ts'

/**
 * Reads a request body of at most `bytesMax` bytes.
 *
 * A `content-length` above the bound is refused before a byte is read; a chunked body when it passes the bound.
 *
 * @throws {RpcError} OL_RPC_BODY_SIZE, OL_RPC_PARSE (the client went away)
 */
export async function readBody(request: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > bytesMax) throw bodyTooLarge(bytesMax)

  return new Promise<Uint8Array>((resolve, reject) => {
    const chunks: Uint8Array[] = []
    let size = 0
    const onChunk = (chunk: Uint8Array): void => {
      size += chunk.length
      if (size > bytesMax) {
        settle()
        request.pause()
        reject(bodyTooLarge(bytesMax))
        return
      }
      chunks.push(chunk)
    }
    const onEnd = (): void => {
      settle()
      resolve(Buffer.concat(chunks, size))
    }
    const onGone = (): void => {
      settle()
      reject(
        new RpcError('the client went away before its request was complete', {
          code: 'OL_RPC_PARSE',
          reason: 'aborted',
        }),
      )
    }
    const settle = (): void => {
      request.off('data', onChunk).off('end', onEnd).off('error', onGone).off('close', onGone)
    }
    request.on('data', onChunk).on('end', onEnd).on('error', onGone).on('close', onGone)
  })
}

function bodyTooLarge(max: number): RpcError {
  return new RpcError(`request body is larger than ${max} bytes`, { code: 'OL_RPC_BODY_SIZE', max })
}
