// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// Counts, and says so in an event.
contract Counter {
    event Incremented(address indexed by, uint256 count);

    uint256 public count;

    function increment(uint256 step) external {
        require(step > 0, "step is zero");
        count += step;
        emit Incremented(msg.sender, count);
    }
}
