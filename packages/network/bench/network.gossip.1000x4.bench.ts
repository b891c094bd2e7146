// 1,000 messages of 256 B gossiped to three other processes.
import { measureGossipBurst } from './gossipBurst.ts'

await measureGossipBurst('network.gossip.1000x4', { processes: 4, targetMs: 100 })
