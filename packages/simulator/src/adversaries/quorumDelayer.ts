import type { ConsensusMessage } from '@openliquid/primitives'
import type { LinkFilter } from '../virtualNetwork.ts'

/** How long the decisive message is held back: long enough for a view timer, short of the longest. */
const DELAY_MS = 700
const VIEWS_REMEMBERED_MAX = 64

/**
 * A7: a network that delays exactly the vote or timeout that would complete a quorum at its recipient.
 *
 * @param quorum - messages of different signers that are enough
 */
export function quorumDelayer(quorum: number): LinkFilter {
  const signersOf = new Map<string, Set<number>>()
  return (_, to, message) => {
    const about = subjectOf(message)
    if (about === undefined) return 0
    const key = `${to}/${about.subject}`
    const signers = signersOf.get(key) ?? new Set<number>()
    signersOf.set(key, signers)
    if (signersOf.size > VIEWS_REMEMBERED_MAX) {
      const [oldest] = signersOf.keys()
      if (oldest !== undefined) signersOf.delete(oldest)
    }
    signers.add(about.signer)
    // The recipient's own message is one of the quorum.
    return signers.size === quorum - 1 ? DELAY_MS : 0
  }
}

function subjectOf(
  message: ConsensusMessage | undefined,
): { readonly subject: string; readonly signer: number } | undefined {
  if (message?.kind === 'vote') {
    return { subject: `vote ${message.vote.view}`, signer: message.vote.signer }
  }
  if (message?.kind === 'timeout') {
    return { subject: `timeout ${message.timeout.view}`, signer: message.timeout.signer }
  }
  return undefined
}
