// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// A token of the EVM that is linked to one of the exchange. The whole supply begins with the system address.
contract LinkedToken {
    mapping(address => uint256) public balanceOf;
    bool public paused;

    event Transfer(address indexed from, address indexed to, uint256 value);

    constructor(address system, uint256 supply) {
        balanceOf[system] = supply;
        emit Transfer(address(0), system, supply);
    }

    function pause(bool value) external {
        paused = value;
    }

    function transfer(address to, uint256 value) external returns (bool) {
        require(!paused, "paused");
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value;
        emit Transfer(msg.sender, to, value);
        return true;
    }

    event Received(address from, bytes32 recipient, uint32 chainId, uint256 value, uint64 nonce, bytes data);

    /// Told by the system address of tokens that came with data.
    function coreReceiveWithData(
        address from,
        bytes32 recipient,
        uint32 chainId,
        uint256 value,
        uint64 nonce,
        bytes calldata data
    ) external {
        require(!paused, "paused");
        address to = address(uint160(uint256(recipient)));
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value;
        emit Transfer(msg.sender, to, value);
        emit Received(from, recipient, chainId, value, nonce, data);
    }
}

/// A user of both worlds that is a contract.
contract Crosser {
    address constant CORE_WRITER = 0x3333333333333333333333333333333333333333;

    receive() external payable {}

    /// Hands an instruction to the exchange.
    function act(uint24 id, bytes calldata fields) external {
        send(id, fields);
    }

    /// Sends value to the exchange and hands it an instruction, and then thinks better of it.
    function regret(address payable system, uint24 id, bytes calldata fields) external payable {
        (bool sent, ) = system.call{value: msg.value}("");
        require(sent, "not sent");
        send(id, fields);
        revert("regret");
    }

    /// The same, but only the frame that sent is undone.
    function regretInside(address payable system, uint24 id, bytes calldata fields) external payable {
        try this.regret{value: msg.value}(system, id, fields) {} catch {}
    }

    function send(uint24 id, bytes calldata fields) private {
        bytes memory data = abi.encodePacked(uint8(1), id, fields);
        (bool done, ) = CORE_WRITER.call(abi.encodeWithSignature("sendRawAction(bytes)", data));
        require(done, "not written");
    }
}
