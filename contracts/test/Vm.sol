// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @dev The cheatcodes of forge that these tests use, and no others.
interface Vm {
    function addr(uint256 key) external pure returns (address);
    function sign(uint256 key, bytes32 digest) external pure returns (uint8 v, bytes32 r, bytes32 s);
    function prank(address caller) external;
    function warp(uint256 timestamp) external;
    function chainId(uint256 id) external;
    function assume(bool condition) external pure;
    function expectRevert(bytes calldata reason) external;
    function expectRevert(bytes4 selector) external;
    function expectEmit(bool topic1, bool topic2, bool topic3, bool data, address emitter) external;
    function etch(address target, bytes calldata code) external;
    function readFile(string calldata path) external view returns (string memory);
    function parseJsonBytes(string calldata json, string calldata key) external pure returns (bytes memory);
    function parseJsonBytes32(string calldata json, string calldata key) external pure returns (bytes32);
    function parseJsonAddress(string calldata json, string calldata key) external pure returns (address);
    function parseJsonUint(string calldata json, string calldata key) external pure returns (uint256);
}

Vm constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

error Unequal(bytes32 got, bytes32 wanted);
error Untrue(string claim);

function equal(uint256 got, uint256 wanted) pure {
    if (got != wanted) revert Unequal(bytes32(got), bytes32(wanted));
}

function equal(bytes32 got, bytes32 wanted) pure {
    if (got != wanted) revert Unequal(got, wanted);
}

function equal(address got, address wanted) pure {
    if (got != wanted) revert Unequal(bytes32(uint256(uint160(got))), bytes32(uint256(uint160(wanted))));
}

function yes(bool condition, string memory claim) pure {
    if (!condition) revert Untrue(claim);
}

function bound(uint256 x, uint256 min, uint256 max) pure returns (uint256) {
    return min + x % (max - min + 1);
}
