export {
  describeTransport,
  type TestRunner,
  type TransportFixture,
  type TransportFixtureOptions,
} from './describeTransport.ts'
