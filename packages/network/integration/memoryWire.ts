/** What a socket would take before it tells that it is full. */
const ROOM_BYTES = 2 ** 18

interface ByteList {
  readonly byteLength: number
}

/** One end of a connection over memory, as far as it sends. */
interface Sender {
  readonly status: string
  readonly direction: 'inbound' | 'outbound'
  /** Where the listening side listens, with something behind it. */
  readonly remoteAddr: { toString(): string }
  sendData(data: ByteList): { readonly sentBytes: number; readonly canSendMore: boolean }
  sendReset(): void
  sendClose(options?: object): Promise<void>
  safeDispatchEvent(type: 'drain'): void
}

/** Connections over memory to one listener that can fall silent without an end, in both directions or one, as `tcpProxy` does with sockets. */
export class MemoryWire {
  #held: 'nothing' | 'dialling side' | 'everything' = 'nothing'
  readonly #waiting: (() => void)[] = []
  readonly #address: string

  /** @param address - of the listener, `/memory/…` */
  constructor(address: string) {
    this.#address = address
  }

  cut(): void {
    this.#held = 'everything'
  }

  /** What the dialling side sends is held back; what it is sent arrives. */
  cutOneWay(): void {
    this.#held = 'dialling side'
  }

  heal(): void {
    this.#held = 'nothing'
    for (const release of this.#waiting.splice(0)) release()
  }

  /** Makes what this end sends go over the wire. */
  lay(connection: object): void {
    const sender = connection as Sender
    if (!sender.remoteAddr.toString().startsWith(this.#address)) return
    const sendData = sender.sendData.bind(sender)
    const sendReset = sender.sendReset.bind(sender)
    const sendClose = sender.sendClose.bind(sender)
    let bytes = 0
    sender.sendData = (data) => {
      if (!this.#isHeld(sender)) return sendData(data)
      const sentBytes = data.byteLength
      bytes += sentBytes
      this.#waiting.push(() => {
        bytes -= sentBytes
        if (sender.status !== 'open') return
        sendData(data)
        if (bytes === 0) sender.safeDispatchEvent('drain')
      })
      return { sentBytes, canSendMore: bytes < ROOM_BYTES }
    }
    // A cut network brings no news of an end either.
    sender.sendReset = () => {
      if (this.#isHeld(sender)) this.#waiting.push(sendReset)
      else sendReset()
    }
    sender.sendClose = async (options) => {
      if (this.#isHeld(sender)) this.#waiting.push(() => void sendClose(options).catch(sendReset))
      else await sendClose(options)
    }
  }

  #isHeld({ direction }: Sender): boolean {
    return (
      this.#held === 'everything' || (this.#held === 'dialling side' && direction === 'outbound')
    )
  }
}
