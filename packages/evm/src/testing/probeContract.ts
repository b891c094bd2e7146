import { concatBytes, keccak256, uintToBytes, utf8ToBytes } from '@openliquid/primitives'
import { type CompiledContract, compileSolidity } from './compileSolidity.ts'

/** A contract that does one of everything the EVM's tests look at. */
const SOURCE = `
// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

interface ICoreWriter { function sendRawAction(bytes calldata data) external; }

contract Child {
    uint256 public kept = 7;
    constructor() payable {}
    function end(address payable to) external { selfdestruct(to); }
}

contract Probe {
    event Stored(address indexed who, uint256 indexed key, uint256 value);
    error Refused(uint256 code);
    mapping(uint256 => uint256) public values;
    uint256 public counter;
    ICoreWriter constant CORE_WRITER = ICoreWriter(0x3333333333333333333333333333333333333333);

    constructor() payable {}
    receive() external payable {}

    function store(uint256 key, uint256 value) external { values[key] = value; emit Stored(msg.sender, key, value); }
    function count(uint256 times) external { for (uint256 i = 0; i < times; i++) counter += 1; }
    function refuse(string calldata why) external pure { require(false, why); }
    function refuseCode(uint256 code) external pure { revert Refused(code); }
    function spin() external { while (true) counter += 1; }
    function environment() external view returns (uint256, uint256, address, uint256, uint256, uint256, bytes32) {
        return (block.number, block.timestamp, block.coinbase, block.prevrandao, block.basefee, block.gaslimit,
            blockhash(block.number - 1));
    }
    function read(address at, bytes calldata input, uint256 gasGiven) external returns (bool ok, bytes memory output, uint256 gasUsed) {
        uint256 before = gasleft();
        (ok, output) = at.staticcall{gas: gasGiven}(input);
        gasUsed = before - gasleft();
        counter = ok ? 1 : 2;
    }
    function write(bytes calldata data) external { CORE_WRITER.sendRawAction(data); }
    function writeAndRevert(bytes calldata data) external { CORE_WRITER.sendRawAction(data); revert("undone"); }
    function writeInside(bytes calldata data) external {
        CORE_WRITER.sendRawAction(data);
        try this.writeAndRevert(data) {} catch {}
        CORE_WRITER.sendRawAction(data);
    }
    function bearAndEnd() external payable { Child child = new Child{value: msg.value}(); child.end(payable(msg.sender)); }
    function bear(bytes32 salt) external returns (address) { return address(new Child{salt: salt}()); }
    function endChild(Child child) external { child.end(payable(msg.sender)); }
}
`

let compiled: CompiledContract | undefined

/** The probe, compiled once per process. */
export function probeContract(): CompiledContract {
  compiled ??= compileSolidity(SOURCE, 'Probe', { optimize: true })
  return compiled
}

/** An argument of `callData`: integers are words, bytes of 20 an address, bytes in a list a dynamic argument. */
export type Argument = bigint | number | Uint8Array | readonly [Uint8Array]

/** ABI encoding of a call. */
export function callData(signature: string, ...args: readonly Argument[]): Uint8Array {
  const heads: Uint8Array[] = []
  const tails: Uint8Array[] = []
  let tailAt = args.length * 32
  for (const argument of args) {
    if (Array.isArray(argument)) {
      const tail = dynamic(argument[0] as Uint8Array)
      heads.push(uintToBytes(tailAt, 32))
      tails.push(tail)
      tailAt += tail.length
    } else if (argument instanceof Uint8Array) {
      heads.push(concatBytes(new Uint8Array(32 - argument.length), argument))
    } else {
      heads.push(uintToBytes(argument as bigint | number, 32))
    }
  }
  return concatBytes(keccak256(utf8ToBytes(signature)).slice(0, 4), ...heads, ...tails)
}

function dynamic(bytes: Uint8Array): Uint8Array {
  const padding = new Uint8Array((32 - (bytes.length % 32)) % 32)
  return concatBytes(uintToBytes(bytes.length, 32), bytes, padding)
}
