// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OptionPositions, OptionSeries} from "../src/OptionPositions.sol";
import {SandboxUSDC} from "../src/SandboxUSDC.sol";
import {Settlement, SettlementInstruction} from "../src/Settlement.sol";
import {vm, equal} from "./Vm.sol";

/// @dev The trade of the fixture: ALDER delivers 100 × ETH-25JUN27-4000-C, CEDAR pays 43,072.00 USDC.
abstract contract Fixture {
    uint256 internal constant ALDER_KEY = uint256(keccak256("poundlock/test/alder"));
    uint256 internal constant CEDAR_KEY = uint256(keccak256("poundlock/test/cedar"));
    uint256 internal constant STRANGER_KEY = uint256(keccak256("poundlock/test/stranger"));

    uint256 internal constant NOW = 1_795_183_200; // 2026-11-20T14:00:00Z
    uint256 internal constant DEADLINE = NOW + 70;
    uint64 internal constant EXPIRY = 1_813_910_400; // 2027-06-25T08:00:00Z
    uint256 internal constant CONTRACTS = 100;
    uint256 internal constant PREMIUM = 43_072_000_000;
    uint256 internal constant CEDAR_FUNDS = 100_000_000_000;

    address internal alder = vm.addr(ALDER_KEY);
    address internal cedar = vm.addr(CEDAR_KEY);
    address internal stranger = vm.addr(STRANGER_KEY);

    Settlement internal settlement;
    SandboxUSDC internal usdc;
    OptionPositions internal positions;
    uint256 internal seriesId;

    function setUp() public virtual {
        vm.warp(NOW);
        settlement = new Settlement();
        usdc = new SandboxUSDC(address(this));
        positions = new OptionPositions(address(this));
        seriesId = positions.createSeries(terms());
        positions.admitWriter(alder);
        usdc.faucetMint(cedar, CEDAR_FUNDS);
        vm.prank(alder);
        positions.write(seriesId, CONTRACTS);
        vm.prank(alder);
        positions.approve(address(settlement), seriesId, type(uint256).max);
        vm.prank(cedar);
        usdc.approve(address(settlement), type(uint256).max);
    }

    function terms() internal view returns (OptionSeries memory) {
        return OptionSeries({
            underlying: "ETH",
            expiry: EXPIRY,
            strike: 4_000_000_000,
            putOrCall: 1,
            settlementAsset: address(usdc),
            multiplier: 1e18
        });
    }

    function trade() internal view returns (SettlementInstruction memory) {
        return SettlementInstruction({
            tradeId: keccak256("trade 1"),
            deliverer: alder,
            receiver: cedar,
            deliverToken: address(positions),
            deliverId: seriesId,
            deliverAmount: CONTRACTS,
            payToken: address(usdc),
            payAmount: PREMIUM,
            deadline: DEADLINE,
            nonce: 7
        });
    }

    function signed(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function bothSign(SettlementInstruction memory i) internal view returns (bytes memory, bytes memory) {
        bytes32 digest = settlement.hashInstruction(i);
        return (signed(ALDER_KEY, digest), signed(CEDAR_KEY, digest));
    }

    function settleSigned(SettlementInstruction memory i) internal {
        (bytes memory a, bytes memory c) = bothSign(i);
        settlement.settle(i, a, c);
    }

    function expectUnmoved() internal view {
        equal(positions.balanceOf(alder, seriesId), CONTRACTS);
        equal(positions.balanceOf(cedar, seriesId), 0);
        equal(usdc.balanceOf(cedar), CEDAR_FUNDS);
        equal(usdc.balanceOf(alder), 0);
    }

    function expectSettled() internal view {
        equal(positions.balanceOf(alder, seriesId), 0);
        equal(positions.balanceOf(cedar, seriesId), CONTRACTS);
        equal(usdc.balanceOf(cedar), CEDAR_FUNDS - PREMIUM);
        equal(usdc.balanceOf(alder), PREMIUM);
    }
}
