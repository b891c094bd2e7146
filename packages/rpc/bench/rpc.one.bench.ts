// 2,000 pre-signed transfers by JSON-RPC into one validator: each must be mined, in ten of ten runs on new chains. The
// peer gets the same requests from the same client. Needs a build: the validator runs as users run it.
import { compareWithGanache } from './compareWithGanache.ts'
import { startValidator } from './servers.ts'

const rounds = { ours: 10, peer: 3, isBounded: false }
await compareWithGanache('rpc.one', 2, rounds, startValidator)
