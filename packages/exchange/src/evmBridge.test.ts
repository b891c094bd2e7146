import {
  type Action,
  type Address,
  bytesToHex,
  type GenesisCore,
  type Hex,
  hexToBytes,
  keccak256,
  NATIVE_SYSTEM_ADDRESS,
  tokenSystemAddress,
  uintToBytes,
  utf8ToBytes,
} from '@openliquid/primitives'
import { describe, expect, it } from 'vitest'
import { EVM_TRANSFERS_MAX, EVM_TRANSFERS_PER_BLOCK_MAX } from './limits.ts'
import {
  prng,
  TestExchange,
  TOKENS,
  testCore,
  testGenesis,
  testUser,
  testUserHex,
} from './testing/index.ts'

const [alice, bob] = [testUser(1), testUser(2)]
const contract = new Uint8Array(20).fill(0xcc)
const evmTxHash = new Uint8Array(32).fill(0xee)
const HYPE_SYSTEM = bytesToHex(NATIVE_SYSTEM_ADDRESS)
const PURR_SYSTEM = bytesToHex(tokenSystemAddress(TOKENS.purr))
const GAS_WEI = 20_000n

/** PURR is linked with 18 decimals on the EVM; the system addresses hold what the other side has. */
function bridged(extra = 13): TestExchange {
  const core = testCore(2)
  const tokens = core.tokens.map((token) =>
    token.index === TOKENS.purr
      ? { ...token, evmContract: { address: bytesToHex(contract), evmExtraWeiDecimals: extra } }
      : token,
  )
  const balances: GenesisCore['balances'] = [
    ...core.balances,
    { address: HYPE_SYSTEM, spot: { HYPE: '100' } },
    { address: PURR_SYSTEM, spot: { PURR: '1000' } },
  ]
  const x = new TestExchange(testGenesis(2, { tokens, balances }))
  x.evm = { baseFee: 1_000_000_000n, slot: () => new Uint8Array(32) }
  x.endBlock()
  return x
}

const send = (token: 'PURR' | 'HYPE', amount: string, destination: Hex): Action => ({
  type: 'spotSend',
  signatureChainId: '0x66eee',
  hyperliquidChain: 'Testnet',
  destination,
  token: `${token}:0x${(token === 'PURR' ? '01' : '02').repeat(16)}`,
  amount,
  time: 0,
})

const total = (x: TestExchange, user: Address, token: number): bigint =>
  x.machine.reader(0n).spotBalanceOf(user, token)?.total ?? -1n
const supply = (x: TestExchange, token: number): bigint =>
  x.machine.reader(0n).tokenSupplyOf(token)?.totalSupply ?? -1n
const credit = (token: number, amount: bigint, user: Address = alice) => ({
  user,
  token,
  amount,
  evmTxHash,
  logIndex: 3,
})

describe('Core to EVM: §13', () => {
  it('debits at once and leaves with the next EVM block, first come first served', () => {
    const x = bridged()
    expect(x.act(alice, send('HYPE', '1.5', HYPE_SYSTEM)).status).toBe('ok')
    expect(x.act(bob, send('PURR', '2', PURR_SYSTEM)).status).toBe('ok')
    expect(total(x, alice, TOKENS.hype)).toBe(10_000_00000000n - 1_50000000n - GAS_WEI)
    expect(x.machine.evmEscrowOf(TOKENS.hype)).toMatchObject({
      escrow: 101_50000000n,
      waiting: 1_50000000n,
    })
    x.reload()
    expect(x.machine.waitingEvmTransfers).toBe(2)
    expect(x.machine.beginEvmBlock()).toEqual([
      {
        user: alice,
        token: TOKENS.hype,
        wei: 1_50000000n,
        amount: 1_500_000_000_000_000_000n,
        systemAddress: NATIVE_SYSTEM_ADDRESS,
      },
      {
        user: bob,
        token: TOKENS.purr,
        wei: 2_00000n,
        amount: 2_000_000_000_000_000_000n,
        systemAddress: tokenSystemAddress(TOKENS.purr),
        contract,
      },
    ])
    expect(x.machine.beginEvmBlock()).toEqual([])
    x.reload()
    expect(x.machine.waitingEvmTransfers).toBe(0)
  })

  it('burns 200,000 gas at the next base fee, rounded up to a wei of the Core', () => {
    const x = bridged()
    const before = supply(x, TOKENS.hype)
    x.act(bob, send('PURR', '2', PURR_SYSTEM))
    expect(supply(x, TOKENS.hype)).toBe(before - GAS_WEI)
    x.evm = { baseFee: 100_000_001n, slot: () => new Uint8Array(32) }
    x.endBlock()
    x.act(bob, send('PURR', '2', PURR_SYSTEM))
    expect(supply(x, TOKENS.hype)).toBe(before - GAS_WEI - 2_001n)
  })

  it('tells what was sent and what the gas was', () => {
    const x = bridged()
    x.act(alice, send('HYPE', '1.5', HYPE_SYSTEM))
    expect(x.events()).toMatchObject([
      {
        kind: 'ledgerUpdate',
        user: alice,
        delta: {
          type: 'spotTransfer',
          token: 'HYPE',
          amount: '1.5',
          user: testUserHex(1),
          destination: HYPE_SYSTEM,
          nativeTokenFee: '0.0002',
        },
      },
    ])
  })

  it.each([
    [
      'to the system address of another token',
      send('PURR', '1', HYPE_SYSTEM),
      'OL_ACTION_DESTINATION',
    ],
    [
      'of a token without contract',
      {
        ...send('PURR', '1', bytesToHex(tokenSystemAddress(0))),
        token: `USDC:0x${'00'.repeat(16)}`,
      } as Action,
      'OL_ACTION_DESTINATION',
    ],
    ['of nothing', send('PURR', '0', PURR_SYSTEM), 'OL_ACTION_MALFORMED'],
    [
      'of all HYPE, with none left for gas',
      send('HYPE', '10000', HYPE_SYSTEM),
      'OL_ACTION_BALANCE',
    ],
    ['of more than there is', send('PURR', '500001', PURR_SYSTEM), 'OL_ACTION_BALANCE'],
  ])('refuses a transfer %s', (_what, action, code) => {
    const x = bridged()
    expect(x.act(alice, action)).toMatchObject({ status: 'err', code })
    expect(x.machine.waitingEvmTransfers).toBe(0)
  })

  it('refuses what is less than one unit of a coarser contract, and rounds down', () => {
    const x = bridged(-2)
    expect(x.act(alice, send('PURR', '0.00099', PURR_SYSTEM))).toMatchObject({
      code: 'OL_ACTION_MALFORMED',
    })
    expect(x.act(alice, send('PURR', '0.00199', PURR_SYSTEM)).status).toBe('ok')
    expect(x.machine.beginEvmBlock()).toMatchObject([{ wei: 199n, amount: 1n }])
  })

  it('refuses without gas in HYPE, and without an EVM', () => {
    const x = bridged()
    x.act(alice, send('HYPE', '9999.9999', testUserHex(2)))
    expect(x.act(alice, send('PURR', '1', PURR_SYSTEM))).toMatchObject({
      response: 'Insufficient balance for gas.',
    })
    x.evm = undefined
    x.endBlock()
    expect(x.act(bob, send('PURR', '1', PURR_SYSTEM))).toMatchObject({
      code: 'OL_ACTION_UNSUPPORTED',
    })
  })

  it(`carries at most ${EVM_TRANSFERS_PER_BLOCK_MAX} in a block and keeps at most ${EVM_TRANSFERS_MAX} waiting`, () => {
    const x = bridged()
    for (let i = 0; i < EVM_TRANSFERS_MAX; i++)
      x.act(alice, send('PURR', '1', PURR_SYSTEM), { nonce: x.timestampMs + i })
    expect(x.machine.waitingEvmTransfers).toBe(EVM_TRANSFERS_MAX)
    expect(x.act(bob, send('PURR', '1', PURR_SYSTEM))).toMatchObject({
      code: 'OL_ACTION_EVM_QUEUE',
    })
    expect(x.machine.beginEvmBlock()).toHaveLength(EVM_TRANSFERS_PER_BLOCK_MAX)
    expect(x.act(bob, send('PURR', '1', PURR_SYSTEM)).status).toBe('ok')
  })
})

describe('Core to a contract, with data: §13', () => {
  const withData = (changes: Partial<Extract<Action, { type: 'sendToEvmWithData' }>>): Action => ({
    type: 'sendToEvmWithData',
    signatureChainId: '0x66eee',
    hyperliquidChain: 'Testnet',
    token: `PURR:0x${'01'.repeat(16)}`,
    amount: '2',
    sourceDex: 'spot',
    destinationRecipient: `0x${'ab'.repeat(20)}`,
    addressEncoding: 'hex',
    destinationChainId: 7,
    gasLimit: 300_000,
    data: '0x0102',
    nonce: 9,
    ...changes,
  })

  it('leaves with what the contract is told, over a restart, and pays for its own gas limit', () => {
    const x = bridged()
    expect(x.act(alice, withData({})).status).toBe('ok')
    expect(total(x, alice, TOKENS.hype)).toBe(10_000_00000000n - 30_000n)
    x.reload()
    expect(x.machine.beginEvmBlock()).toEqual([
      {
        user: alice,
        token: TOKENS.purr,
        wei: 2_00000n,
        amount: 2_000_000_000_000_000_000n,
        systemAddress: tokenSystemAddress(TOKENS.purr),
        contract,
        call: {
          destinationRecipient: Uint8Array.of(
            ...new Array(12).fill(0),
            ...new Array(20).fill(0xab),
          ),
          destinationChainId: 7,
          nonce: 9,
          data: Uint8Array.of(1, 2),
          gasLimit: 300_000n,
        },
      },
    ])
  })

  it('takes recipients of chains that write them in base 58', () => {
    const x = bridged()
    const addressEncoding = 'base58'
    // 32 bytes of 0xff, and the system program of Solana: 32 zeros.
    for (const [destinationRecipient, byte] of [
      ['JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG', 0xff],
      ['11111111111111111111111111111111', 0],
    ] as const) {
      const action = withData({ destinationRecipient, addressEncoding })
      expect(x.act(alice, action).status).toBe('ok')
      const [transfer] = x.machine.beginEvmBlock()
      expect(transfer?.call?.destinationRecipient).toEqual(new Uint8Array(32).fill(byte))
    }
  })

  it.each<[string, Parameters<typeof withData>[0], string]>([
    [
      'a token without contract',
      { token: `HYPE:0x${'02'.repeat(16)}` },
      'Token has no contract on the EVM.',
    ],
    ['another dex', { sourceDex: '' }, 'Only spot tokens go to the EVM.'],
    ['an unknown token', { token: 'PURR' }, 'Token does not exist.'],
    ['an amount of 0', { amount: '0' }, 'Invalid amount.'],
    ['more than there is', { amount: '500001' }, 'Insufficient balance for token transfer.'],
    ['no gas', { gasLimit: 0 }, 'Invalid recipient, data or gas limit.'],
    ['gas above the bound', { gasLimit: 1_000_001 }, 'Invalid recipient, data or gas limit.'],
    ['much data', { data: `0x${'00'.repeat(4_097)}` }, 'Invalid recipient, data or gas limit.'],
    ['an unknown encoding', { addressEncoding: 'bech32' }, 'Invalid recipient, data or gas limit.'],
    [
      'a recipient of 33 bytes',
      { destinationRecipient: `0x${'00'.repeat(33)}` },
      'Invalid recipient, data or gas limit.',
    ],
    [
      'a base 58 number above 32 bytes',
      {
        addressEncoding: 'base58',
        destinationRecipient: 'JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFH',
      },
      'Invalid recipient, data or gas limit.',
    ],
  ])('refuses %s', (_, changes, text) => {
    expect(bridged().act(alice, withData(changes)).response).toBe(text)
  })
})

describe('EVM to Core: §13', () => {
  it('credits the sender out of the system address, and drops what is below one wei', () => {
    const x = bridged()
    x.machine.creditFromEvm(credit(TOKENS.hype, 2_000_000_019_999_999_999n))
    expect(total(x, alice, TOKENS.hype)).toBe(10_002_00000001n)
    expect(x.machine.evmEscrowOf(TOKENS.hype).escrow).toBe(97_99999999n)
    expect(x.events()).toMatchObject([
      { kind: 'evmCredit', user: alice, token: TOKENS.hype, wei: '200000001', logIndex: 3 },
      { kind: 'ledgerUpdate', user: alice, delta: { type: 'spotTransfer', user: HYPE_SYSTEM } },
    ])
  })

  it('opens an account, for which a contract may not act in the same EVM block', () => {
    const x = bridged()
    const newcomer = testUser(77)
    const act = () =>
      x.machine.applyCoreWriterAction(
        newcomer,
        { type: 'spotSend', destination: bob, token: BigInt(TOKENS.purr), wei: 1n },
        { evmTxHash, logIndex: 4 },
      )
    x.machine.beginEvmBlock()
    x.machine.creditFromEvm(credit(TOKENS.purr, 10n ** 18n, newcomer))
    expect(x.machine.view.userExists(newcomer)).toBe(true)
    act()
    x.machine.beginEvmBlock()
    act()
    const kinds = x.events().map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind.startsWith('coreWriter'))).toEqual([
      'coreWriterRejected',
      'coreWriterExecuted',
    ])
  })

  it('converts upwards for a coarser contract', () => {
    const x = bridged(-2)
    x.machine.creditFromEvm(credit(TOKENS.purr, 3n))
    expect(total(x, alice, TOKENS.purr)).toBe(500_000_00000n + 300n)
  })

  it.each([
    ['above uint64', credit(TOKENS.hype, (1n << 64n) * 10n ** 10n), 'range'],
    ['below one wei', credit(TOKENS.hype, 9_999_999_999n), 'below one wei'],
    ['above what the system address holds', credit(TOKENS.purr, 1_001n * 10n ** 18n), 'too little'],
  ])('refuses a credit %s, and says so', (_what, refused, reason) => {
    const x = bridged()
    const before = total(x, alice, refused.token)
    x.machine.creditFromEvm(refused)
    expect(total(x, alice, refused.token)).toBe(before)
    expect(x.events()).toMatchObject([
      { kind: 'evmCredit', refused: expect.stringContaining(reason) },
    ])
  })

  it('does not give away what waits for the EVM', () => {
    const x = bridged()
    x.act(bob, send('HYPE', '5', HYPE_SYSTEM))
    x.machine.creditFromEvm(credit(TOKENS.hype, 101n * 10n ** 18n))
    expect(x.events().at(-1)).toMatchObject({ refused: expect.stringContaining('too little') })
    x.machine.creditFromEvm(credit(TOKENS.hype, 100n * 10n ** 18n))
    expect(x.machine.evmEscrowOf(TOKENS.hype)).toMatchObject({
      escrow: 5_00000000n,
      waiting: 5_00000000n,
    })
  })
})

describe('the link of a token: §13', () => {
  const custom = keccak256(utf8ToBytes('HyperCore deployer'))
  const request = (address: Hex): Action => ({
    type: 'spotDeploy',
    requestEvmContract: { token: TOKENS.purr, address, evmExtraWeiDecimals: 13 },
  })
  const linkable = (slot: (address: Address, slot: Uint8Array) => Uint8Array): TestExchange => {
    const core = testCore(2)
    const tokens = core.tokens.map((token) =>
      token.index === TOKENS.purr ? { ...token, deployer: testUserHex(1) } : token,
    )
    const x = new TestExchange(testGenesis(2, { tokens }))
    x.evm = { baseFee: 0n, slot }
    x.endBlock()
    return x
  }
  const word = (user: Address): Uint8Array => Uint8Array.of(...new Uint8Array(12), ...user)

  it('the slot of the deployer is the one that everyone knows', () => {
    expect(bytesToHex(custom)).toBe(
      '0x8c306a6a12fff1951878e8621be6674add1102cd359dd968efbbe797629ef84f',
    )
  })

  it('is requested by the deployer and finalized by whoever created the contract', () => {
    const x = linkable(() => new Uint8Array(32))
    // The first contract of account 2, as any Ethereum tool computes it.
    const created = (nonce: number): Hex => {
      const item = nonce === 0 ? [0x80] : [nonce]
      return bytesToHex(keccak256(Uint8Array.of(0xd6, 0x94, ...bob, ...item)).slice(12))
    }
    expect(x.act(bob, request(created(5)))).toMatchObject({ code: 'OL_ACTION_EVM_LINK' })
    expect(x.act(alice, request(created(5))).status).toBe('ok')
    const finalize = (nonce: number): Action => ({
      type: 'finalizeEvmContract',
      token: TOKENS.purr,
      input: { create: { nonce } },
    })
    expect(x.act(bob, finalize(0))).toMatchObject({ code: 'OL_ACTION_EVM_LINK' })
    expect(x.act(alice, finalize(5))).toMatchObject({ code: 'OL_ACTION_EVM_LINK' })
    expect(x.act(bob, finalize(5)).status).toBe('ok')
    expect(x.act(bob, finalize(5))).toMatchObject({ code: 'OL_ACTION_EVM_LINK' })
    expect(x.act(alice, request(created(0)))).toMatchObject({ code: 'OL_ACTION_EVM_LINK' })
    x.reload()
    expect(x.machine.evmLinks()).toMatchObject([
      { token: TOKENS.purr, contract: hexToBytes(created(5)), evmExtraWeiDecimals: 13 },
      { token: TOKENS.hype, evmExtraWeiDecimals: 10 },
    ])
    expect(x.machine.reader(0n).tokenInfoOf(TOKENS.purr)).toMatchObject({ deployer: alice })
  })

  it.each([
    ['firstStorageSlot', uintToBytes(0, 32)],
    ['customStorageSlot', custom],
  ] as const)('is finalized by the user in the %s', (input, where) => {
    const x = linkable((address, slot) =>
      bytesToHex(address) === bytesToHex(contract) && bytesToHex(slot) === bytesToHex(where)
        ? word(bob)
        : new Uint8Array(32),
    )
    x.act(alice, request(bytesToHex(contract)))
    const finalize: Action = { type: 'finalizeEvmContract', token: TOKENS.purr, input }
    expect(x.act(alice, finalize)).toMatchObject({ code: 'OL_ACTION_EVM_LINK' })
    expect(x.act(bob, finalize).status).toBe('ok')
    expect(x.machine.reader(0n).tokenInfoOf(TOKENS.purr)).toMatchObject({ evmContract: contract })
  })

  it('is finalized by a contract through CoreWriter', () => {
    const x = linkable(() => word(bob))
    x.act(alice, request(bytesToHex(contract)))
    x.machine.applyCoreWriterAction(
      bob,
      {
        type: 'finalizeEvmContract',
        token: BigInt(TOKENS.purr),
        input: { kind: 'firstStorageSlot' },
      },
      { evmTxHash, logIndex: 0 },
    )
    expect(x.machine.evmLinks()).toHaveLength(2)
  })
})

it('no token is made or lost by any history of transfers, and reloading changes nothing', () => {
  for (let seed = 1; seed <= 6; seed++) {
    const next = prng(seed)
    const [x, reloaded] = [bridged(), bridged()]
    let burned = 0n
    const start = supply(x, TOKENS.hype)
    for (let step = 0; step < 150; step++) {
      const dice = next(10)
      const user = next(2) === 0 ? alice : bob
      const token = next(2) === 0 ? 'PURR' : 'HYPE'
      const amount = `${next(400)}.${next(99_999).toString().padStart(5, '0')}`
      const evmAmount = BigInt(next(1_000_000)) * 10n ** BigInt(6 + next(12))
      for (const machine of [x, reloaded]) {
        if (dice < 5) {
          const system = token === 'PURR' ? PURR_SYSTEM : HYPE_SYSTEM
          const normal = amount.replace(/\.?0+$/, '')
          const receipt = machine.act(user, send(token, normal, system))
          if (machine === x && receipt.status === 'ok') burned += GAS_WEI
        } else if (dice < 8) {
          const index = token === 'PURR' ? TOKENS.purr : TOKENS.hype
          machine.machine.creditFromEvm(credit(index, evmAmount, testUser(1 + (dice % 4))))
        } else if (dice === 8) machine.machine.beginEvmBlock()
        else machine.endBlock()
      }
      if (step % 20 === 0) {
        x.endBlock()
        reloaded.reload()
        expect(reloaded.root).toEqual(x.root)
      }
      expect(supply(x, TOKENS.hype)).toBe(start - burned)
    }
  }
})
