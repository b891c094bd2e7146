/** Name that a node has among its peers. */
export function peerIdOf(index: number): string {
  return `node-${index}`
}

/** Whose name that is. */
export function indexOfPeer(peer: string): number {
  return Number(peer.slice('node-'.length))
}
