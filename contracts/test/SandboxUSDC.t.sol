// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Fixture} from "./Fixture.sol";
import {vm, equal, yes} from "./Vm.sol";

contract SandboxUSDCTest is Fixture {
    bytes32 private constant PERMIT_TYPEHASH =
        keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");

    function testDecimalsAreSix() public view {
        equal(usdc.decimals(), 6);
    }

    function testFaucetMintByOwnerMints() public {
        usdc.faucetMint(stranger, 5);
        equal(usdc.balanceOf(stranger), 5);
        equal(usdc.totalSupply(), CEDAR_FUNDS + 5);
    }

    function testFaucetMintByOthersReverts() public {
        vm.expectRevert(abi.encodeWithSelector(Ownable.OwnableUnauthorizedAccount.selector, stranger));
        vm.prank(stranger);
        usdc.faucetMint(stranger, 5);
    }

    function testPermitSetsTheAllowance() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(CEDAR_KEY, permitDigest(42));
        vm.prank(stranger);
        usdc.permit(cedar, address(positions), 42, DEADLINE, v, r, s);
        equal(usdc.allowance(cedar, address(positions)), 42);
    }

    function testPermitForAnotherValueReverts() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(CEDAR_KEY, permitDigest(42));
        (bool ok,) =
            address(usdc).call(abi.encodeCall(usdc.permit, (cedar, address(positions), 43, DEADLINE, v, r, s)));
        yes(!ok, "signed for 42");
        equal(usdc.allowance(cedar, address(positions)), 0);
    }

    function permitDigest(uint256 value) private view returns (bytes32) {
        bytes32 structHash =
            keccak256(abi.encode(PERMIT_TYPEHASH, cedar, address(positions), value, usdc.nonces(cedar), DEADLINE));
        return keccak256(abi.encodePacked(hex"1901", IERC20Permit(address(usdc)).DOMAIN_SEPARATOR(), structHash));
    }
}
