import { memory } from '@libp2p/memory'
import { plaintext } from '@libp2p/plaintext'
import type { Wiring } from '../src/libp2pNode.ts'
import type { MemoryWire } from './memoryWire.ts'

/** No sockets, no encryption: the second transport of the compliance suite. @param wire - what can cut it */
export function memoryWiring(wire?: MemoryWire): Wiring {
  const create = plaintext()
  return {
    transports: [memory()],
    connectionEncrypters: [
      (components) => {
        const encrypter = create(components)
        const { secureInbound, secureOutbound } = encrypter
        encrypter.secureInbound = (connection, options) => {
          wire?.lay(connection)
          return secureInbound.call(encrypter, connection, options)
        }
        encrypter.secureOutbound = (connection, options) => {
          wire?.lay(connection)
          return secureOutbound.call(encrypter, connection, options)
        }
        return encrypter
      },
    ],
  }
}
