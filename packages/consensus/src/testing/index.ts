export { encodeReputation } from '../reputationCodec.ts'
export { EMPTY_PAYLOAD, Fixture } from './fixture.ts'
export { HighTipFixture, signPadded, verifyPadded } from './highTipFixture.ts'
