// The transfers of `rpc.one` into four validators that agree on every block: senders are dealt to them in turn. Needs a
// build: the validators run as users run them.
import { compareWithGanache } from './compareWithGanache.ts'
import { startFourValidators } from './servers.ts'

const rounds = { ours: 3, peer: 3, isBounded: true }
await compareWithGanache('rpc.four', 1, rounds, startFourValidators)
