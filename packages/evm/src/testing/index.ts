export { type CompiledContract, compileSolidity } from './compileSolidity.ts'
export {
  EvmFixture,
  FIXTURE_ADDRESSES,
  FIXTURE_CHAIN_ID,
  type FixtureOptions,
  fixtureContext,
  fixtureGenesis,
  NO_EXCHANGE,
  payloadTransaction,
} from './evmFixture.ts'
export { signTransaction, TEST_SECRET_KEYS, type UnsignedTransaction } from './signTransaction.ts'
