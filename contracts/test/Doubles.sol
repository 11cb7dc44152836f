// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC6909} from "@openzeppelin/contracts/token/ERC6909/ERC6909.sol";
import {Settlement, SettlementInstruction} from "../src/Settlement.sol";

/// @dev Tokens and signers that misbehave, each in one way.
abstract contract Money is ERC20("Test money", "TM") {
    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}

/// @dev Takes one unit of every transfer.
contract FeeMoney is Money {
    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from != address(0) && to != address(0)) super._update(to, address(0xfee), 1);
    }
}

/// @dev Gives the sender one unit back.
contract RebateMoney is Money {
    function _update(address from, address to, uint256 value) internal override {
        super._update(from, to, value);
        if (from != address(0) && to != address(0)) super._update(address(0), from, 1);
    }
}

/// @dev Answers false and moves nothing.
contract FalseMoney is Money {
    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return false;
    }
}

/// @dev Answers true and moves nothing.
contract LyingMoney is Money {
    function transferFrom(address, address, uint256) public pure override returns (bool) {
        return true;
    }
}

/// @dev Answers nothing, as USDT does. Not an ERC20 by inheritance, because the ABI differs.
contract SilentMoney {
    mapping(address => uint256) public balanceOf;

    function mint(address to, uint256 amount) external {
        balanceOf[to] += amount;
    }

    function transferFrom(address from, address to, uint256 amount) external {
        balanceOf[from] -= amount;
        balanceOf[to] += amount;
    }
}

/// @dev Pauses and blacklists, as USDC does.
contract GuardedMoney is Money {
    bool public paused;
    mapping(address => bool) public blacklisted;

    error Paused();
    error Blacklisted(address account);

    function pause() external {
        paused = true;
    }

    function blacklist(address account) external {
        blacklisted[account] = true;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (paused) revert Paused();
        if (blacklisted[from]) revert Blacklisted(from);
        if (blacklisted[to]) revert Blacklisted(to);
        super._update(from, to, value);
    }
}

/// @dev Settles another instruction in the middle of a transfer, and keeps what it was told.
contract ReentrantMoney is Money {
    Settlement private _settlement;
    bytes private _call;
    bytes public answer;
    bool public succeeded;

    function arm(Settlement settlement, bytes calldata call) external {
        _settlement = settlement;
        _call = call;
    }

    function _update(address from, address to, uint256 value) internal override {
        if (address(_settlement) != address(0)) (succeeded, answer) = address(_settlement).call(_call);
        super._update(from, to, value);
    }
}

/// @dev Answers false to a delivery.
contract FalsePositions is ERC6909 {
    function mint(address to, uint256 id, uint256 amount) external {
        _mint(to, id, amount);
    }

    function transferFrom(address, address, uint256, uint256) public pure override returns (bool) {
        return false;
    }
}

/// @dev Delivers one unit less than it was told.
contract ShortPositions is ERC6909 {
    function mint(address to, uint256 id, uint256 amount) external {
        _mint(to, id, amount);
    }

    function transferFrom(address from, address to, uint256 id, uint256 amount) public override returns (bool) {
        return super.transferFrom(from, to, id, amount - 1);
    }
}

/// @dev Delivers, and leaves the deliverer what it delivered.
contract ConjuringPositions is ERC6909 {
    function mint(address to, uint256 id, uint256 amount) external {
        _mint(to, id, amount);
    }

    function transferFrom(address, address to, uint256 id, uint256 amount) public override returns (bool) {
        _mint(to, id, amount);
        return true;
    }
}

/// @dev Debits the deliverer in full and keeps one unit from the receiver.
contract SkimmingPositions is ERC6909 {
    function mint(address to, uint256 id, uint256 amount) external {
        _mint(to, id, amount);
    }

    function transferFrom(address from, address to, uint256 id, uint256 amount) public override returns (bool) {
        _transfer(from, to, id, amount);
        _burn(to, id, 1);
        return true;
    }
}

/// @dev ERC-1271 signer that accepts exactly one digest.
contract Wallet {
    bytes32 private _accepted;

    function accept(bytes32 digest) external {
        _accepted = digest;
    }

    function approve(ERC20 token, address spender, uint256 amount) external {
        token.approve(spender, amount);
    }

    function isValidSignature(bytes32 digest, bytes calldata) external view virtual returns (bytes4) {
        return digest == _accepted ? this.isValidSignature.selector : bytes4(0xffffffff);
    }
}

/// @dev ERC-1271 signer that reverts.
contract RevertingWallet is Wallet {
    error Closed();

    function isValidSignature(bytes32, bytes calldata) external pure override returns (bytes4) {
        revert Closed();
    }
}

/// @dev ERC-1271 signer that answers with too few bytes.
contract ShortWallet {
    fallback() external {
        assembly ("memory-safe") {
            mstore(0, shl(224, 0x1626ba7e))
            return(0, 4)
        }
    }
}

/// @dev ERC-1271 signer that tries to settle from within the signature check, and accepts when that worked.
contract ReentrantWallet {
    Settlement private _settlement;
    bytes private _call;

    function arm(Settlement settlement, bytes calldata call) external {
        _settlement = settlement;
        _call = call;
    }

    function isValidSignature(bytes32, bytes calldata) external returns (bytes4) {
        (bool ok,) = address(_settlement).call(_call);
        return ok ? bytes4(0x1626ba7e) : bytes4(0xffffffff);
    }
}

/// @dev Money that behaves.
contract PlainMoney is Money {}

/// @dev Positions that behave and that anyone may mint.
contract PlainPositions is ERC6909 {
    function mint(address to, uint256 id, uint256 amount) external {
        _mint(to, id, amount);
    }
}
