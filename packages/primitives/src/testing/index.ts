export { ACTION_EXAMPLES } from './actionExamples.ts'
export {
  describeTransport,
  type TestRunner,
  type TransportFixture,
  type TransportFixtureOptions,
} from './describeTransport.ts'
export { emptyExchange } from './emptyExchange.ts'
export { packPlain } from './packPlain.ts'
export { sampleGenesis } from './sampleGenesis.ts'
export { sample } from './samples.ts'
export { SeededRandom } from './seededRandom.ts'
