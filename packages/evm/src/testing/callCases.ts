import { uintToBytes } from '@openliquid/primitives'
import {
  ALL,
  BIG,
  call,
  create,
  deploys,
  OTHER,
  push,
  type StateCase,
  stores,
} from './stateCase.ts'

/** Calls, creations and self-destruction. */
export const CALL_CASES: readonly StateCase[] = [
  ...[
    ['call', 0xf1],
    ['callcode', 0xf2],
    ['delegatecall', 0xf4],
    ['staticcall', 0xfa],
  ].map(
    ([name, op]): StateCase => ({
      name: `${name}`,
      other: [
        0x33,
        ...push(0),
        0x52,
        0x34,
        ...push(32),
        0x52,
        ...(op === 0xfa ? [] : [...push(5), ...push(77), 0x55]),
        ...push(64),
        ...push(0),
        0xf3,
      ],
      code: stores([
        call(op as number, OTHER, { value: 2, output: 64 }),
        [...push(64), 0x51],
        [...push(96), 0x51],
        [0x3d],
        [0x5a],
      ]),
    }),
  ),
  {
    name: 'call of nobody with value',
    code: stores([
      call(0xf1, uintToBytes(0x5555, 20), { value: 1 }),
      call(0xf1, uintToBytes(0x5556, 20)),
    ]),
    forks: ALL,
  },
  {
    name: 'call with more value than there is',
    code: stores([call(0xf1, OTHER, { value: 1_000_000 }), [0x3d]]),
  },
  {
    name: 'call that reverts',
    other: [...push(9), ...push(1), 0x55, ...push(32), ...push(0), 0xfd],
    code: stores([call(0xf1, OTHER), [0x3d], [...push(64), 0x51]]),
  },
  {
    name: 'call without gas',
    other: [0x5b, ...push(0), 0x56],
    code: stores([call(0xf1, OTHER, { gas: 5_000 }), [0x5a]]),
  },
  {
    name: 'static call that writes',
    other: [...push(9), ...push(1), 0x55],
    code: stores([call(0xfa, OTHER), [0x3d]]),
  },
  {
    name: 'return data copy',
    other: [...push(BIG), ...push(0), 0x52, ...push(40), ...push(0), 0xf3],
    code: [
      ...call(0xf1, OTHER, { output: 0 }),
      0x50,
      ...push(30),
      ...push(8),
      ...push(0),
      0x3e,
      ...stores([[...push(0), 0x51]]),
    ],
  },
  {
    name: 'return data copy past its end',
    other: [0x00],
    code: [...call(0xf1, OTHER), ...push(1), ...push(0), ...push(0), 0x3e],
  },
  { name: 'create', code: stores([create(0xf0, deploys([0x60, 0x01])), [0x3d]]), forks: ALL },
  {
    name: 'create2 twice',
    code: stores([
      create(0xf5, deploys([0x60, 0x01])),
      create(0xf5, deploys([0x60, 0x01])),
      [0x3d],
    ]),
    forks: ALL,
  },
  {
    name: 'create that reverts',
    code: stores([create(0xf0, [...push(32), ...push(0), 0xfd]), [0x3d]]),
  },
  {
    name: 'create of reserved code',
    code: stores([create(0xf0, deploys([0xef, 0x01]))]),
    forks: ALL,
  },
  {
    name: 'create with too long init code',
    code: [...push(50_000), ...push(0), ...push(0), 0xf0, ...push(1), 0x55],
    forks: ALL,
  },
  { name: 'selfdestruct', code: [0x73, ...OTHER, 0xff], forks: ALL },
  { name: 'selfdestruct of what was just made', code: create(0xf0, [0x30, 0xff]), forks: ALL },
]
