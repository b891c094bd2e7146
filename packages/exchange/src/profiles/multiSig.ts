import { type Address, bytesToHex, type MultiSigAction } from '@openliquid/primitives'
import { type ActionFault, type ActionOutcome, DONE, fault } from '../actions/outcome.ts'
import { agentsOf, masterOf } from '../agents.ts'
import type { CoreState } from '../coreState.ts'
import { MULTI_SIG_SIGNERS_OF_USER_MAX } from '../limits.ts'
import type { User } from '../records.ts'
import type { MultiSigUser } from './profileRecords.ts'

const ADDRESS = /^0x[0-9a-f]{40}$/

/**
 * Makes several wallets sign for an account from now on, or, with the JSON text `null`, its own wallet alone again.
 *
 * Agents that the account had approved by itself go: they were not approved by those who sign now (own rule).
 * @see docs/spec/hyperliquid.md §3.3
 */
export function convertToMultiSigUser(
  state: CoreState,
  user: User,
  signers: string,
): ActionOutcome {
  const wanted = parseSigners(signers)
  if (wanted === undefined) return fault('OL_ACTION_MALFORMED', 'Invalid multi-sig signers.')
  const { multiSigUsers } = state.profiles
  if (wanted === null) {
    if (!multiSigUsers.has(user)) return refused('User is not a multi-sig user.')
    multiSigUsers.set(user, undefined)
    return DONE
  }
  const { authorizedUsers, threshold } = wanted
  if (authorizedUsers.length > MULTI_SIG_SIGNERS_OF_USER_MAX) {
    return refused('Too many multi-sig signers')
  }
  if (threshold < 1 || threshold > authorizedUsers.length) {
    return refused('Invalid multi-sig threshold')
  }
  if (authorizedUsers.includes(user)) return refused('A multi-sig user cannot sign for itself.')
  if (authorizedUsers.some((signer) => !state.accounts.has(signer))) {
    return refused('Multi-sig signers must be existing users.')
  }
  if (!multiSigUsers.has(user)) {
    for (const { address } of agentsOf(state, user)) state.agents.set(address, undefined)
  }
  multiSigUsers.set(user, { authorizedUsers, threshold })
  return DONE
}

/**
 * Why a wrapped action may not be carried out for its account, or nothing.
 *
 * The leader, who sent it, is authorized or an agent of one who is, and need not have signed inside. Every signature
 * inside is of an authorized user's own wallet; each user counts once.
 *
 * @param innerSigners - who made the signatures inside, in their order
 * @see docs/spec/hyperliquid.md §3.3
 */
export function checkMultiSig(
  state: CoreState,
  leader: User,
  { payload, signatures }: MultiSigAction,
  innerSigners: readonly Address[],
): ActionFault | undefined {
  const signing = state.profiles.multiSigUsers.get(payload.multiSigUser)
  if (signing === undefined) return refused(`${payload.multiSigUser} is not a multi-sig user.`)
  const { authorizedUsers, threshold } = signing
  const isLeader =
    leader === payload.outerSigner && authorizedUsers.includes(masterOf(state, leader) ?? leader)
  if (!isLeader) return refused('Invalid multi-sig outer signer')
  const signers = new Set(innerSigners.map((signer) => bytesToHex(signer)))
  const isValid =
    innerSigners.length === signatures.length &&
    [...signers].every((signer) => authorizedUsers.includes(signer))
  if (!isValid) return refused('Invalid multi-sig inner signer')
  return signers.size < threshold ? refused('Multi-sig threshold not met') : undefined
}

/** The JSON text of `convertToMultiSigUser`: `null`, or `{authorizedUsers, threshold}`. */
function parseSigners(text: string): MultiSigUser | null | undefined {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch {
    return undefined
  }
  if (json === null) return null
  if (typeof json !== 'object') return undefined
  const { authorizedUsers, threshold } = json as Readonly<Record<string, unknown>>
  if (!Array.isArray(authorizedUsers) || !Number.isSafeInteger(threshold)) return undefined
  const users = new Set<User>()
  for (const user of authorizedUsers as readonly unknown[]) {
    const lower = typeof user === 'string' ? user.toLowerCase() : ''
    if (!ADDRESS.test(lower)) return undefined
    users.add(lower)
  }
  return { authorizedUsers: [...users].sort(), threshold: threshold as number }
}

function refused(text: string): ActionFault {
  return fault('OL_ACTION_MULTI_SIG', text)
}
