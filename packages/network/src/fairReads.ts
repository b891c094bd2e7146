/** What Node reads from a socket at a time; a read of so much tells that more waits. */
const READ_BYTES_MAX = 65_536

interface ConnectionInner {
  readonly socket?: {
    readonly destroyed: boolean
    pause(): unknown
    resume(): unknown
  }
  readonly readStatus?: string
  onData?: (data: Uint8Array) => void
}

/**
 * Lets every other socket have its turn after each full read of this one.
 *
 * Stock, a socket that brings more than is read is read 32 times in a row, two MiB, before the next is looked at: one peer
 * that floods makes all others wait for all of that.
 */
export function fairReads(connection: object): void {
  const inner = connection as ConnectionInner
  const { socket, onData } = inner
  if (socket?.pause === undefined || onData === undefined) return
  inner.onData = (data) => {
    onData.call(connection, data)
    if (data.length < READ_BYTES_MAX || socket.destroyed) return
    socket.pause()
    setImmediate(() => {
      if (!socket.destroyed && inner.readStatus !== 'paused') socket.resume()
    })
  }
}
