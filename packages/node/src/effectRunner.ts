import type { Effect } from '@openliquid/consensus'
import { unreachable } from '@openliquid/primitives'

type EffectOf<Kind extends Effect['kind']> = Extract<Effect, { readonly kind: Kind }>

/** Who carries out each kind of effect. `persist` is done when it returns; the others may go on in the background. */
export type EffectHandlers = {
  readonly [Kind in Effect['kind']]: (effect: EffectOf<Kind>) => void
}

/** Carries out effects in their order. No decision is taken here. */
export function runEffects(effects: readonly Effect[], handlers: EffectHandlers): void {
  for (const effect of effects) runEffect(effect, handlers)
}

function runEffect(effect: Effect, handlers: EffectHandlers): void {
  switch (effect.kind) {
    case 'persist':
      handlers.persist(effect)
      break
    case 'send':
      handlers.send(effect)
      break
    case 'broadcast':
      handlers.broadcast(effect)
      break
    case 'setTimer':
      handlers.setTimer(effect)
      break
    case 'cancelTimer':
      handlers.cancelTimer(effect)
      break
    case 'buildPayload':
      handlers.buildPayload(effect)
      break
    case 'checkPayload':
      handlers.checkPayload(effect)
      break
    case 'fetchBlocks':
      handlers.fetchBlocks(effect)
      break
    case 'commit':
      handlers.commit(effect)
      break
    case 'enterEpoch':
      handlers.enterEpoch(effect)
      break
    case 'sendEpochChange':
      handlers.sendEpochChange(effect)
      break
    case 'enterView':
      handlers.enterView(effect)
      break
    case 'report':
      handlers.report(effect)
      break
    case 'alarm':
      handlers.alarm(effect)
      break
    case 'halt':
      handlers.halt(effect)
      break
    default:
      unreachable(effect)
  }
}
