// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC6909} from "@openzeppelin/contracts/interfaces/IERC6909.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {OptionPositions, OptionSeries} from "../src/OptionPositions.sol";
import {Fixture} from "./Fixture.sol";
import {vm, equal, yes, bound} from "./Vm.sol";

contract OptionPositionsTest is Fixture {
    function testSeriesIdIsTheStructHash() public view {
        OptionSeries memory t = terms();
        bytes32 typeHash = keccak256(
            "OptionSeries(bytes32 underlying,uint64 expiry,uint256 strike,uint8 putOrCall,address settlementAsset,uint256 multiplier)"
        );
        bytes32 expected = keccak256(
            abi.encode(typeHash, t.underlying, t.expiry, t.strike, t.putOrCall, t.settlementAsset, t.multiplier)
        );
        equal(seriesId, uint256(expected));
    }

    function testFuzzEachTermChangesTheSeriesId(uint256 field, uint64 change) public view {
        vm.assume(change != 0);
        OptionSeries memory t = terms();
        field = field % 6;
        if (field == 0) t.underlying ^= bytes32(uint256(change));
        if (field == 1) t.expiry ^= change;
        if (field == 2) t.strike ^= change;
        if (field == 3) t.putOrCall ^= uint8(bound(change, 1, 255));
        if (field == 4) t.settlementAsset = address(uint160(t.settlementAsset) ^ change);
        if (field == 5) t.multiplier ^= change;
        yes(positions.seriesId(t) != seriesId, "another series has another id");
    }

    function testCreateSeriesStoresTheTerms() public view {
        equal(keccak256(abi.encode(positions.series(seriesId))), keccak256(abi.encode(terms())));
    }

    function testCreateSeriesEmitsSeriesCreated() public {
        OptionSeries memory t = terms();
        t.putOrCall = 0;
        vm.expectEmit(true, true, true, true, address(positions));
        emit OptionPositions.SeriesCreated(positions.seriesId(t), t);
        vm.prank(stranger);
        positions.createSeries(t);
    }

    function testCreateSeriesTwiceIsTheSame() public {
        equal(positions.createSeries(terms()), seriesId);
        vm.warp(EXPIRY);
        equal(positions.createSeries(terms()), seriesId);
        equal(positions.totalSupply(seriesId), CONTRACTS);
    }

    function testCreateSeriesWithMissingTermsReverts() public {
        OptionSeries memory t = terms();
        t.underlying = 0;
        createRefused(t, abi.encodeWithSelector(OptionPositions.SeriesTermsInvalid.selector));
        t = terms();
        t.strike = 0;
        createRefused(t, abi.encodeWithSelector(OptionPositions.SeriesTermsInvalid.selector));
        t = terms();
        t.multiplier = 0;
        createRefused(t, abi.encodeWithSelector(OptionPositions.SeriesTermsInvalid.selector));
        t = terms();
        t.putOrCall = 2;
        createRefused(t, abi.encodeWithSelector(OptionPositions.SeriesTermsInvalid.selector));
        t = terms();
        t.settlementAsset = stranger;
        createRefused(t, abi.encodeWithSelector(OptionPositions.SettlementAssetMissing.selector, stranger));
    }

    function testCreateExpiredSeriesReverts() public {
        OptionSeries memory t = terms();
        t.expiry = uint64(NOW);
        createRefused(t, abi.encodeWithSelector(OptionPositions.SeriesExpired.selector, positions.seriesId(t), NOW));
        t.expiry = 0;
        createRefused(t, abi.encodeWithSelector(OptionPositions.SeriesExpired.selector, positions.seriesId(t), 0));
        t.expiry = uint64(NOW + 1);
        positions.createSeries(t);
    }

    function testWriteMintsLongAndRecordsShort() public view {
        equal(positions.balanceOf(alder, seriesId), CONTRACTS);
        equal(positions.shortOf(alder, seriesId), CONTRACTS);
        equal(positions.totalSupply(seriesId), CONTRACTS);
    }

    function testWriteByAStrangerReverts() public {
        writeRefused(stranger, seriesId, 1, abi.encodeWithSelector(OptionPositions.WriterNotAdmitted.selector, stranger));
    }

    function testWriteOfNothingReverts() public {
        writeRefused(alder, seriesId, 0, abi.encodeWithSelector(OptionPositions.ContractsZero.selector));
    }

    function testWriteOfUnknownSeriesReverts() public {
        writeRefused(alder, 1, 1, abi.encodeWithSelector(OptionPositions.SeriesUnknown.selector, 1));
    }

    function testWriteInTheLastSecondBeforeExpirySucceeds() public {
        vm.warp(EXPIRY - 1);
        vm.prank(alder);
        positions.write(seriesId, 1);
        equal(positions.shortOf(alder, seriesId), CONTRACTS + 1);
    }

    function testWriteAtExpiryReverts() public {
        vm.warp(EXPIRY);
        writeRefused(
            alder, seriesId, 1, abi.encodeWithSelector(OptionPositions.SeriesExpired.selector, seriesId, EXPIRY)
        );
    }

    function testTransferMovesTheLongAndNotTheShort() public {
        vm.prank(alder);
        positions.transfer(cedar, seriesId, 40);
        equal(positions.balanceOf(cedar, seriesId), 40);
        equal(positions.shortOf(cedar, seriesId), 0);
        equal(positions.shortOf(alder, seriesId), CONTRACTS);
    }

    function testOffsetBurnsBothSides() public {
        vm.prank(alder);
        positions.offset(seriesId, 30);
        equal(positions.balanceOf(alder, seriesId), CONTRACTS - 30);
        equal(positions.shortOf(alder, seriesId), CONTRACTS - 30);
        equal(positions.totalSupply(seriesId), CONTRACTS - 30);
    }

    function testOffsetWithoutShortReverts() public {
        vm.prank(alder);
        positions.transfer(cedar, seriesId, 40);
        vm.expectRevert(abi.encodeWithSelector(OptionPositions.ShortInsufficient.selector, cedar, seriesId, 0, 1));
        vm.prank(cedar);
        positions.offset(seriesId, 1);
    }

    function testOffsetWithoutLongReverts() public {
        vm.prank(alder);
        positions.transfer(cedar, seriesId, CONTRACTS);
        (bool ok,) = address(positions).call(abi.encodeCall(OptionPositions.offset, (seriesId, 1)));
        yes(!ok, "no long, no offset");
        equal(positions.shortOf(alder, seriesId), CONTRACTS);
    }

    function testOffsetOfNothingReverts() public {
        vm.expectRevert(OptionPositions.ContractsZero.selector);
        vm.prank(alder);
        positions.offset(seriesId, 0);
    }

    function testOffsetSurvivesSuspensionAndExpiry() public {
        positions.suspendWriter(alder);
        vm.warp(EXPIRY + 1);
        vm.prank(alder);
        positions.offset(seriesId, CONTRACTS);
        equal(positions.totalSupply(seriesId), 0);
    }

    function testSuspendedWriterCannotWrite() public {
        positions.suspendWriter(alder);
        yes(!positions.isWriter(alder), "suspended");
        writeRefused(alder, seriesId, 1, abi.encodeWithSelector(OptionPositions.WriterNotAdmitted.selector, alder));
    }

    function testOnlyTheOwnerAdmitsAndSuspends() public {
        bytes memory reason = abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger);
        vm.expectRevert(reason);
        vm.prank(stranger);
        positions.admitWriter(stranger);
        vm.expectRevert(reason);
        vm.prank(stranger);
        positions.suspendWriter(alder);
    }

    function testSupportsERC6909() public view {
        yes(positions.supportsInterface(type(IERC6909).interfaceId), "ERC-6909");
    }

    function testFuzzLongsEqualShorts(uint64 written, uint64 moved, uint64 closed) public {
        uint256 more = bound(written, 1, type(uint64).max);
        vm.prank(alder);
        positions.write(seriesId, more);
        uint256 longs = CONTRACTS + more;
        uint256 away = bound(moved, 0, longs - 1);
        vm.prank(alder);
        positions.transfer(cedar, seriesId, away);
        uint256 off = bound(closed, 1, longs - away);
        vm.prank(alder);
        positions.offset(seriesId, off);
        equal(positions.totalSupply(seriesId), positions.shortOf(alder, seriesId));
        equal(positions.totalSupply(seriesId), longs - off);
    }

    function createRefused(OptionSeries memory t, bytes memory reason) private {
        vm.expectRevert(reason);
        positions.createSeries(t);
    }

    function writeRefused(address writer, uint256 id, uint256 contracts, bytes memory reason) private {
        vm.expectRevert(reason);
        vm.prank(writer);
        positions.write(id, contracts);
    }
}
