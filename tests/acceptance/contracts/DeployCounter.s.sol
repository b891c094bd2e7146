// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {Counter} from "./Counter.sol";

/// The two commands of forge that a script needs.
interface Vm {
    function startBroadcast() external;
    function stopBroadcast() external;
}

/// Deploys a counter and counts twice: three transactions of one sender.
contract DeployCounter {
    // Where forge listens: keccak256("hevm cheat code").
    Vm constant vm = Vm(0x7109709ECfa91a80626fF3989D68f67F5b1DD12D);
    bool public constant IS_SCRIPT = true;

    function run() external {
        vm.startBroadcast();
        Counter counter = new Counter();
        counter.increment(3);
        counter.increment(4);
        vm.stopBroadcast();
        require(counter.count() == 7, "the simulation counts to seven");
    }
}
