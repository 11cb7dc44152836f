// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC6909} from "@openzeppelin/contracts/token/ERC6909/ERC6909.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Settlement, SettlementInstruction} from "../src/Settlement.sol";
import {Fixture} from "./Fixture.sol";
import {
    FeeMoney,
    RebateMoney,
    FalseMoney,
    LyingMoney,
    SilentMoney,
    GuardedMoney,
    ReentrantMoney,
    Money,
    FalsePositions,
    ShortPositions,
    ConjuringPositions,
    SkimmingPositions,
    Wallet,
    RevertingWallet,
    ShortWallet,
    ReentrantWallet
} from "./Doubles.sol";
import {vm, equal, yes, bound} from "./Vm.sol";

contract SettlementTest is Fixture {
    /// @dev Order of the secp256k1 group (SEC 2 §2.4.1).
    uint256 private constant N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    function testSettleMovesBothLegs() public {
        settleSigned(trade());
        expectSettled();
    }

    function testSettleByAnyoneMovesTheSame() public {
        SettlementInstruction memory i = trade();
        (bytes memory a, bytes memory c) = bothSign(i);
        vm.prank(stranger);
        settlement.settle(i, a, c);
        expectSettled();
        equal(usdc.balanceOf(stranger), 0);
    }

    function testSettleEmitsSettled() public {
        SettlementInstruction memory i = trade();
        bytes32 digest = settlement.hashInstruction(i);
        (bytes memory a, bytes memory c) = bothSign(i);
        vm.expectEmit(true, true, true, true, address(settlement));
        emit Settlement.Settled(
            i.tradeId, alder, cedar, digest, address(positions), seriesId, CONTRACTS, address(usdc), PREMIUM, i.nonce
        );
        settlement.settle(i, a, c);
    }

    function testSettledAnswersTheDigest() public {
        SettlementInstruction memory i = trade();
        equal(settlement.settled(alder, cedar, i.tradeId), bytes32(0));
        settleSigned(i);
        equal(settlement.settled(alder, cedar, i.tradeId), settlement.hashInstruction(i));
        equal(settlement.settled(cedar, alder, i.tradeId), bytes32(0));
    }

    function testSettleHoldsNothingItself() public {
        settleSigned(trade());
        equal(usdc.balanceOf(address(settlement)), 0);
        equal(positions.balanceOf(address(settlement), seriesId), 0);
    }

    // Replay, cancellation, time.

    function testReplayReverts() public {
        SettlementInstruction memory i = trade();
        settleSigned(i);
        bytes32 digest = settlement.hashInstruction(i);
        refused(i, abi.encodeWithSelector(Settlement.TradeAlreadySettled.selector, i.tradeId, digest));
    }

    function testSameTradeUnderAnotherNonceReverts() public {
        SettlementInstruction memory i = halfTrade();
        settleSigned(i);
        bytes32 digest = settlement.hashInstruction(i);
        i.nonce = 8;
        refused(i, abi.encodeWithSelector(Settlement.TradeAlreadySettled.selector, i.tradeId, digest));
    }

    function testAnotherTradeUnderTheSameNonceReverts() public {
        SettlementInstruction memory i = halfTrade();
        settleSigned(i);
        i.tradeId = keccak256("trade 2");
        refused(i, abi.encodeWithSelector(Settlement.NonceUsed.selector, alder, cedar, i.nonce));
    }

    function testNoncesSettleInAnyOrder() public {
        SettlementInstruction memory i = halfTrade();
        i.nonce = type(uint256).max;
        settleSigned(i);
        i.tradeId = keccak256("trade 2");
        i.nonce = 0;
        settleSigned(i);
        expectSettled();
        yes(settlement.nonceUsed(alder, cedar, 0), "0 is used");
        yes(settlement.nonceUsed(alder, cedar, type(uint256).max), "max is used");
        yes(!settlement.nonceUsed(alder, cedar, 255), "255 is free");
        yes(!settlement.nonceUsed(cedar, alder, 0), "the other direction is free");
    }

    function testStrangersCannotOccupyATradeId() public {
        SettlementInstruction memory i = trade();
        positions.admitWriter(stranger);
        SettlementInstruction memory squat = strangersTrade(i.tradeId);
        bytes32 digest = settlement.hashInstruction(squat);
        settlement.settle(squat, signed(STRANGER_KEY, digest), signed(STRANGER_KEY + 1, digest));
        settleSigned(i);
        equal(positions.balanceOf(cedar, seriesId), CONTRACTS);
    }

    function testSettleInTheLastSecondSucceeds() public {
        vm.warp(DEADLINE);
        settleSigned(trade());
        expectSettled();
    }

    function testSettleOneSecondLaterReverts() public {
        vm.warp(DEADLINE + 1);
        refused(trade(), abi.encodeWithSelector(Settlement.InstructionExpired.selector, DEADLINE, DEADLINE + 1));
    }

    function testCancelledByDelivererReverts() public {
        vm.prank(alder);
        settlement.cancel(alder, cedar, 7);
        refused(trade(), abi.encodeWithSelector(Settlement.NonceUsed.selector, alder, cedar, 7));
    }

    function testCancelledByReceiverReverts() public {
        vm.expectEmit(true, true, true, true, address(settlement));
        emit Settlement.NonceCancelled(alder, cedar, 7, cedar);
        vm.prank(cedar);
        settlement.cancel(alder, cedar, 7);
        refused(trade(), abi.encodeWithSelector(Settlement.NonceUsed.selector, alder, cedar, 7));
    }

    function testCancelOfAnotherNonceLeavesTheInstruction() public {
        vm.prank(alder);
        settlement.cancel(alder, cedar, 8);
        settleSigned(trade());
        expectSettled();
    }

    function testCancelByAStrangerReverts() public {
        vm.expectRevert(abi.encodeWithSelector(Settlement.NotAParty.selector, stranger));
        vm.prank(stranger);
        settlement.cancel(alder, cedar, 7);
    }

    function testCancelAfterSettlementReverts() public {
        settleSigned(trade());
        vm.expectRevert(abi.encodeWithSelector(Settlement.NonceUsed.selector, alder, cedar, 7));
        vm.prank(alder);
        settlement.cancel(alder, cedar, 7);
    }

    // Terms.

    function testSettleWithZeroPartyReverts() public {
        SettlementInstruction memory i = trade();
        i.deliverer = address(0);
        refused(i, abi.encodeWithSelector(Settlement.PartiesInvalid.selector));
        i = trade();
        i.receiver = address(0);
        refused(i, abi.encodeWithSelector(Settlement.PartiesInvalid.selector));
    }

    function testSettleWithOneselfReverts() public {
        SettlementInstruction memory i = trade();
        i.receiver = alder;
        refused(i, abi.encodeWithSelector(Settlement.PartiesInvalid.selector));
    }

    function testSettleWithAnEmptyLegReverts() public {
        SettlementInstruction memory i = trade();
        i.deliverAmount = 0;
        refused(i, abi.encodeWithSelector(Settlement.AmountZero.selector));
        i = trade();
        i.payAmount = 0;
        refused(i, abi.encodeWithSelector(Settlement.AmountZero.selector));
    }

    // Signatures.

    function testSwappedSignaturesRevert() public {
        SettlementInstruction memory i = trade();
        (bytes memory a, bytes memory c) = bothSign(i);
        refusedWith(i, c, a, alder);
    }

    function testOnePartySigningTwiceReverts() public {
        SettlementInstruction memory i = trade();
        (bytes memory a, bytes memory c) = bothSign(i);
        refusedWith(i, a, a, cedar);
        refusedWith(i, c, c, alder);
    }

    function testStrangersSignatureReverts() public {
        SettlementInstruction memory i = trade();
        (bytes memory a,) = bothSign(i);
        refusedWith(i, a, signed(STRANGER_KEY, settlement.hashInstruction(i)), cedar);
    }

    function testEmptySignatureReverts() public {
        SettlementInstruction memory i = trade();
        (bytes memory a, bytes memory c) = bothSign(i);
        refusedWith(i, "", c, alder);
        refusedWith(i, a, "", cedar);
    }

    function testHighSSignatureReverts() public {
        SettlementInstruction memory i = trade();
        bytes32 digest = settlement.hashInstruction(i);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ALDER_KEY, digest);
        bytes memory malleated = abi.encodePacked(r, bytes32(N - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        (, bytes memory c) = bothSign(i);
        refusedWith(i, malleated, c, alder);
    }

    function testCompactSignatureReverts() public {
        SettlementInstruction memory i = trade();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(ALDER_KEY, settlement.hashInstruction(i));
        bytes32 vs = bytes32(uint256(s) | uint256(v - 27) << 255);
        (, bytes memory c) = bothSign(i);
        refusedWith(i, abi.encodePacked(r, vs), c, alder);
    }

    function testSignatureWithTrailingByteReverts() public {
        SettlementInstruction memory i = trade();
        (bytes memory a, bytes memory c) = bothSign(i);
        refusedWith(i, bytes.concat(a, hex"00"), c, alder);
    }

    function testSignatureForAnotherChainReverts() public {
        SettlementInstruction memory i = trade();
        (bytes memory a, bytes memory c) = bothSign(i);
        vm.chainId(31338);
        refusedWith(i, a, c, alder);
    }

    function testSignatureForAnotherContractReverts() public {
        SettlementInstruction memory i = trade();
        Settlement other = new Settlement();
        bytes32 digest = other.hashInstruction(i);
        refusedWith(i, signed(ALDER_KEY, digest), signed(CEDAR_KEY, digest), alder);
    }

    /// @dev Each member in turn: the signatures were given for another value of it.
    function testEachMutatedFieldReverts() public {
        (bytes memory a, bytes memory c) = bothSign(trade());
        for (uint256 field = 0; field < 10; field++) {
            SettlementInstruction memory i = trade();
            mutate(i, field, 1);
            vm.expectRevert(abi.encodeWithSelector(Settlement.SignatureInvalid.selector, i.deliverer));
            settlement.settle(i, a, c);
        }
        expectUnmoved();
    }

    function testFuzzMutatedFieldReverts(uint256 field, uint256 change) public {
        (bytes memory a, bytes memory c) = bothSign(trade());
        SettlementInstruction memory i = trade();
        mutate(i, field % 10, change | 1);
        (bool ok,) = address(settlement).call(abi.encodeCall(Settlement.settle, (i, a, c)));
        yes(!ok, "a mutated instruction must not settle");
        expectUnmoved();
    }

    function testFuzzMutatedSignatureByteReverts(uint256 index, uint8 change, bool ofDeliverer) public {
        vm.assume(change != 0);
        SettlementInstruction memory i = trade();
        (bytes memory a, bytes memory c) = bothSign(i);
        bytes memory victim = ofDeliverer ? a : c;
        victim[index % 65] ^= bytes1(change);
        refusedWith(i, a, c, ofDeliverer ? alder : cedar);
    }

    function testFuzzRandomSignatureReverts(bytes calldata signature) public {
        SettlementInstruction memory i = trade();
        (bytes memory a,) = bothSign(i);
        refusedWith(i, a, signature, cedar);
    }

    function testFuzzAnyTermsSettleExactly(uint256 contracts, uint256 pay, uint256 nonce, bytes32 tradeId) public {
        SettlementInstruction memory i = trade();
        i.deliverAmount = bound(contracts, 1, CONTRACTS);
        i.payAmount = bound(pay, 1, CEDAR_FUNDS);
        i.nonce = nonce;
        i.tradeId = tradeId;
        settleSigned(i);
        equal(positions.balanceOf(cedar, seriesId), i.deliverAmount);
        equal(positions.balanceOf(alder, seriesId), CONTRACTS - i.deliverAmount);
        equal(usdc.balanceOf(alder), i.payAmount);
        equal(usdc.balanceOf(cedar), CEDAR_FUNDS - i.payAmount);
    }

    // ERC-1271 signers.

    function testContractSignerSettles() public {
        Wallet wallet = new Wallet();
        SettlementInstruction memory i = paidBy(address(wallet));
        wallet.approve(usdc, address(settlement), PREMIUM);
        bytes32 digest = settlement.hashInstruction(i);
        wallet.accept(digest);
        settlement.settle(i, signed(ALDER_KEY, digest), "any bytes");
        equal(positions.balanceOf(address(wallet), seriesId), CONTRACTS);
        equal(usdc.balanceOf(alder), PREMIUM);
    }

    function testContractSignerThatDeclinesReverts() public {
        contractSignerRefused(address(new Wallet()));
    }

    function testContractSignerThatRevertsReverts() public {
        contractSignerRefused(address(new RevertingWallet()));
    }

    function testContractSignerThatAnswersShortReverts() public {
        contractSignerRefused(address(new ShortWallet()));
    }

    function testContractWithoutERC1271Reverts() public {
        contractSignerRefused(address(positions));
    }

    function testContractSignerThatReentersReverts() public {
        ReentrantWallet wallet = new ReentrantWallet();
        SettlementInstruction memory inner = trade();
        (bytes memory a, bytes memory c) = bothSign(inner);
        wallet.arm(settlement, abi.encodeCall(Settlement.settle, (inner, a, c)));
        contractSignerRefused(address(wallet));
        equal(settlement.settled(alder, cedar, inner.tradeId), bytes32(0));
    }

    /// @dev EIP-7702 gives an account code. Its key then no longer counts here, its code does.
    function testAccountThatGainedCodeNeedsItsContract() public {
        SettlementInstruction memory i = trade();
        (bytes memory a, bytes memory c) = bothSign(i);
        vm.etch(cedar, address(new Wallet()).code);
        refusedWith(i, a, c, cedar);
    }

    // Tokens.

    function testInsufficientBalanceReverts() public {
        SettlementInstruction memory i = trade();
        i.payAmount = CEDAR_FUNDS + 1;
        refused(
            i,
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientBalance.selector, cedar, CEDAR_FUNDS, CEDAR_FUNDS + 1
            )
        );
    }

    function testInsufficientAllowanceReverts() public {
        vm.prank(cedar);
        usdc.approve(address(settlement), PREMIUM - 1);
        refused(
            trade(),
            abi.encodeWithSelector(
                IERC20Errors.ERC20InsufficientAllowance.selector, address(settlement), PREMIUM - 1, PREMIUM
            )
        );
    }

    function testInsufficientPositionReverts() public {
        SettlementInstruction memory i = trade();
        i.deliverAmount = CONTRACTS + 1;
        refused(
            i,
            abi.encodeWithSelector(
                ERC6909.ERC6909InsufficientBalance.selector, alder, CONTRACTS, CONTRACTS + 1, seriesId
            )
        );
    }

    function testInsufficientPositionAllowanceReverts() public {
        vm.prank(alder);
        positions.approve(address(settlement), seriesId, CONTRACTS - 1);
        refused(
            trade(),
            abi.encodeWithSelector(
                ERC6909.ERC6909InsufficientAllowance.selector, address(settlement), CONTRACTS - 1, CONTRACTS, seriesId
            )
        );
    }

    function testFeeOnTransferReverts() public {
        FeeMoney money = new FeeMoney();
        refused(paidIn(money), abi.encodeWithSelector(Settlement.TransferInexact.selector, address(money)));
    }

    function testRebateOnTransferReverts() public {
        RebateMoney money = new RebateMoney();
        refused(paidIn(money), abi.encodeWithSelector(Settlement.TransferInexact.selector, address(money)));
    }

    function testFalseReturningTokenReverts() public {
        FalseMoney money = new FalseMoney();
        refused(paidIn(money), abi.encodeWithSelector(SafeERC20.SafeERC20FailedOperation.selector, address(money)));
    }

    function testTokenThatLiesReverts() public {
        LyingMoney money = new LyingMoney();
        refused(paidIn(money), abi.encodeWithSelector(Settlement.TransferInexact.selector, address(money)));
    }

    function testNoReturnTokenSettles() public {
        SilentMoney money = new SilentMoney();
        money.mint(cedar, PREMIUM);
        SettlementInstruction memory i = trade();
        i.payToken = address(money);
        settleSigned(i);
        equal(money.balanceOf(alder), PREMIUM);
        equal(positions.balanceOf(cedar, seriesId), CONTRACTS);
    }

    function testPausedTokenReverts() public {
        GuardedMoney money = new GuardedMoney();
        SettlementInstruction memory i = paidIn(money);
        money.pause();
        refused(i, abi.encodeWithSelector(GuardedMoney.Paused.selector));
    }

    function testBlacklistedPartyReverts() public {
        GuardedMoney money = new GuardedMoney();
        SettlementInstruction memory i = paidIn(money);
        money.blacklist(alder);
        refused(i, abi.encodeWithSelector(GuardedMoney.Blacklisted.selector, alder));
    }

    /// @dev A refusal of a token is not final: once it no longer refuses, the same signatures settle.
    function testRefusedByTokenSettlesLater() public {
        vm.prank(cedar);
        usdc.approve(address(settlement), 0);
        SettlementInstruction memory i = trade();
        (bytes memory a, bytes memory c) = bothSign(i);
        (bool ok,) = address(settlement).call(abi.encodeCall(Settlement.settle, (i, a, c)));
        yes(!ok, "no allowance");
        vm.prank(cedar);
        usdc.approve(address(settlement), PREMIUM);
        settlement.settle(i, a, c);
        expectSettled();
    }

    function testTokenWithoutCodeReverts() public {
        SettlementInstruction memory i = trade();
        i.payToken = stranger;
        (bytes memory a, bytes memory c) = bothSign(i);
        (bool ok,) = address(settlement).call(abi.encodeCall(Settlement.settle, (i, a, c)));
        yes(!ok, "money without code must not settle");
        i = trade();
        i.deliverToken = stranger;
        (a, c) = bothSign(i);
        (ok,) = address(settlement).call(abi.encodeCall(Settlement.settle, (i, a, c)));
        yes(!ok, "positions without code must not settle");
        expectUnmoved();
    }

    function testFalseReturningPositionsRevert() public {
        FalsePositions fake = new FalsePositions();
        fake.mint(alder, seriesId, CONTRACTS);
        SettlementInstruction memory i = trade();
        i.deliverToken = address(fake);
        refused(i, abi.encodeWithSelector(Settlement.DeliveryFailed.selector, address(fake)));
    }

    function testShortDeliveryReverts() public {
        ShortPositions fake = new ShortPositions();
        fake.mint(alder, seriesId, CONTRACTS);
        vm.prank(alder);
        fake.setOperator(address(settlement), true);
        SettlementInstruction memory i = trade();
        i.deliverToken = address(fake);
        refused(i, abi.encodeWithSelector(Settlement.TransferInexact.selector, address(fake)));
    }

    function testSkimmedDeliveryReverts() public {
        SkimmingPositions fake = new SkimmingPositions();
        fake.mint(alder, seriesId, CONTRACTS);
        SettlementInstruction memory i = trade();
        i.deliverToken = address(fake);
        refused(i, abi.encodeWithSelector(Settlement.TransferInexact.selector, address(fake)));
    }

    function testConjuredDeliveryReverts() public {
        ConjuringPositions fake = new ConjuringPositions();
        fake.mint(alder, seriesId, CONTRACTS);
        SettlementInstruction memory i = trade();
        i.deliverToken = address(fake);
        refused(i, abi.encodeWithSelector(Settlement.TransferInexact.selector, address(fake)));
    }

    function testReentrantTokenCannotSettle() public {
        ReentrantMoney money = new ReentrantMoney();
        SettlementInstruction memory i = paidIn(money);
        i.deliverAmount = CONTRACTS / 2;
        SettlementInstruction memory inner = halfTrade();
        inner.tradeId = keccak256("inner");
        inner.nonce = 99;
        (bytes memory a, bytes memory c) = bothSign(inner);
        money.arm(settlement, abi.encodeCall(Settlement.settle, (inner, a, c)));
        settleSigned(i);
        guardAnswered(money);
        equal(settlement.settled(alder, cedar, inner.tradeId), bytes32(0));
        equal(usdc.balanceOf(alder), 0);
    }

    /// @dev In the middle of a settlement its outcome is not readable: one leg has moved, the other has not.
    function testReentrantTokenCannotReadSettled() public {
        ReentrantMoney money = new ReentrantMoney();
        SettlementInstruction memory i = paidIn(money);
        money.arm(settlement, abi.encodeCall(Settlement.settled, (alder, cedar, i.tradeId)));
        settleSigned(i);
        guardAnswered(money);
    }

    // Helpers.

    function guardAnswered(ReentrantMoney money) private view {
        yes(!money.succeeded(), "the inner call must fail");
        equal(bytes32(money.answer()), bytes32(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector));
    }

    function refused(SettlementInstruction memory i, bytes memory reason) private {
        (bytes memory a, bytes memory c) = bothSign(i);
        uint256 longs = positions.balanceOf(cedar, seriesId);
        uint256 money = usdc.balanceOf(cedar);
        vm.expectRevert(reason);
        settlement.settle(i, a, c);
        equal(positions.balanceOf(cedar, seriesId), longs);
        equal(usdc.balanceOf(cedar), money);
    }

    function refusedWith(SettlementInstruction memory i, bytes memory a, bytes memory c, address signer) private {
        vm.expectRevert(abi.encodeWithSelector(Settlement.SignatureInvalid.selector, signer));
        settlement.settle(i, a, c);
        expectUnmoved();
    }

    function contractSignerRefused(address wallet) private {
        SettlementInstruction memory i = paidBy(wallet);
        bytes memory a = signed(ALDER_KEY, settlement.hashInstruction(i));
        vm.expectRevert(abi.encodeWithSelector(Settlement.SignatureInvalid.selector, wallet));
        settlement.settle(i, a, "any bytes");
    }

    function paidBy(address wallet) private returns (SettlementInstruction memory i) {
        i = trade();
        i.receiver = wallet;
        usdc.faucetMint(wallet, PREMIUM);
    }

    function paidIn(Money money) private returns (SettlementInstruction memory i) {
        money.mint(cedar, CEDAR_FUNDS);
        vm.prank(cedar);
        money.approve(address(settlement), type(uint256).max);
        i = trade();
        i.payToken = address(money);
    }

    function halfTrade() private view returns (SettlementInstruction memory i) {
        i = trade();
        i.deliverAmount = CONTRACTS / 2;
        i.payAmount = PREMIUM / 2;
    }

    function strangersTrade(bytes32 tradeId) private returns (SettlementInstruction memory i) {
        address accomplice = vm.addr(STRANGER_KEY + 1);
        usdc.faucetMint(accomplice, 1);
        vm.prank(accomplice);
        usdc.approve(address(settlement), 1);
        vm.prank(stranger);
        positions.write(seriesId, 1);
        vm.prank(stranger);
        positions.approve(address(settlement), seriesId, 1);
        i = trade();
        (i.tradeId, i.deliverer, i.receiver, i.deliverAmount, i.payAmount) = (tradeId, stranger, accomplice, 1, 1);
    }

    /// @dev Changes one member to another value. Deadlines stay in the future and parties stay valid, so that
    /// what refuses is the signature.
    function mutate(SettlementInstruction memory i, uint256 field, uint256 change) private pure {
        uint160 small = uint160(bound(change, 1, type(uint64).max));
        if (field == 0) i.tradeId ^= bytes32(change);
        if (field == 1) i.deliverer = address(uint160(i.deliverer) ^ small);
        if (field == 2) i.receiver = address(uint160(i.receiver) ^ small);
        if (field == 3) i.deliverToken = address(uint160(i.deliverToken) ^ small);
        if (field == 4) i.deliverId ^= change;
        if (field == 5) i.deliverAmount += small;
        if (field == 6) i.payToken = address(uint160(i.payToken) ^ small);
        if (field == 7) i.payAmount += small;
        if (field == 8) i.deadline += small;
        if (field == 9) i.nonce ^= change;
    }
}
