// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// Takes instructions for the exchange. The log is the instruction: the exchange reads it after the block.
contract CoreWriter {
    event RawAction(address indexed user, bytes data);

    function sendRawAction(bytes calldata data) external {
        // An instruction costs work on every node beside the EVM's: these rounds of nothing pay for it.
        for (uint256 i = 0; i < 400; i++) {}
        emit RawAction(msg.sender, data);
    }
}
