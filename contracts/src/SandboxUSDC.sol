// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";

/// @title SandboxUSDC
/// @notice A stand-in for USDC on the sandbox chains: ERC-20 with 6 decimals and ERC-2612 permit.
/// @dev WARNING, what this contract does not do:
/// - It is worth nothing. The owner mints as much as it likes; that is what a faucet is.
/// - It has no pause and no blacklist, which the real USDC has. Settlement is tested against both.
contract SandboxUSDC is ERC20, ERC20Permit, Ownable {
    /// @param faucet The account that may mint.
    constructor(address faucet) ERC20("Sandbox USD Coin", "USDC") ERC20Permit("Sandbox USD Coin") Ownable(faucet) {}

    /// @notice Mints sandbox money. Owner only.
    /// @param to The account that receives it.
    /// @param amount Minor units: 1 USDC is 1_000_000.
    function faucetMint(address to, uint256 amount) external onlyOwner {
        _mint(to, amount);
    }

    /// @inheritdoc ERC20
    function decimals() public pure override returns (uint8) {
        return 6;
    }
}
