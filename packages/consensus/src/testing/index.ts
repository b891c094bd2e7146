export { EMPTY_PAYLOAD, Fixture } from './fixture.ts'
