import { bytesToHex, type Hash, TOPICS, type Topic } from '@openliquid/primitives'

const GENESIS_DIGITS = 8

/** Wire names of the three topics of one chain: `/openliquid/1/<8 hex of genesis hash>/<topic>`. */
export interface TopicNames {
  readonly names: readonly string[]
  nameOf(topic: Topic): string
  topicOf(name: string): Topic | undefined
}

/** Protocol of the Kademlia table of one chain. */
export function dhtProtocolOf(genesisHash: Hash): string {
  return `/openliquid/1/${digitsOf(genesisHash)}/kad`
}

function digitsOf(genesisHash: Hash): string {
  return bytesToHex(genesisHash).slice(2, 2 + GENESIS_DIGITS)
}

export function topicNames(genesisHash: Hash): TopicNames {
  const digits = digitsOf(genesisHash)
  const nameOf = (topic: Topic): string => `/openliquid/1/${digits}/${topic}`
  const byName = new Map(TOPICS.map((topic) => [nameOf(topic), topic]))
  return { names: [...byName.keys()], nameOf, topicOf: (name) => byName.get(name) }
}
