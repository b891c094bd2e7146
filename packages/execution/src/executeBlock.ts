import type { EvmExecutor, EvmPayloadTransaction, EvmTransition } from '@openliquid/evm'
import type { ActionReceipt, ExchangeEvent, ExchangeMachine } from '@openliquid/exchange'
import {
  type BlockContext,
  type GenesisEvm,
  type Hash,
  OpenLiquidError,
  type Payload,
  type ValidatorSet,
  type Write,
} from '@openliquid/primitives'
import { orderActions } from './actionOrder.ts'
import { BridgeAudit } from './bridgeAudit.ts'
import { isLaneDue, laneOf } from './evmLanes.ts'
import { type EvmRound, runEvmRound } from './evmRound.ts'
import type { ReadAction, ReadEvmTransaction, TransactionReader } from './transactionReader.ts'

/** The exchange as a block drives it. */
export type Core = Pick<
  ExchangeMachine,
  | 'coreRoot'
  | 'view'
  | 'reader'
  | 'beginBlock'
  | 'applyAction'
  | 'evmLinks'
  | 'evmEscrowOf'
  | 'waitingEvmTransfers'
  | 'beginEvmBlock'
  | 'creditFromEvm'
  | 'applyCoreWriterAction'
  | 'endEpoch'
  | 'nextMembers'
  | 'endBlock'
>

/** The EVM as a block drives it. */
export type Evm = Pick<
  EvmExecutor,
  'evmStateRoot' | 'view' | 'baseFee' | 'balanceOf' | 'storageOf' | 'applyBlock' | 'accept'
>

export interface Engines {
  readonly core: Core
  readonly evm: Evm
  readonly reader: TransactionReader
  readonly genesis: GenesisEvm
}

/** What a block did to both worlds; nothing of it is durable yet. */
export interface ExecutedBlock {
  readonly coreRoot: Hash
  readonly evmStateRoot: Hash
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
 * actions by class, and each EVM block that is due with its transfers, credits and actions of contracts.
 *
 * A block cannot fail: whatever stands in the payload is executed, fails with a receipt, or is skipped. What is thrown
 * is an error of the disk or of our own.
 *
 * @param nextSet - of the next epoch, in the block that closes this one
 */
export async function executeBlock(
  { core, evm, reader, genesis }: Engines,
  context: BlockContext,
  payload: Payload,
  nextSet: ValidatorSet | undefined,
): Promise<ExecutedBlock> {
  const audit = new BridgeAudit({ core, evm })
  core.beginBlock(context, {
    baseFee: evm.baseFee(0),
    slot: (address, slot) => evm.storageOf(address, slot),
  })

  const readActions = readable(payload.actions, (bytes) => reader.readAction(bytes))
  const actions = orderActions(readActions).map((read) => {
    const { nonce, vaultAddress, expiresAfter } = read.envelope
    const receipt = core.applyAction(read.sender, read.action, {
      txId: read.txId,
      nonce,
      ...(vaultAddress === undefined ? {} : { vaultAddress }),
      ...(expiresAfter === undefined ? {} : { expiresAfter }),
      ...(read.innerSigners === undefined ? {} : { innerSigners: read.innerSigners }),
    })
    return { read, receipt }
  })

  const readEvm = readable(payload.evm, (bytes) => reader.readEvm(bytes))
  const byLane = genesis.lanes.map((): EvmPayloadTransaction[] => [])
  for (const { bytes, sender, transaction } of readEvm) {
    const lane = laneOf(genesis, core.view.usingBigBlocks(sender))
    byLane[lane]?.push({ bytes, sender, hash: transaction.hash, decoded: transaction })
  }
  const rounds: EvmRound[] = []
  for (const [lane, transactions] of byLane.entries()) {
    const rules = genesis.lanes[lane]
    const work = transactions.length + core.waitingEvmTransfers
    if (rules === undefined || !isLaneDue(rules, context, work)) continue
    rounds.push(await runEvmRound({ core, evm }, context, { lane, transactions, audit }))
  }

  if (nextSet !== undefined) core.endEpoch(nextSet)
  const transitions = rounds.map(({ transition }) => transition)
  const { coreRoot, writes, events: coreEvents } = core.endBlock()
  const events = [...coreEvents, ...rounds.flatMap((round) => round.events)]
  audit.verify(events)
  return {
    coreRoot,
    evmStateRoot: transitions.at(-1)?.evmStateRoot ?? evm.evmStateRoot,
    writes: [...writes, ...transitions.flatMap((transition) => transition.writes)],
    actions,
    transitions,
    evm: readEvm,
    events,
    malformed: payload.actions.length + payload.evm.length - readActions.length - readEvm.length,
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
