import type { CoreState } from './coreState.ts'
import type { Token } from './records.ts'

/** Transfers write a token as `NAME:0x<16-byte id>`; docs/spec/hyperliquid.md §1.2. */
export function findToken(state: CoreState, text: string): Token | undefined {
  const [name, id, ...rest] = text.split(':')
  if (id === undefined || rest.length > 0) return undefined
  for (const [, token] of state.tokens.entries()) {
    if (token.name === name && token.tokenId === id.toLowerCase()) return token
  }
  return undefined
}
