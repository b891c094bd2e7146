// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// Every read of the exchange as contracts make them: a static call with the encoded arguments and no selector.
contract L1Read {
    struct Position {
        int64 szi;
        uint64 entryNtl;
        int64 isolatedRawUsd;
        uint32 leverage;
        bool isIsolated;
    }

    struct SpotBalance {
        uint64 total;
        uint64 hold;
        uint64 entryNtl;
    }

    struct UserVaultEquity {
        uint64 equity;
        uint64 lockedUntilTimestamp;
    }

    struct Withdrawable {
        uint64 withdrawable;
    }

    struct Delegation {
        address validator;
        uint64 amount;
        uint64 lockedUntilTimestamp;
    }

    struct DelegatorSummary {
        uint64 delegated;
        uint64 undelegated;
        uint64 totalPendingWithdrawal;
        uint64 nPendingWithdrawals;
    }

    struct PerpAssetInfo {
        string coin;
        uint32 marginTableId;
        uint8 szDecimals;
        uint8 maxLeverage;
        bool onlyIsolated;
    }

    struct SpotInfo {
        string name;
        uint64[2] tokens;
    }

    struct TokenInfo {
        string name;
        uint64[] spots;
        uint64 deployerTradingFeeShare;
        address deployer;
        address evmContract;
        uint8 szDecimals;
        uint8 weiDecimals;
        int8 evmExtraWeiDecimals;
    }

    struct UserBalance {
        address user;
        uint64 balance;
    }

    struct TokenSupply {
        uint64 maxSupply;
        uint64 totalSupply;
        uint64 circulatingSupply;
        uint64 futureEmissions;
        UserBalance[] nonCirculatingUserBalances;
    }

    struct Bbo {
        uint64 bid;
        uint64 ask;
    }

    struct AccountMarginSummary {
        int64 accountValue;
        uint64 marginUsed;
        uint64 ntlPos;
        int64 rawUsd;
    }

    struct CoreUserExists {
        bool exists;
    }

    function position(address user, uint16 perp) public view returns (Position memory) {
        return abi.decode(read(0x0800, abi.encode(user, perp)), (Position));
    }

    function spotBalance(address user, uint64 token) public view returns (SpotBalance memory) {
        return abi.decode(read(0x0801, abi.encode(user, token)), (SpotBalance));
    }

    function userVaultEquity(address user, address vault) public view returns (UserVaultEquity memory) {
        return abi.decode(read(0x0802, abi.encode(user, vault)), (UserVaultEquity));
    }

    function withdrawable(address user) public view returns (Withdrawable memory) {
        return abi.decode(read(0x0803, abi.encode(user)), (Withdrawable));
    }

    function delegations(address user) public view returns (Delegation[] memory) {
        return abi.decode(read(0x0804, abi.encode(user)), (Delegation[]));
    }

    function delegatorSummary(address user) public view returns (DelegatorSummary memory) {
        return abi.decode(read(0x0805, abi.encode(user)), (DelegatorSummary));
    }

    function markPx(uint32 index) public view returns (uint64) {
        return abi.decode(read(0x0806, abi.encode(index)), (uint64));
    }

    function oraclePx(uint32 index) public view returns (uint64) {
        return abi.decode(read(0x0807, abi.encode(index)), (uint64));
    }

    function spotPx(uint32 index) public view returns (uint64) {
        return abi.decode(read(0x0808, abi.encode(index)), (uint64));
    }

    function l1BlockNumber() public view returns (uint64) {
        return abi.decode(read(0x0809, abi.encode()), (uint64));
    }

    function perpAssetInfo(uint32 perp) public view returns (PerpAssetInfo memory) {
        return abi.decode(read(0x080a, abi.encode(perp)), (PerpAssetInfo));
    }

    function spotInfo(uint32 spot) public view returns (SpotInfo memory) {
        return abi.decode(read(0x080b, abi.encode(spot)), (SpotInfo));
    }

    function tokenInfo(uint32 token) public view returns (TokenInfo memory) {
        return abi.decode(read(0x080c, abi.encode(token)), (TokenInfo));
    }

    function tokenSupply(uint32 token) public view returns (TokenSupply memory) {
        return abi.decode(read(0x080d, abi.encode(token)), (TokenSupply));
    }

    function bbo(uint32 asset) public view returns (Bbo memory) {
        return abi.decode(read(0x080e, abi.encode(asset)), (Bbo));
    }

    function accountMarginSummary(uint32 dex, address user) public view returns (AccountMarginSummary memory) {
        return abi.decode(read(0x080f, abi.encode(dex, user)), (AccountMarginSummary));
    }

    function coreUserExists(address user) public view returns (CoreUserExists memory) {
        return abi.decode(read(0x0810, abi.encode(user)), (CoreUserExists));
    }

    function position2(address user, uint32 perp) public view returns (Position memory) {
        return abi.decode(read(0x0813, abi.encode(user, perp)), (Position));
    }

    function read(uint160 precompile, bytes memory input) private view returns (bytes memory) {
        (bool ok, bytes memory result) = address(precompile).staticcall(input);
        require(ok, "precompile call failed");
        return result;
    }
}

/// All fields of all reads, as words.
contract L1ReadProbe is L1Read {
    function words(address user, uint16 perp, uint32 pair, uint32 token) external view returns (bytes memory) {
        return bytes.concat(
            ofUser(user, perp, token),
            ofPrices(perp, pair),
            ofAssets(perp, pair),
            ofToken(token),
            abi.encode(accountMarginSummary(0, user), coreUserExists(user))
        );
    }

    function ofUser(address user, uint16 perp, uint32 token) private view returns (bytes memory) {
        return bytes.concat(
            abi.encode(position(user, perp), position2(user, perp), spotBalance(user, token)),
            abi.encode(withdrawable(user), delegatorSummary(user), delegations(user).length)
        );
    }

    function ofPrices(uint16 perp, uint32 pair) private view returns (bytes memory) {
        return bytes.concat(
            abi.encode(markPx(perp), oraclePx(perp), spotPx(pair), l1BlockNumber()),
            abi.encode(bbo(perp), bbo(10000 + pair))
        );
    }

    function ofAssets(uint16 perp, uint32 pair) private view returns (bytes memory) {
        PerpAssetInfo memory a = perpAssetInfo(perp);
        SpotInfo memory s = spotInfo(pair);
        return bytes.concat(
            abi.encode(keccak256(bytes(a.coin)), a.marginTableId, a.szDecimals, a.maxLeverage, a.onlyIsolated),
            abi.encode(keccak256(bytes(s.name)), s.tokens)
        );
    }

    function ofToken(uint32 token) private view returns (bytes memory) {
        TokenInfo memory t = tokenInfo(token);
        TokenSupply memory u = tokenSupply(token);
        return bytes.concat(
            abi.encode(keccak256(bytes(t.name)), t.spots.length, t.spots[0], t.deployerTradingFeeShare),
            abi.encode(t.deployer, t.evmContract, t.szDecimals, t.weiDecimals, t.evmExtraWeiDecimals),
            abi.encode(u.maxSupply, u.totalSupply, u.circulatingSupply, u.futureEmissions),
            abi.encode(u.nonCirculatingUserBalances.length)
        );
    }
}
