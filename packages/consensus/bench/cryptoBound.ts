import { blsScheme, ed25519Scheme } from '@openliquid/crypto'
import { sha256, uintToBytes } from '@openliquid/primitives'
import { cpuMs } from '../../../bench/figure.ts'
import { InMemoryCluster } from './inMemoryCluster.ts'

const REPEATS = 40

/** CPU milliseconds of one good view of a whole cluster. */
export interface ViewCost {
  /** Its signatures alone: nothing that does the same can be faster. */
  readonly boundMs: number
  readonly spentMs: number
}

/** Runs a cluster with BLS votes and ed25519 proposals, and measures its cryptography apart in the same run. */
export async function viewCost(size: number, views: number): Promise<ViewCost> {
  const cluster = new InMemoryCluster({
    size,
    scheme: blsScheme,
    nodeScheme: ed25519Scheme,
    encodes: true,
  })
  cluster.runToView(5n)
  const before = await boundMs(size)
  const spentMs = await cpuMs(() => cluster.runToView(5n + BigInt(views)))
  const after = await boundMs(size)
  return { boundMs: (before + after) / 2, spentMs: spentMs / views }
}

/**
 * The cryptography of a good view: everyone signs a vote; one builds the QC of a quorum and signs the proposal with
 * it; all others verify both.
 */
async function boundMs(size: number): Promise<number> {
  const quorum = Math.floor((2 * size) / 3) + 1
  const digest = sha256(Uint8Array.of(1))
  const votes = Array.from({ length: quorum }, (_, signer) => {
    const secret = sha256(uintToBytes(signer, 4))
    secret[0] = 0
    const publicKey = blsScheme.publicKeyOf(secret)
    return { secret, signer, publicKey, signature: blsScheme.sign(secret, digest) }
  })
  const [first] = votes
  if (first === undefined) throw new Error('a quorum has members')
  const nodeKey = ed25519Scheme.publicKeyOf(first.secret)
  const signature = ed25519Scheme.sign(first.secret, digest)
  const keys = votes.map(({ publicKey }) => publicKey)
  const aggregate = blsScheme.aggregate(votes, digest)

  const each = async (work: () => unknown): Promise<number> => {
    for (let i = 0; i < 5; i++) work()
    return (
      (await cpuMs(() => {
        for (let i = 0; i < REPEATS; i++) work()
      })) / REPEATS
    )
  }
  const signMs = await each(() => blsScheme.sign(first.secret, digest))
  const buildMs = await each(() => blsScheme.aggregate(votes, digest))
  const verifyMs = await each(() => blsScheme.verifyAggregate(keys, digest, aggregate.signature))
  const nodeSignMs = await each(() => ed25519Scheme.sign(first.secret, digest))
  const nodeVerifyMs = await each(() => ed25519Scheme.verify(nodeKey, digest, signature))
  return size * signMs + buildMs + nodeSignMs + (size - 1) * (verifyMs + nodeVerifyMs)
}
