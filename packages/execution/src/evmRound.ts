import type { EvmPayloadTransaction, EvmSystemTransaction, EvmTransition } from '@openliquid/evm'
import type { CoreWriterRejectedEvent, EvmTransferEvent } from '@openliquid/exchange'
import {
  coreReceiveData,
  decodeCoreWriterLog,
  EvmLinks,
  tokenTransferData,
} from '@openliquid/precompiles'
import {
  assert,
  type BlockContext,
  bytesToHex,
  type CoreWriterLog,
  type EvmLink,
  type EvmTransfer,
} from '@openliquid/primitives'
import type { BridgeAudit } from './bridgeAudit.ts'
import type { Core, Engines } from './executeBlock.ts'

/** What one EVM block brought, beside what the Core tells of it. */
export interface EvmRound {
  readonly transition: EvmTransition
  readonly events: readonly (EvmTransferEvent | CoreWriterRejectedEvent)[]
}

/**
 * One EVM block with all that it moves between the worlds, in the order of docs/spec/hyperliquid.md §12: transfers to
 * the EVM as its first transactions, its own transactions, credits on the Core, actions of contracts.
 */
export async function runEvmRound(
  { core, evm }: Pick<Engines, 'core' | 'evm'>,
  context: BlockContext,
  round: {
    readonly lane: number
    readonly transactions: readonly EvmPayloadTransaction[]
    readonly audit: BridgeAudit
  },
): Promise<EvmRound> {
  const { lane, transactions, audit } = round
  const transfers = core.beginEvmBlock()
  const transition = await evm.applyBlock(context, {
    lane,
    transactions,
    systemTransactions: transfers.map(systemTransactionOf),
    reader: core.reader(context.height),
  })
  audit.sent(transfers)
  const events: (EvmTransferEvent | CoreWriterRejectedEvent)[] = transferEvents(
    transfers,
    transition,
  )
  credit(core, transition)
  for (const log of transition.coreWriterLogs) {
    const rejection = applyCoreWriterLog(core, log)
    if (rejection !== undefined) events.push(rejection)
  }
  return { transition, events }
}

function systemTransactionOf(transfer: EvmTransfer): EvmSystemTransaction {
  const { user, amount, systemAddress: from, contract, call } = transfer
  if (contract === undefined) return { from, to: user, value: amount, data: new Uint8Array(0) }
  if (call === undefined) {
    return { from, to: contract, value: 0n, data: tokenTransferData(user, amount) }
  }
  const data = coreReceiveData(user, amount, call)
  return { from, to: contract, value: 0n, data, gasLimit: call.gasLimit }
}

function transferEvents(
  transfers: readonly EvmTransfer[],
  { systemReceipts }: EvmTransition,
): EvmTransferEvent[] {
  assert(systemReceipts.length === transfers.length, 'every transfer has a system transaction')
  return transfers.map(({ user, token, wei, amount }, index) => {
    const receipt = systemReceipts[index]
    assert(receipt !== undefined, 'every system transaction has a receipt')
    return {
      kind: 'evmTransfer',
      user,
      token,
      wei: String(wei),
      amount: String(amount),
      evmTxHash: bytesToHex(receipt.transactionHash),
      status: receipt.status === 1 ? 'executed' : 'failed',
    }
  })
}

/** Gives on the Core what the transactions of the block sent to system addresses. */
function credit(core: Core, { systemReceipts, receipts }: EvmTransition): void {
  const links = linksOf(core.evmLinks())
  for (const { logs } of [...systemReceipts, ...receipts]) {
    for (const log of logs) {
      const decoded = links.decode(log)
      if (decoded === undefined) continue
      const { transactionHash: evmTxHash, logIndex } = log
      core.creditFromEvm({ ...decoded, evmTxHash, logIndex })
    }
  }
}

const KNOWN_LINKS = new WeakMap<readonly EvmLink[], EvmLinks>()

/** Links change rarely, and the array with them. */
function linksOf(links: readonly EvmLink[]): EvmLinks {
  const known = KNOWN_LINKS.get(links) ?? new EvmLinks(links)
  KNOWN_LINKS.set(links, known)
  return known
}

/** A log that is no action is dropped: the EVM transaction stands, and whoever asks learns why. */
function applyCoreWriterLog(core: Core, log: CoreWriterLog): CoreWriterRejectedEvent | undefined {
  const { user, evmTxHash, logIndex, data } = log
  const decoded = decodeCoreWriterLog(data)
  if (decoded.ok) {
    core.applyCoreWriterAction(user, decoded.action, { evmTxHash, logIndex })
    return undefined
  }
  return {
    kind: 'coreWriterRejected',
    user,
    evmTxHash: bytesToHex(evmTxHash),
    logIndex,
    reason: decoded.rejection.code,
  }
}
