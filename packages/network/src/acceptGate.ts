/** A socket that came in. */
interface SocketInner {
  readonly remoteAddress?: string
  on(event: 'error', listener: () => void): unknown
  resetAndDestroy(): unknown
}

interface ServerInner {
  listeners(event: 'connection'): ((socket: SocketInner) => void)[]
  removeAllListeners(event: 'connection'): unknown
  on(event: 'connection', listener: (socket: SocketInner) => void): unknown
}

interface ListenerInner {
  readonly server?: ServerInner
}

/**
 * Ends sockets of addresses that may not dial before anything is made for them.
 *
 * Stock, a dial is refused after a connection, its log, its signals and its promises stand: ten times the work.
 *
 * @param mayDial - asked once a socket
 */
export function gateAccepts<L extends object>(listener: L, mayDial: (ip: string) => boolean): L {
  const { server } = listener as ListenerInner
  const [onSocket, ...others] = server?.listeners('connection') ?? []
  if (server === undefined || onSocket === undefined || others.length > 0) return listener
  server.removeAllListeners('connection')
  server.on('connection', (socket) => {
    const ip = socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/, '')
    if (ip === undefined || mayDial(ip)) {
      onSocket.call(server, socket)
      return
    }
    socket.on('error', () => undefined)
    socket.resetAndDestroy()
  })
  return listener
}
