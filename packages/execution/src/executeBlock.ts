import type { EvmExecutor, EvmPayloadTransaction, EvmTransition } from '@openliquid/evm'
import type {
  ActionReceipt,
  CoreWriterRejectedEvent,
  ExchangeEvent,
  ExchangeMachine,
} from '@openliquid/exchange'
import { decodeCoreWriterLog } from '@openliquid/precompiles'
import {
  type BlockContext,
  bytesToHex,
  type CoreWriterLog,
  type GenesisEvm,
  type Hash,
  OpenLiquidError,
  type Payload,
  type Write,
} from '@openliquid/primitives'
import { orderActions } from './actionOrder.ts'
import { isLaneDue, laneOf } from './evmLanes.ts'
import type { ReadAction, ReadEvmTransaction, TransactionReader } from './transactionReader.ts'

/** The exchange as a block drives it. */
export type Core = Pick<
  ExchangeMachine,
  | 'coreRoot'
  | 'view'
  | 'reader'
  | 'beginBlock'
  | 'applyAction'
  | 'applyCoreWriterAction'
  | 'endBlock'
>

/** The EVM as a block drives it. */
export type Evm = Pick<EvmExecutor, 'evmRoot' | 'view' | 'applyBlock' | 'accept'>

export interface Engines {
  readonly core: Core
  readonly evm: Evm
  readonly reader: TransactionReader
  readonly genesis: GenesisEvm
}

/** What a block did to both worlds; nothing of it is durable yet. */
export interface ExecutedBlock {
  readonly coreRoot: Hash
  readonly evmRoot: Hash
  readonly writes: readonly Write[]
  /** In order of execution, one receipt per action. */
  readonly actions: readonly { readonly read: ReadAction; readonly receipt: ActionReceipt }[]
  readonly transitions: readonly EvmTransition[]
  readonly evm: readonly ReadEvmTransaction[]
  readonly events: readonly ExchangeEvent[]
  /** Transactions of a synced block that no proposer of ours would have let in. */
  readonly malformed: number
}

/**
 * Drives one committed block through both worlds, in the order that docs/spec/hyperliquid.md §2 fixes: begin-block,
 * actions by class, EVM blocks that are due, actions of contracts.
 *
 * A block cannot fail: whatever stands in the payload is executed, fails with a receipt, or is skipped. What is thrown
 * is an error of the disk or of our own.
 */
export async function executeBlock(
  { core, evm, reader, genesis }: Engines,
  context: BlockContext,
  payload: Payload,
): Promise<ExecutedBlock> {
  core.beginBlock(context)

  const readActions = readable(payload.actions, (bytes) => reader.readAction(bytes))
  const actions = orderActions(readActions).map((read) => {
    const { nonce, vaultAddress, expiresAfter } = read.envelope
    const receipt = core.applyAction(read.sender, read.action, {
      txId: read.txId,
      nonce,
      ...(vaultAddress === undefined ? {} : { vaultAddress }),
      ...(expiresAfter === undefined ? {} : { expiresAfter }),
    })
    return { read, receipt }
  })

  const readEvm = readable(payload.evm, (bytes) => reader.readEvm(bytes))
  const byLane = genesis.lanes.map((): EvmPayloadTransaction[] => [])
  for (const { bytes, sender, transaction } of readEvm) {
    const lane = laneOf(genesis, core.view.usingBigBlocks(sender))
    byLane[lane]?.push({ bytes, sender, hash: transaction.hash, decoded: transaction })
  }
  const transitions: EvmTransition[] = []
  for (const [lane, transactions] of byLane.entries()) {
    const rules = genesis.lanes[lane]
    if (rules === undefined || !isLaneDue(rules, context, transactions.length)) continue
    const reading = core.reader(context.height)
    transitions.push(await evm.applyBlock(context, { lane, transactions, reader: reading }))
  }

  const rejected: CoreWriterRejectedEvent[] = []
  for (const { coreWriterLogs } of transitions) {
    for (const log of coreWriterLogs) {
      const rejection = applyCoreWriterLog(core, log)
      if (rejection !== undefined) rejected.push(rejection)
    }
  }

  const { coreRoot, writes, events } = core.endBlock()
  return {
    coreRoot,
    evmRoot: transitions.at(-1)?.evmRoot ?? evm.evmRoot,
    writes: [...writes, ...transitions.flatMap((transition) => transition.writes)],
    actions,
    transitions,
    evm: readEvm,
    events: [...events, ...rejected],
    malformed: payload.actions.length + payload.evm.length - readActions.length - readEvm.length,
  }
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

/** Leaves out what cannot be read: a quorum let it in, so the block stands and the transaction does nothing. */
export function readable<T>(section: readonly Uint8Array[], read: (bytes: Uint8Array) => T): T[] {
  const result: T[] = []
  for (const bytes of section) {
    try {
      result.push(read(bytes))
    } catch (error) {
      if (!(error instanceof OpenLiquidError)) throw error
    }
  }
  return result
}
