// 1,000 messages of 256 B gossiped to one other process.
import { measureGossipBurst } from './gossipBurst.ts'

await measureGossipBurst('network.gossip.1000x2', { processes: 2, targetMs: 50 })
