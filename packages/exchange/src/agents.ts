import type { CoreState } from './coreState.ts'
import { DUE_PER_BLOCK_MAX } from './limits.ts'
import type { User } from './records.ts'

/** Named agents of an account, and how many more each of its sub-accounts gives; docs/spec/hyperliquid.md §3.4. */
const NAMED_MAX = 3
const NAMED_OF_SUB_ACCOUNT = 2
const NAME_CHARS_MAX = 16
const VALID_MS_MAX = 180 * 86_400_000
const NAME = /^(.*?)(?: valid_until ([0-9]{1,15}))?$/s

/** Why an agent was not approved, or nothing. */
export function approveAgent(
  state: CoreState,
  master: User,
  agent: User,
  text: string,
): string | undefined {
  const [, name = '', validUntil] = NAME.exec(text) ?? []
  if ([...name].length > NAME_CHARS_MAX) return 'Agent name too long.'
  const validUntilMs = validUntil === undefined ? 0 : Number(validUntil)
  const { timestampMs } = state.now
  const isInRange = validUntilMs > timestampMs && validUntilMs <= timestampMs + VALID_MS_MAX
  if (validUntil !== undefined && !isInRange) return 'Invalid agent expiry.'
  const present = state.agents.get(agent)
  const isTaken = present !== undefined && (present.master !== master || present.name !== name)
  if (isTaken || state.accounts.has(agent) || state.oracleSigners.has(agent)) {
    return 'Agent address is already in use.'
  }
  const agents = agentsOf(state, master)
  const replaced = agents.find((other) => other.name === name)
  const named = agents.filter((other) => other.name !== '').length
  const namedMax = NAMED_MAX + NAMED_OF_SUB_ACCOUNT * state.subAccountsOf(master).size
  if (name !== '' && replaced === undefined && named >= namedMax) return 'Too many extra agents.'
  if (replaced !== undefined) state.agents.set(replaced.address, undefined)
  state.agents.set(agent, { master, name, validUntilMs })
  return undefined
}

/** The account that a signer's L1 actions are for, when it is an agent. */
export function masterOf(state: CoreState, signer: User): User | undefined {
  const agent = state.agents.get(signer)
  if (agent === undefined) return undefined
  // One that is over may wait to be let go.
  const isOver = agent.validUntilMs > 0 && agent.validUntilMs < state.now.timestampMs
  return isOver ? undefined : agent.master
}

/** Begin-block step ②: lets agents go whose time is over. Their nonces stay, so none can be used again; §2. */
export function expireAgents(state: CoreState): void {
  for (let left = DUE_PER_BLOCK_MAX; left > 0; left--) {
    // An agent may still sign in the millisecond that it is valid until.
    const agent = state.expiringAgents.next(state.now.timestampMs - 1)
    if (agent === undefined) return
    state.agents.set(agent, undefined)
  }
}

/** Agents of an account by address. */
export function agentsOf(
  state: CoreState,
  master: User,
): { readonly address: User; readonly name: string; readonly validUntilMs: number }[] {
  return [...state.agentsOf(master)].sort().flatMap((address) => {
    const agent = state.agents.get(address)
    return agent === undefined ? [] : [{ address, ...agent }]
  })
}
