// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// Where the native token leaves for the exchange: what it receives, the sender gets there.
contract SystemAddress {
    event Received(address indexed user, uint256 amount);

    receive() external payable {
        emit Received(msg.sender, msg.value);
    }
}
