export { NaiveOrderBook } from '../orderBookNaive.ts'
export { NaiveTriggerBook } from '../triggerBook.ts'
export {
  ASSETS,
  GENESIS_MS,
  TestExchange,
  TOKENS,
  testContext,
  testCore,
  testGenesis,
  testUser,
  testUserHex,
  testValidators,
} from './fixtures.ts'
export { applyStep, prng, type RandomStep, randomStep } from './randomHistory.ts'
