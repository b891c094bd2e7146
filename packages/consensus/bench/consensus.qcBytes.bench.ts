// Bytes of a quorum certificate of 100 validators with BLS, encoded.
import { bitmapFromSigners, blsScheme, generateValidatorKeys } from '@openliquid/crypto'
import { quorumCertificateCodec, voteDigest } from '@openliquid/primitives'
import { report } from '../../../bench/figure.ts'

const COUNT = 100
const context = { chainId: 1, genesisHash: new Uint8Array(32) }
const blockHash = new Uint8Array(32).fill(7)
const digest = voteDigest(context, 1n, 1n, blockHash)

const votes = Array.from({ length: COUNT }, (_, signer) => {
  const { voteSecret, voteKey } = generateValidatorKeys({ scheme: 'bls' })
  return { signer, publicKey: voteKey, signature: blsScheme.sign(voteSecret, digest) }
})
const aggregate = blsScheme.aggregate(votes.slice(0, 67), digest)
const signers = bitmapFromSigners(aggregate.signers, COUNT)
const bytes = quorumCertificateCodec.encode({
  epoch: 1n,
  view: 1n,
  blockHash,
  signers,
  signature: aggregate.signature,
})

report({
  id: 'consensus.qcBytes',
  value: bytes.length,
  unit: 'bytes',
  op: '<=',
  target: 168,
  runs: [bytes.length],
})
