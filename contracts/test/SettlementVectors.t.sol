// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Settlement, SettlementInstruction} from "../src/Settlement.sol";
import {PlainMoney, PlainPositions} from "./Doubles.sol";
import {vm, equal} from "./Vm.sol";

/// @dev spec/vectors/settlement-instruction.json, on the contract itself, at the address and on the chain it names.
contract SettlementVectorsTest {
    string private _json = vm.readFile("../spec/vectors/settlement-instruction.json");

    function testTypeHash() public {
        equal(new Settlement().INSTRUCTION_TYPEHASH(), vm.parseJsonBytes32(_json, ".typeHash"));
    }

    function testVectorHashes() public {
        for (uint256 k = 0; k < 3; k++) {
            Settlement settlement = place(k);
            equal(settlement.domainSeparator(), hashAt(k, ".domainHash"));
            equal(settlement.hashInstruction(instruction(k)), hashAt(k, ".digest"));
            bytes32 messageHash = keccak256(abi.encode(settlement.INSTRUCTION_TYPEHASH(), instruction(k)));
            equal(messageHash, hashAt(k, ".messageHash"));
        }
    }

    function testVectorSignaturesSettle() public {
        Settlement settlement = place(0);
        SettlementInstruction memory i = fund(settlement);
        settlement.settle(i, signatureAt(0, "deliverer"), signatureAt(0, "receiver"));
        equal(settlement.settled(i.deliverer, i.receiver, i.tradeId), hashAt(0, ".digest"));
        equal(PlainMoney(i.payToken).balanceOf(i.deliverer), i.payAmount);
        equal(PlainPositions(i.deliverToken).balanceOf(i.receiver, i.deliverId), i.deliverAmount);
    }

    function testVectorRefusedSignaturesRevert() public {
        Settlement settlement = place(0);
        SettlementInstruction memory i = fund(settlement);
        for (uint256 k = 0; k < 6; k++) {
            bytes memory signature =
                vm.parseJsonBytes(_json, string.concat(".refusedSignatures[", digit(k), "].signature"));
            vm.expectRevert(abi.encodeWithSelector(Settlement.SignatureInvalid.selector, i.deliverer));
            settlement.settle(i, signature, signatureAt(0, "receiver"));
        }
    }

    /// @dev The code at the address of the vector: the domain follows the address, not the place of deployment.
    function place(uint256 k) private returns (Settlement settlement) {
        vm.chainId(vm.parseJsonUint(_json, path(k, ".domain.chainId")));
        settlement = Settlement(vm.parseJsonAddress(_json, path(k, ".domain.verifyingContract")));
        vm.etch(address(settlement), address(new Settlement()).code);
    }

    function fund(Settlement settlement) private returns (SettlementInstruction memory i) {
        i = instruction(0);
        vm.warp(i.deadline);
        vm.etch(i.payToken, address(new PlainMoney()).code);
        vm.etch(i.deliverToken, address(new PlainPositions()).code);
        PlainMoney(i.payToken).mint(i.receiver, i.payAmount);
        PlainPositions(i.deliverToken).mint(i.deliverer, i.deliverId, i.deliverAmount);
        vm.prank(i.receiver);
        PlainMoney(i.payToken).approve(address(settlement), i.payAmount);
        vm.prank(i.deliverer);
        PlainPositions(i.deliverToken).approve(address(settlement), i.deliverId, i.deliverAmount);
    }

    function instruction(uint256 k) private view returns (SettlementInstruction memory i) {
        i.tradeId = vm.parseJsonBytes32(_json, path(k, ".message.tradeId"));
        i.deliverer = vm.parseJsonAddress(_json, path(k, ".message.deliverer"));
        i.receiver = vm.parseJsonAddress(_json, path(k, ".message.receiver"));
        i.deliverToken = vm.parseJsonAddress(_json, path(k, ".message.deliverToken"));
        i.deliverId = vm.parseJsonUint(_json, path(k, ".message.deliverId"));
        i.deliverAmount = vm.parseJsonUint(_json, path(k, ".message.deliverAmount"));
        i.payToken = vm.parseJsonAddress(_json, path(k, ".message.payToken"));
        i.payAmount = vm.parseJsonUint(_json, path(k, ".message.payAmount"));
        i.deadline = vm.parseJsonUint(_json, path(k, ".message.deadline"));
        i.nonce = vm.parseJsonUint(_json, path(k, ".message.nonce"));
    }

    function hashAt(uint256 k, string memory member) private view returns (bytes32) {
        return vm.parseJsonBytes32(_json, path(k, member));
    }

    function signatureAt(uint256 k, string memory party) private view returns (bytes memory) {
        return vm.parseJsonBytes(_json, path(k, string.concat(".signatures.", party)));
    }

    function path(uint256 k, string memory member) private pure returns (string memory) {
        return string.concat(".vectors[", digit(k), "]", member);
    }

    function digit(uint256 k) private pure returns (string memory) {
        return string(abi.encodePacked(bytes1(uint8(48 + k))));
    }
}
