import {
  type Block,
  type BlockHeader,
  bytesToHex,
  DecodeError,
  type GenesisEvm,
  type Payload,
  payloadRoot,
  TRANSACTION_KIND,
  transactionId,
} from '@openliquid/primitives'
import { expect, test } from 'vitest'
import { checkPayload, type PayloadCheck, payloadBytes } from './checkPayload.ts'
import type { ReadTransaction } from './transactionReader.ts'

const evm: GenesisEvm = {
  alloc: {},
  lanes: [{ periodMs: 1_000, gasLimit: 1, baseFee: '1', baseFeeMin: '1' }],
  nonceWindow: 8,
}

/** Bytes that start with 0xff are no transaction. */
const reader = {
  read(_: number, bytes: Uint8Array): ReadTransaction {
    if (bytes[0] === 0xff) {
      throw new DecodeError('bad', { code: 'OL_DECODE_MALFORMED', what: 'x', reason: 'y' })
    }
    return {} as ReadTransaction
  },
}

const hash = new Uint8Array(32)

function block(payload: Partial<Payload>, header: Partial<BlockHeader> = {}): Block {
  const whole: Payload = { actions: [], evm: [], evidence: [], ...payload }
  return {
    header: {
      version: 1,
      chainId: 1n,
      epoch: 1n,
      view: 9n,
      height: 9n,
      parentHash: hash,
      qc: { epoch: 1n, view: 8n, blockHash: hash, signers: Uint8Array.of(7), signature: hash },
      proposer: 0,
      timestampMs: 2_000,
      payloadRoot: payloadRoot(whole),
      executedHeight: 6n,
      stateRoot: hash,
      validatorSetHash: hash,
      nextValidatorSetHash: hash,
      flags: 0,
      ...header,
    },
    payload: whole,
  }
}

function verdict(checked: Block, options: Partial<PayloadCheck> = {}): string {
  const result = checkPayload({
    block: checked,
    parentTimestampMs: 1_999,
    unexecutedIds: new Set(),
    evm,
    reader,
    ...options,
  })
  return result.ok ? 'ok' : result.fault.code
}

const one = Uint8Array.of(1, 2, 3)
const two = Uint8Array.of(4, 5, 6)
const bad = Uint8Array.of(0xff)

test.each<[string, Block, string]>([
  ['an empty block', block({}), 'ok'],
  ['actions and Ethereum transactions', block({ actions: [one], evm: [one, two] }), 'ok'],
  [
    'a root of another payload',
    block({ actions: [one] }, { payloadRoot: hash }),
    'OL_PAYLOAD_ROOT',
  ],
  ['an action that cannot be read', block({ actions: [one, bad] }), 'OL_PAYLOAD_TRANSACTION'],
  ['an Ethereum transaction that cannot be read', block({ evm: [bad] }), 'OL_PAYLOAD_TRANSACTION'],
  ['one transaction twice', block({ actions: [one, two, one] }), 'OL_PAYLOAD_DUPLICATE'],
  ['evidence, which consensus judges', block({ evidence: [one, two] }), 'ok'],
  [
    'as much evidence as a block takes',
    block({ evidence: Array.from({ length: 16 }, () => new Uint8Array(4_096)) }),
    'ok',
  ],
  [
    'more pieces of evidence than a block takes',
    block({ evidence: Array.from({ length: 17 }, () => one) }),
    'OL_PAYLOAD_EVIDENCE',
  ],
  [
    'more bytes of evidence than a block takes',
    block({ evidence: [new Uint8Array(65_536), one] }),
    'OL_PAYLOAD_EVIDENCE',
  ],
  [
    'evidence above the lag',
    block({ evidence: [one] }, { executedHeight: 0n }),
    'OL_PAYLOAD_NOT_EMPTY',
  ],
  ['a payload at the greatest lag', block({ actions: [one] }, { executedHeight: 1n }), 'ok'],
  ['a payload above it', block({ actions: [one] }, { executedHeight: 0n }), 'OL_PAYLOAD_NOT_EMPTY'],
  ['no payload above it', block({}, { executedHeight: 0n }), 'ok'],
  ['a payload in a suffix block', block({ actions: [one] }, { flags: 2 }), 'OL_PAYLOAD_NOT_EMPTY'],
  [
    'more transactions than a section takes',
    block({ actions: Array.from({ length: 20_001 }, () => one) }),
    'OL_PAYLOAD_COUNT',
  ],
  [
    'more bytes than a block takes',
    block({ actions: Array.from({ length: 17 }, () => new Uint8Array(131_072)) }),
    'OL_PAYLOAD_SIZE',
  ],
])('judges %s', (_, checked, expected) => {
  expect(verdict(checked)).toBe(expected)
})

test('lets Ethereum transactions in only when an EVM block is due', () => {
  const checked = block({ evm: [one] })
  expect(verdict(checked, { parentTimestampMs: 1_999 })).toBe('ok')
  expect(verdict(block({ evm: [one] }, { timestampMs: 1_999 }), { parentTimestampMs: 1_000 })).toBe(
    'OL_PAYLOAD_EVM_NOT_DUE',
  )
  expect(
    verdict(block({ actions: [one] }, { timestampMs: 1_999 }), { parentTimestampMs: 1_000 }),
  ).toBe('ok')
})

test('finds a transaction again that an ancestor above the executed height holds', () => {
  const unexecutedIds = new Set([bytesToHex(transactionId(TRANSACTION_KIND.action, one))])
  expect(verdict(block({ actions: [two, one] }), { unexecutedIds })).toBe('OL_PAYLOAD_DUPLICATE')
  // The same bytes as the other kind are another transaction.
  expect(verdict(block({ evm: [one] }), { unexecutedIds })).toBe('ok')
})

test('counts the bytes of a payload as its encoding does', async () => {
  const { payloadCodec } = await import('@openliquid/primitives')
  const payload = { actions: [one, two], evm: [new Uint8Array(500)], evidence: [] }
  expect(payloadBytes(payload)).toBe(payloadCodec.encode(payload).length)
})
