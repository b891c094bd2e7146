// Per token, both escrows together hold what they began with, and beside it only what is known to stay with them: dust,
// refused credits, failed transfers. Checked after every block of random histories.
import {
  type Address,
  bytesToHex,
  NATIVE_SYSTEM_ADDRESS,
  type Transaction,
} from '@openliquid/primitives'
import { SeededRandom } from '@openliquid/primitives/testing'
import { memoryStore } from '@openliquid/storage/testing'
import { expect, test } from 'vitest'
import { Application, type BlockResult } from '../src/index.ts'
import {
  bridgeGenesis,
  callData,
  initCode,
  LINKED_TOKEN_ARGUMENTS,
  linkedBalance,
  linkedToken,
  onCore,
  PURR_SYSTEM,
  TOKENS,
  toEvm,
} from './bridgeChain.ts'
import { actionOf, alice, bob, evmTransactionOf, run, stranger, type User } from './chain.ts'

const USERS = [alice, bob, stranger]
const BLOCKS = 25
const UNIT = { [TOKENS.purr]: 10n ** 13n, [TOKENS.hype]: 10n ** 10n } as const
type Token = keyof typeof UNIT

/** Makes the transactions of a random history, with the nonces that they need. */
class History {
  readonly #random: SeededRandom
  #nonce: number
  readonly #evmNonces = new Map<User, number>([[alice, 1]])

  constructor(seed: number, nonce: number) {
    this.#random = new SeededRandom(seed)
    this.#nonce = nonce
  }

  /** Up to four: to the EVM, back, to and fro on the EVM, and the switch that makes the linked token fail. */
  block(): Transaction[] {
    return Array.from({ length: this.#below(5) }, () => this.#step())
  }

  #step(): Transaction {
    const user = USERS[this.#below(USERS.length)] ?? alice
    const dice = this.#below(10)
    if (dice < 4) {
      const amount = `${this.#below(60)}.${1 + this.#below(99_998)}`.replace(/0+$/, '')
      this.#nonce += 1
      const action = { ...toEvm(dice < 2 ? 'HYPE' : 'PURR', amount), time: this.#nonce }
      return actionOf(user, action as ReturnType<typeof toEvm>, this.#nonce)
    }
    const wei = BigInt(this.#below(1_000_000)) * 10n ** BigInt(this.#below(14))
    if (dice < 6) return this.#evm(user, { to: NATIVE_SYSTEM_ADDRESS, value: wei })
    if (dice < 9) {
      const to = dice === 8 ? bob.address : PURR_SYSTEM
      return this.#evm(user, {
        to: linkedToken,
        data: callData('transfer(address,uint256)', to, wei),
      })
    }
    return this.#evm(user, { to: linkedToken, data: callData('pause(bool)', this.#below(2)) })
  }

  #evm(user: User, fields: { to: Address; value?: bigint; data?: Uint8Array }): Transaction {
    const nonce = this.#evmNonces.get(user) ?? 0
    this.#evmNonces.set(user, nonce + 1)
    return evmTransactionOf(user, { gasLimit: 200_000, ...fields, nonce })
  }

  #below(bound: number): number {
    return this.#random.integer(0, bound - 1)
  }
}

/** Both escrows of a token in wei of the EVM. Nothing waits between blocks on a chain without periods. */
async function escrows(application: Application, token: Token): Promise<bigint> {
  const isNative = token === TOKENS.hype
  const system = isNative ? NATIVE_SYSTEM_ADDRESS : PURR_SYSTEM
  const onEvm = isNative
    ? application.view.evm.getBalance(system)
    : await linkedBalance(application, system)
  return onCore(application, system, token) * UNIT[token] + onEvm
}

/** What a block left with the escrows for good. */
function stuck({ events }: BlockResult, token: Token): bigint {
  let sum = 0n
  for (const event of events) {
    if (event.kind === 'evmTransfer' && event.token === token && event.status === 'failed') {
      sum += BigInt(event.amount)
    }
    if (event.kind === 'evmCredit' && event.token === token) {
      const credited = event.refused === undefined ? BigInt(event.wei) * UNIT[token] : 0n
      sum += BigInt(event.amount) - credited
    }
  }
  return sum
}

test.each([1, 2, 3])('seed %d', async (seed) => {
  const genesis = bridgeGenesis()
  const clock = (): number => genesis.genesisTimeMs + 1_000
  const [one, two] = await Promise.all(
    [0, 1].map(() => Application.create({ store: memoryStore(), genesis, clock })),
  )
  if (one === undefined || two === undefined) throw new Error('two nodes')
  const data = initCode('bridge', 'LinkedToken', ...LINKED_TOKEN_ARGUMENTS)
  const deploy = evmTransactionOf(alice, { nonce: 0, data, gasLimit: 2_000_000 })
  for (const node of [one, two]) await run(node, [deploy])

  const history = new History(seed, genesis.genesisTimeMs)
  const tokens = [TOKENS.purr, TOKENS.hype]
  const held = new Map<Token, bigint>()
  for (const token of tokens) held.set(token, await escrows(one, token))
  const kinds = new Set<string>()
  for (let block = 0; block < BLOCKS; block++) {
    const transactions = history.block()
    const result = await run(one, transactions)
    const other = await run(two, transactions)
    expect(bytesToHex(other.stateRoot)).toBe(bytesToHex(result.stateRoot))
    for (const token of tokens) {
      const expected = (held.get(token) ?? 0n) + stuck(result, token)
      expect(await escrows(one, token)).toBe(expected)
      held.set(token, expected)
    }
    for (const event of result.events) {
      if (event.kind === 'evmTransfer') kinds.add(event.status)
      if (event.kind === 'evmCredit')
        kinds.add(event.refused === undefined ? 'credited' : 'refused')
    }
  }
  expect([...kinds]).toEqual(expect.arrayContaining(['executed', 'credited']))
})
