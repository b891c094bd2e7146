import {
  type Block,
  type BlockHeader,
  blockHash,
  type CommitProof,
  type EpochChange,
  epochGenesisQC,
  FLAG_EPOCH_CLOSING,
  type QuorumCertificate,
  type SnapshotOffer,
  sha256,
  type ValidatorSet,
  validatorSetHash,
  voteDigest,
} from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { ProvenEpochs } from './provenEpochs.ts'
import { encodeReputation } from './reputationCodec.ts'
import { StateSync } from './stateSync.ts'
import type { StateSyncEffect } from './stateSyncEffect.ts'
import { Fixture } from './testing/index.ts'

const fixture = new Fixture([1n, 1n, 1n, 1n])
const rootAt = (height: bigint): Uint8Array => sha256(Uint8Array.of(Number(height)))
const CLOSING = 10n

function qcOf(header: BlockHeader, signers: readonly number[] = [0, 1, 2]): QuorumCertificate {
  const { epoch, view } = header
  const hash = blockHash(header)
  const digest = voteDigest(fixture.context, epoch, view, hash)
  return { epoch, view, blockHash: hash, ...fixture.aggregate(signers, digest) }
}

interface Chain {
  readonly blocks: readonly Block[]
  readonly change: EpochChange
  /** With the headers that lead down to it. */
  offerOf(height: bigint): SnapshotOffer
}

/** Epoch 1 ends with a block of height 10, if it does at all; then the same keys go on, or with other stakes. */
function chainWith({
  nextStake,
  closes = true,
}: {
  readonly nextStake: bigint
  readonly closes?: boolean
}): Chain {
  const nextSet: ValidatorSet = {
    epoch: 2n,
    validators: fixture.set.validators.map((member) => ({ ...member, stake: nextStake })),
    totalStake: nextStake * 4n,
  }
  const nextHash = validatorSetHash(nextSet)
  const blocks = [fixture.genesis]
  for (let height = 1n; height <= 30n; height += 1n) {
    const parent = blocks.at(-1) as Block
    const isNext = closes && height > CLOSING
    const view = isNext ? height - CLOSING : height
    const isFirst = isNext && height === CLOSING + 1n
    const executedHeight = height > 3n ? height - 3n : 0n
    const setHash = isNext ? nextHash : fixture.committee.hash
    const isClosing = closes && height === CLOSING
    blocks.push(
      fixture.child(parent, view, {
        epoch: isNext ? 2n : 1n,
        ...(height === 1n
          ? {}
          : {
              qc: isFirst ? epochGenesisQC(2n, blockHash(parent.header), 4) : qcOf(parent.header),
            }),
        executedHeight,
        stateRoot:
          executedHeight === 0n ? fixture.genesis.header.stateRoot : rootAt(executedHeight),
        validatorSetHash: setHash,
        nextValidatorSetHash: isClosing ? nextHash : setHash,
        flags: isClosing ? FLAG_EPOCH_CLOSING : 0,
      }),
    )
  }
  const headerAt = (height: bigint): BlockHeader => (blocks[Number(height)] as Block).header
  const suffix = fixture.child(blocks[Number(CLOSING)] as Block, CLOSING + 1n, {
    qc: qcOf(headerAt(CLOSING)),
    flags: 2,
  }).header
  const commitOf = (height: bigint): CommitProof => {
    const child = headerAt(height + 1n)
    return { path: [headerAt(height), child], qc: qcOf(child) }
  }
  return {
    blocks,
    change: { commit: { path: [headerAt(CLOSING), suffix], qc: qcOf(suffix) }, nextSet },
    offerOf: (height) => {
      const { epoch } = headerAt(height)
      const windows = [
        { boundaryHeight: 0n, startView: 1n, multipliers: [1_000, 1_000, 1_000, 1_000] },
      ]
      return {
        manifest: {
          height,
          stateRoot: rootAt(height),
          parts: Uint8Array.of(1),
          reputation: encodeReputation({ epoch, height, windows, records: [] }),
          chunks: [sha256(Uint8Array.of(1))],
        },
        headers: [-2n, -1n, 0n, 1n, 2n].map((by) => headerAt(height + by)),
        certified: commitOf(height + 3n),
      }
    },
  }
}

const ours = chainWith({ nextStake: 1n })
/** What those who validated in epoch 1 could make later: an epoch 2 of their own, or an epoch 1 that never ends. */
const forked = chainWith({ nextStake: 7n })
const endless = chainWith({ nextStake: 1n, closes: false })

const checkpoint = (ours.blocks[20] as Block).header
const { roots } = fixture

describe('ProvenEpochs', () => {
  it('takes the changes one by one, each proven by the set before', () => {
    const epochs = new ProvenEpochs(roots)
    const { change } = ours
    const weak = { ...change, commit: { ...change.commit, qc: qcOf(checkpoint, [0, 1]) } }
    expect(epochs.wants(weak)).toBe(false)
    const { qc } = change.commit
    const unsigned = { ...change.commit, qc: { ...qc, signature: new Uint8Array(32) } }
    expect(epochs.add({ ...change, commit: unsigned })).toMatch('not proven')
    expect(epochs.newest).toBe(1n)
    expect(epochs.wants(change)).toBe(true)
    expect(epochs.add(change)).toBeUndefined()
    expect(epochs).toMatchObject({ newest: 2n, changes: [change] })
    expect(epochs.wants(change)).toBe(false)
    expect(epochs.setAbove((ours.blocks[10] as Block).header)).toEqual(change.nextSet)
    expect(epochs.setAbove((ours.blocks[9] as Block).header)).toEqual(fixture.set)
  })

  it('judges a state by the set of the epoch that certified it', () => {
    const epochs = new ProvenEpochs(roots)
    epochs.add(ours.change)
    expect(epochs.refusalOf(ours.offerOf(22n))).toBeUndefined()
    const offer = ours.offerOf(22n)
    const qc = { ...offer.certified.qc, epoch: 1n }
    expect(epochs.refusalOf({ ...offer, certified: { ...offer.certified, qc } })).toMatch(
      'not certified',
    )
    const keys = fixture.set.validators.map(({ nodeKey }) => nodeKey)
    expect(epochs.isVouched(offer, keys.slice(0, 2))).toBe(true)
    expect(epochs.isVouched(offer, keys.slice(0, 1))).toBe(false)
    expect(epochs.isVouched(offer, [keys[0]!, keys[0]!])).toBe(false)
  })
})

describe('with a trusted checkpoint above the own head (weak subjectivity)', () => {
  it('takes the chain of sets that the checkpoint names, and no other', () => {
    const epochs = new ProvenEpochs({ ...roots, checkpoint })
    expect(epochs.add(forked.change)).toMatch('does not contain the trusted checkpoint')
    expect(epochs.newest).toBe(1n)
    expect(epochs.add(ours.change)).toBeUndefined()
    expect(epochs.refusalOf(ours.offerOf(22n))).toBeUndefined()
  })

  it('takes no state beyond it that an epoch before it certified', () => {
    const epochs = new ProvenEpochs({ ...roots, checkpoint })
    expect(epochs.refusalOf(endless.offerOf(22n))).toMatch('of an epoch before it')
    expect(epochs.refusalOf(endless.offerOf(20n))).toMatch('of an epoch before it')
    // Below it the blocks up to the checkpoint come one by one, and it must be among them.
    expect(epochs.refusalOf(endless.offerOf(19n))).toBeUndefined()
    expect(new ProvenEpochs(roots).refusalOf(endless.offerOf(22n))).toBeUndefined()
  })

  it('sends away who offers the other chain, and restores the trusted one', () => {
    const sync = new StateSync({ ...roots, checkpoint, aboveHeight: 0n })
    const served = [endless, forked, ours, ours]
    const reported: string[] = []
    let begun: bigint | undefined
    const queue: StateSyncEffect[] = sync.step({
      kind: 'peers',
      nowMs: 0,
      peers: fixture.set.validators.map(({ index, nodeKey }) => ({ peer: `${index}`, nodeKey })),
    })
    for (let effect = queue.shift(); effect !== undefined; effect = queue.shift()) {
      if (effect.kind === 'report') reported.push(effect.peer)
      if (effect.kind === 'begin') begun = effect.target.manifest.height
      if (effect.kind !== 'request') continue
      const { peer, request, requestId } = effect
      const { blocks, change, offerOf } = served[Number(peer)] as Chain
      const answer = { nowMs: 0, requestId }
      if (request.kind === 'offers') {
        queue.push(...sync.step({ ...answer, kind: 'offers', offers: [offerOf(24n)] }))
      } else if (request.kind === 'epochChange') {
        queue.push(...sync.step({ ...answer, kind: 'epochChange', proofs: [change] }))
      } else if (request.kind === 'blocks') {
        queue.push(...sync.step({ ...answer, kind: 'blocks', blocks: blocks.slice(22, 25) }))
      }
    }
    expect(begun).toBe(24n)
    expect(reported.sort()).toEqual(['0', '1'])
  })
})
