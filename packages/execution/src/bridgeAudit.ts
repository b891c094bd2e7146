import type { ExchangeEvent } from '@openliquid/exchange'
import { assert, type EvmLink, type EvmTransfer } from '@openliquid/primitives'
import type { Engines } from './executeBlock.ts'

type Worlds = Pick<Engines, 'core' | 'evm'>

/**
 * Conservation across both worlds, asserted after every block; docs/spec/hyperliquid.md §13.
 *
 * Of each linked token, what its system address holds on the Core beyond the transfers that wait may change by what
 * left for the EVM and what was credited, and by nothing else that takes from it. For the native token, where the EVM's
 * own balances count, both escrows together never shrink: what one of them gives, the other has taken. They grow by
 * dust, by refused credits and failed transfers, and by value that was forced on the address.
 */
export class BridgeAudit {
  readonly #worlds: Worlds
  readonly #before: readonly EscrowState[]
  readonly #left = new Map<number, bigint>()

  constructor(worlds: Worlds) {
    this.#worlds = worlds
    this.#before = worlds.core.evmLinks().map((link) => escrowState(worlds, link))
  }

  /** Transfers that left the Core with an EVM block. */
  sent(transfers: readonly EvmTransfer[]): void {
    for (const { token, wei } of transfers) {
      this.#left.set(token, (this.#left.get(token) ?? 0n) + wei)
    }
  }

  /** @param events - of the whole block */
  verify(events: readonly ExchangeEvent[]): void {
    const credited = new Map<number, bigint>()
    for (const event of events) {
      if (event.kind !== 'evmCredit' || event.refused !== undefined) continue
      credited.set(event.token, (credited.get(event.token) ?? 0n) + BigInt(event.wei))
    }
    for (const before of this.#before) {
      const { token } = before.link
      const after = escrowState(this.#worlds, before.link)
      const expected = before.free + (this.#left.get(token) ?? 0n) - (credited.get(token) ?? 0n)
      assert(after.free >= expected, `the escrow of token ${token} gave more than it should`)
      assert(after.both >= before.both, `token ${token} was made on its way between the worlds`)
    }
  }
}

interface EscrowState {
  readonly link: EvmLink
  /** Wei of the Core that no waiting transfer needs. */
  readonly free: bigint
  /** Of the native token: that and what the system address has on the EVM, in wei of the EVM. */
  readonly both: bigint
}

function escrowState({ core, evm }: Worlds, link: EvmLink): EscrowState {
  const { escrow, waiting } = core.evmEscrowOf(link.token)
  const free = escrow - waiting
  if (link.contract !== undefined) return { link, free, both: 0n }
  const unit = 10n ** BigInt(link.evmExtraWeiDecimals)
  return { link, free, both: free * unit + evm.balanceOf(link.systemAddress) }
}
