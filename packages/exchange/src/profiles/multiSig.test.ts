// docs/spec/hyperliquid.md §3.3: accounts that several wallets sign for.
import {
  type Action,
  type Address,
  bytesToHex,
  type MultiSigAction,
  type OrderAction,
} from '@openliquid/primitives'
import { beforeEach, expect, it } from 'vitest'
import type { ActionReceipt } from '../receipt.ts'
import { ASSETS, TestExchange, testGenesis, testUser, testUserHex } from '../testing/index.ts'

const [treasury, ann, ben, cat, stranger] = [1, 2, 3, 4, 5].map(testUser) as [
  Address,
  Address,
  Address,
  Address,
  Address,
]
const SIGNED = { signatureChainId: '0x1', hyperliquidChain: 'Testnet' } as const

let x: TestExchange
beforeEach(() => {
  x = new TestExchange(testGenesis(5))
})

function conversion(signers: unknown): Extract<Action, { type: 'convertToMultiSigUser' }> {
  const text = typeof signers === 'string' ? signers : JSON.stringify(signers)
  return { type: 'convertToMultiSigUser', ...SIGNED, signers: text, nonce: 0 }
}

function convert(threshold = 2): void {
  const authorizedUsers = [4, 2, 3].map(testUserHex)
  expect(x.act(treasury, conversion({ authorizedUsers, threshold })).status).toBe('ok')
}

/** `leader` sends an action that `signers` signed for the treasury. */
function wrapped(
  action: MultiSigAction['payload']['action'],
  signers: readonly Address[],
  options: { readonly leader?: Address; readonly outerSigner?: Address } = {},
): ActionReceipt {
  const leader = options.leader ?? ann
  const signature = { r: '0x1', s: '0x1', v: 27 } as const
  const payload = {
    multiSigUser: bytesToHex(treasury),
    outerSigner: bytesToHex(options.outerSigner ?? leader),
    action,
  }
  const signatures = signers.map(() => signature)
  return x.act(
    leader,
    { type: 'multiSig', signatureChainId: '0x66eee', signatures, payload },
    { innerSigners: signers },
  )
}

const order: OrderAction = {
  type: 'order',
  orders: [{ a: ASSETS.eth, b: true, p: '3990', s: '1', r: false, t: { limit: { tif: 'Gtc' } } }],
  grouping: 'na',
}
const text = (receipt: ActionReceipt): unknown => receipt.response

it('is for the account, by two of three, whoever of the three sends it', () => {
  convert()
  expect(wrapped(order, [ann, ben]).status).toBe('ok')
  // The leader need not be among those who sign.
  expect(wrapped(order, [ben, cat], { leader: ann }).status).toBe('ok')
  expect(x.machine.view.openOrders(treasury)).toHaveLength(2)
  expect(x.machine.view.openOrders(ann)).toHaveLength(0)
})

it('takes user-signed actions as well, and its sub-accounts', () => {
  convert()
  const send = { type: 'usdSend', ...SIGNED, destination: testUserHex(5), amount: '7', time: 0 }
  expect(wrapped(send as never, [ann, cat]).status).toBe('ok')
  const created = wrapped({ type: 'createSubAccount', name: 'one' }, [ann, cat])
  expect(created.status).toBe('ok')
  const [sub] = x.machine.view.subAccounts(treasury) ?? []
  expect(sub?.name).toBe('one')
})

it('refuses everything that the own wallet of the account signs', () => {
  convert()
  expect(text(x.act(treasury, order))).toBe('Multi-sig required')
  expect(text(x.act(treasury, { type: 'noop' }))).toBe('Multi-sig required')
  expect(text(x.act(treasury, conversion('null')))).toBe('Multi-sig required')
})

it('counts every signer once, and wants as many as the threshold', () => {
  convert()
  expect(text(wrapped(order, [ann]))).toBe('Multi-sig threshold not met')
  expect(text(wrapped(order, [ann, ann]))).toBe('Multi-sig threshold not met')
  expect(wrapped(order, [ann, ben, cat]).status).toBe('ok')
})

it('refuses a signature inside that is of nobody authorized', () => {
  convert()
  expect(text(wrapped(order, [ann, ben, stranger]))).toBe('Invalid multi-sig inner signer')
  expect(text(wrapped(order, [ann, treasury]))).toBe('Invalid multi-sig inner signer')
})

it('refuses signatures that nobody recovered', () => {
  convert()
  const receipt = x.act(ann, {
    type: 'multiSig',
    signatureChainId: '0x1',
    signatures: [],
    payload: { multiSigUser: bytesToHex(treasury), outerSigner: bytesToHex(ann), action: order },
  })
  expect(text(receipt)).toBe('Multi-sig threshold not met')
})

it('refuses a leader that is not authorized, is another than was signed for, or is the account', () => {
  convert()
  for (const leader of [stranger, treasury]) {
    expect(text(wrapped(order, [ann, ben], { leader }))).toBe('Invalid multi-sig outer signer')
  }
  const other = wrapped(order, [ann, ben], { leader: ann, outerSigner: ben })
  expect(text(other)).toBe('Invalid multi-sig outer signer')
})

it('lets an agent of an authorized user lead, by its own nonces, but not sign inside', () => {
  convert()
  const agent = testUser(77)
  const approve: Action = {
    type: 'approveAgent',
    ...SIGNED,
    agentAddress: bytesToHex(agent),
    nonce: 0,
  }
  expect(x.act(ann, approve).status).toBe('ok')
  expect(wrapped(order, [ann, ben], { leader: agent }).status).toBe('ok')
  expect(text(wrapped(order, [agent, ben]))).toBe('Invalid multi-sig inner signer')
})

it('uses up the nonce of the leader alone', () => {
  convert()
  const nonce = x.timestampMs + 5
  const action: Action = {
    type: 'multiSig',
    signatureChainId: '0x1',
    signatures: [
      { r: '0x1', s: '0x1', v: 27 },
      { r: '0x1', s: '0x1', v: 27 },
    ],
    payload: {
      multiSigUser: bytesToHex(treasury),
      outerSigner: bytesToHex(ann),
      action: { type: 'noop' },
    },
  }
  expect(x.act(ann, action, { nonce, innerSigners: [ann, ben] }).status).toBe('ok')
  const { view } = x.machine
  expect(view.checkNonce(ann, nonce, x.timestampMs)).toBe('duplicate')
  expect(view.checkNonce(ben, nonce, x.timestampMs)).toBe('ok')
  expect(view.checkNonce(treasury, nonce, x.timestampMs)).toBe('ok')
})

it('lets an agent trade that was approved together, and none that was approved alone before', () => {
  const [old, later] = [testUser(77), testUser(78)]
  const approve = (agent: Address): MultiSigAction['payload']['action'] => ({
    type: 'approveAgent',
    ...SIGNED,
    agentAddress: bytesToHex(agent),
    nonce: 0,
  })
  expect(x.act(treasury, approve(old)).status).toBe('ok')
  convert()
  expect(x.act(old, order).status).toBe('err')
  expect(wrapped(approve(later), [ann, ben]).status).toBe('ok')
  expect(x.act(later, order).status).toBe('ok')
})

it('changes its signers, and becomes an ordinary account again, by those who sign now', () => {
  convert()
  const change = conversion({ authorizedUsers: [testUserHex(2)], threshold: 1 })
  expect(text(wrapped(change, [ann]))).toBe('Multi-sig threshold not met')
  expect(wrapped(change, [ann, ben]).status).toBe('ok')
  expect(x.machine.view.multiSigSigners(treasury)).toEqual({
    authorizedUsers: [testUserHex(2)],
    threshold: 1,
  })
  expect(wrapped(conversion('null'), [ann]).status).toBe('ok')
  expect(x.machine.view.multiSigSigners(treasury)).toBeNull()
  expect(x.act(treasury, order).status).toBe('ok')
  expect(text(wrapped(order, [ann]))).toContain('is not a multi-sig user')
})

it.each<[string, unknown, string]>([
  ['text that is no JSON', '{', 'Invalid multi-sig signers.'],
  ['JSON of another kind', '[]', 'Invalid multi-sig signers.'],
  ['no address', { authorizedUsers: ['0x12'], threshold: 1 }, 'Invalid multi-sig signers.'],
  [
    'a broken threshold',
    { authorizedUsers: [testUserHex(2)], threshold: 0.5 },
    'Invalid multi-sig signers.',
  ],
  ['nobody', { authorizedUsers: [], threshold: 0 }, 'Invalid multi-sig threshold'],
  [
    'a threshold of 0',
    { authorizedUsers: [testUserHex(2)], threshold: 0 },
    'Invalid multi-sig threshold',
  ],
  [
    'a threshold above the signers, doubles not counted',
    { authorizedUsers: [testUserHex(2), testUserHex(2)], threshold: 2 },
    'Invalid multi-sig threshold',
  ],
  [
    'eleven signers',
    { authorizedUsers: Array.from({ length: 11 }, (_, i) => testUserHex(i + 2)), threshold: 1 },
    'Too many multi-sig signers',
  ],
  [
    'the account itself',
    { authorizedUsers: [testUserHex(1)], threshold: 1 },
    'A multi-sig user cannot sign for itself.',
  ],
  [
    'somebody without account',
    { authorizedUsers: [testUserHex(99)], threshold: 1 },
    'Multi-sig signers must be existing users.',
  ],
  ['going back from what it is not', 'null', 'User is not a multi-sig user.'],
])('refuses a conversion to %s', (_, signers, answer) => {
  expect(text(x.act(treasury, conversion(signers)))).toBe(answer)
})

it('is no account that contracts act for', () => {
  convert()
  x.machine.applyCoreWriterAction(
    treasury,
    { type: 'usdClassTransfer', ntl: 1n, toPerp: false },
    { evmTxHash: new Uint8Array(32), logIndex: 0 },
  )
  expect(x.events()).toContainEqual(
    expect.objectContaining({
      kind: 'coreWriterRejected',
      reason: 'Contracts cannot act for multi-sig users.',
    }),
  )
})

it('is the same after a restart', () => {
  convert()
  x.reload()
  expect(wrapped(order, [ann, ben]).status).toBe('ok')
  expect(text(wrapped(order, [ann]))).toBe('Multi-sig threshold not met')
})
