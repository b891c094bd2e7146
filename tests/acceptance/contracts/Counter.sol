// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// Counts, and says so in an event.
contract Counter {
    event Incremented(address indexed by, uint256 count);

    error StepTooLarge(uint256 step, uint256 stepMax);

    uint256 constant STEP_MAX = 1_000;

    uint256 public count;

    function increment(uint256 step) external {
        require(step > 0, "step is zero");
        if (step > STEP_MAX) revert StepTooLarge(step, STEP_MAX);
        count += step;
        emit Incremented(msg.sender, count);
    }
}
