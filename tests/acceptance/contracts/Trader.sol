// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

/// Reads the exchange through the precompiles and places orders on it through CoreWriter, for itself.
contract Trader {
    address constant POSITION = 0x0000000000000000000000000000000000000800;
    address constant SPOT_BALANCE = 0x0000000000000000000000000000000000000801;
    address constant MARK_PX = 0x0000000000000000000000000000000000000806;
    address constant ORACLE_PX = 0x0000000000000000000000000000000000000807;
    address constant L1_BLOCK_NUMBER = 0x0000000000000000000000000000000000000809;
    address constant CORE_WRITER = 0x3333333333333333333333333333333333333333;
    uint24 constant LIMIT_ORDER = 1;

    struct Position {
        int64 szi;
        uint64 entryNtl;
        int64 isolatedRawUsd;
        uint32 leverage;
        bool isIsolated;
    }

    /// Mark price seen by the transaction that placed the newest order.
    uint64 public markPxAtOrder;

    function position(address user, uint16 perp) public view returns (Position memory) {
        return abi.decode(read(POSITION, abi.encode(user, perp)), (Position));
    }

    function spotBalance(address user, uint64 token)
        public
        view
        returns (uint64 total, uint64 hold, uint64 entryNtl)
    {
        return abi.decode(read(SPOT_BALANCE, abi.encode(user, token)), (uint64, uint64, uint64));
    }

    function markPx(uint32 perp) public view returns (uint64) {
        return abi.decode(read(MARK_PX, abi.encode(perp)), (uint64));
    }

    function oraclePx(uint32 perp) public view returns (uint64) {
        return abi.decode(read(ORACLE_PX, abi.encode(perp)), (uint64));
    }

    function l1BlockNumber() public view returns (uint64) {
        return abi.decode(read(L1_BLOCK_NUMBER, ""), (uint64));
    }

    /// Prices and sizes in 1e-8 human units; tif 1 ALO, 2 GTC, 3 IOC.
    function placeOrder(uint32 asset, bool isBuy, uint64 limitPx, uint64 sz, uint8 tif) external {
        markPxAtOrder = markPx(asset);
        bytes memory fields = abi.encode(asset, isBuy, limitPx, sz, false, tif, uint128(0));
        bytes memory data = abi.encodePacked(uint8(1), LIMIT_ORDER, fields);
        (bool ok, ) = CORE_WRITER.call(abi.encodeWithSignature("sendRawAction(bytes)", data));
        require(ok, "CoreWriter failed");
    }

    function read(address precompile, bytes memory input) private view returns (bytes memory) {
        (bool ok, bytes memory output) = precompile.staticcall(input);
        require(ok, "precompile failed");
        return output;
    }
}
