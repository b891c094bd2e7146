import { memory } from '@libp2p/memory'
import { plaintext } from '@libp2p/plaintext'
import type { Wiring } from '../src/libp2pNode.ts'

/** No sockets, no encryption: the second transport of the compliance suite. */
export function memoryWiring(): Wiring {
  return { transports: [memory()], connectionEncrypters: [plaintext()] }
}
