import type { EvmCallRequest, EvmView } from '@openliquid/execution'

// Names for parts of the EVM's view that this package reads and writes as JSON.

export type EvmStateOverride = NonNullable<EvmCallRequest['stateOverrides']>[number]
export type EvmSlotValue = NonNullable<EvmStateOverride['state']>[number]
export type EvmBlockOverride = NonNullable<EvmCallRequest['blockOverrides']>
export type EvmStateView = ReturnType<EvmView['at']>
export type EvmProof = ReturnType<EvmView['getProof']>
export type EvmSimulatedBlock = Parameters<EvmStateView['simulate']>[0][number]
export type EvmSimulatedRequest = EvmSimulatedBlock['calls'][number]
export type EvmSimulation = Awaited<ReturnType<EvmStateView['simulate']>>
export type EvmSimulationRefusal = Extract<EvmSimulation, { readonly status: 'refused' }>
export type EvmSimulatedResult = Extract<
  EvmSimulation,
  { readonly status: 'success' }
>['blocks'][number]
export type EvmTraceOptions = Parameters<EvmView['traceTransaction']>[1]
export type EvmTrace = Awaited<ReturnType<EvmView['traceTransaction']>>
export type EvmCallFrame = Extract<EvmTrace, { readonly tracer: 'call' }>['call']
export type EvmAccountTrace = Extract<EvmTrace, { readonly tracer: 'prestate' }>['before'][number]
export type EvmStep = Extract<EvmTrace, { readonly tracer: 'struct' }>['steps'][number]
