// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OptionPositions, OptionSeries} from "../src/OptionPositions.sol";
import {SandboxUSDC} from "../src/SandboxUSDC.sol";
import {Settlement, SettlementInstruction} from "../src/Settlement.sol";
import {Fixture} from "./Fixture.sol";
import {vm, equal, yes, bound} from "./Vm.sol";

/// @dev Four parties who trade, replay, cancel and tamper. It keeps its own books and never asks the contracts
/// for anything but whether a call went through.
contract Traders is Fixture {
    uint256 public constant PARTIES = 4;
    uint256 private constant FUNDS = 1_000_000;
    uint256 private constant FIRST_LONGS = 1_000;

    address[] public party;
    mapping(address => uint256) public money;
    mapping(address => uint256) public longs;
    mapping(address => uint256) public shorts;
    mapping(bytes32 => uint256) public timesSettled;
    bytes32[] public trades;

    SettlementInstruction[] private _past;

    function open() external {
        Fixture.setUp();
        for (uint256 k = 0; k < PARTIES; k++) {
            address p = vm.addr(keyOf(k));
            party.push(p);
            positions.admitWriter(p);
            usdc.faucetMint(p, FUNDS);
            money[p] = FUNDS;
            vm.prank(p);
            usdc.approve(address(settlement), type(uint256).max);
            vm.prank(p);
            positions.setOperator(address(settlement), true);
            write(k, FIRST_LONGS);
        }
    }

    function contracts() external view returns (Settlement, SandboxUSDC, OptionPositions, uint256) {
        return (settlement, usdc, positions, seriesId);
    }

    function tradeCount() external view returns (uint256) {
        return trades.length;
    }

    function write(uint256 who, uint256 count) public {
        address p = party[who % PARTIES];
        count = bound(count, 1, FIRST_LONGS);
        vm.prank(p);
        positions.write(seriesId, count);
        longs[p] += count;
        shorts[p] += count;
    }

    function offset(uint256 who, uint256 count) external {
        address p = party[who % PARTIES];
        uint256 most = longs[p] < shorts[p] ? longs[p] : shorts[p];
        if (most == 0) return;
        count = bound(count, 1, most);
        vm.prank(p);
        positions.offset(seriesId, count);
        longs[p] -= count;
        shorts[p] -= count;
    }

    /// @dev Few trade ids and nonces, so that they collide. Amounts often exceed what the party has.
    function settle(uint256 from, uint256 to, uint256 count, uint256 pay, uint256 id, uint256 nonce) external {
        SettlementInstruction memory i = trade();
        from %= PARTIES;
        to = (from + bound(to, 1, PARTIES - 1)) % PARTIES;
        (i.deliverer, i.receiver) = (party[from], party[to]);
        i.deliverAmount = bound(count, 0, 600);
        i.payAmount = bound(pay, 0, FUNDS / 2);
        i.tradeId = bytes32(bound(id, 1, 24));
        i.nonce = bound(nonce, 0, 24);
        submit(i, keyOf(from), keyOf(to));
        _past.push(i);
    }

    function replay(uint256 which) external {
        if (_past.length == 0) return;
        SettlementInstruction memory i = _past[which % _past.length];
        submit(i, keyOfParty(i.deliverer), keyOfParty(i.receiver));
    }

    function settleForged(uint256 which, uint256 forger) external {
        if (_past.length == 0) return;
        SettlementInstruction memory i = _past[which % _past.length];
        i.payAmount = 1;
        i.tradeId = bytes32(uint256(1_000) + which % 1_000);
        uint256 key = keyOf(forger % PARTIES);
        if (vm.addr(key) == i.deliverer && vm.addr(key) == i.receiver) return;
        bytes memory s = signed(key, settlement.hashInstruction(i));
        (bool ok,) = address(settlement).call(abi.encodeCall(Settlement.settle, (i, s, s)));
        yes(!ok, "one key cannot sign for two parties");
    }

    function cancel(uint256 from, uint256 to, uint256 nonce) external {
        (address d, address r) = (party[from % PARTIES], party[to % PARTIES]);
        nonce = bound(nonce, 0, 24);
        if (settlement.nonceUsed(d, r, nonce)) return;
        vm.prank(nonce % 2 == 0 ? d : r);
        settlement.cancel(d, r, nonce);
    }

    /// @dev The trade of the fixture, whose parties take no part in the walk.
    function settleFixture() external {
        SettlementInstruction memory i = trade();
        i.deadline = block.timestamp;
        settleSigned(i);
        expectSettled();
    }

    function pass(uint256 seconds_) external {
        vm.warp(block.timestamp + bound(seconds_, 0, 2));
    }

    function submit(SettlementInstruction memory i, uint256 delivererKey, uint256 receiverKey) private {
        bytes32 digest = settlement.hashInstruction(i);
        bytes memory call =
            abi.encodeCall(Settlement.settle, (i, signed(delivererKey, digest), signed(receiverKey, digest)));
        (bool ok,) = address(settlement).call(call);
        if (!ok) return;
        yes(i.deliverAmount > 0 && i.payAmount > 0, "no leg is empty");
        yes(block.timestamp <= i.deadline, "nothing settles after its deadline");
        book(i);
    }

    function book(SettlementInstruction memory i) private {
        longs[i.deliverer] -= i.deliverAmount;
        longs[i.receiver] += i.deliverAmount;
        money[i.receiver] -= i.payAmount;
        money[i.deliverer] += i.payAmount;
        bytes32 name = keccak256(abi.encode(i.deliverer, i.receiver, i.tradeId));
        timesSettled[name]++;
        trades.push(name);
    }

    function keyOf(uint256 k) private pure returns (uint256) {
        return uint256(keccak256(abi.encode("poundlock/test/party", k)));
    }

    function keyOfParty(address p) private view returns (uint256) {
        for (uint256 k = 0; k < PARTIES; k++) {
            if (party[k] == p) return keyOf(k);
        }
        revert("not a party");
    }
}

contract SettlementInvariants {
    Traders private _traders;

    function setUp() public {
        _traders = new Traders();
        _traders.open();
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(_traders);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    function targetSelectors() external view returns (FuzzSelector[] memory targets) {
        bytes4[] memory s = new bytes4[](9);
        s[0] = Traders.write.selector;
        s[1] = Traders.offset.selector;
        s[2] = Traders.replay.selector;
        s[3] = Traders.settleForged.selector;
        s[4] = Traders.cancel.selector;
        s[5] = Traders.pass.selector;
        // Settling is what matters most here, so it is drawn more often.
        s[6] = Traders.settle.selector;
        s[7] = Traders.settle.selector;
        s[8] = Traders.write.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(_traders), s);
    }

    /// @dev Every balance is what the booked settlements make it: both legs of each and nothing else.
    function invariantNeverOneLegAlone() public view {
        (, SandboxUSDC usdc, OptionPositions positions, uint256 id) = _traders.contracts();
        for (uint256 k = 0; k < _traders.PARTIES(); k++) {
            address p = _traders.party(k);
            equal(usdc.balanceOf(p), _traders.money(p));
            equal(positions.balanceOf(p, id), _traders.longs(p));
            equal(positions.shortOf(p, id), _traders.shorts(p));
        }
    }

    function invariantNoTradeSettlesTwice() public view {
        for (uint256 k = 0; k < _traders.tradeCount(); k++) {
            equal(_traders.timesSettled(_traders.trades(k)), 1);
        }
    }

    function invariantMoneyIsConserved() public view {
        (Settlement settlement, SandboxUSDC usdc,,) = _traders.contracts();
        uint256 held = usdc.balanceOf(address(settlement));
        equal(held, 0);
        for (uint256 k = 0; k < _traders.PARTIES(); k++) held += _traders.money(_traders.party(k));
        equal(held + 100_000_000_000, usdc.totalSupply());
    }

    function invariantLongsEqualShorts() public view {
        (Settlement settlement,, OptionPositions positions, uint256 id) = _traders.contracts();
        equal(positions.balanceOf(address(settlement), id), 0);
        uint256 shorts = 100;
        for (uint256 k = 0; k < _traders.PARTIES(); k++) shorts += positions.shortOf(_traders.party(k), id);
        equal(positions.totalSupply(id), shorts);
    }

    /// @dev Whatever was tried before, two honest parties still settle.
    function afterInvariant() public {
        _traders.settleFixture();
    }
}
