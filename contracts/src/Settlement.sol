// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC6909} from "@openzeppelin/contracts/interfaces/IERC6909.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";

/// @notice One delivery against payment. Both parties sign its EIP-712 digest; the member names, their order
/// and their types are those of spec/settlement-instruction.md.
/// @param tradeId Names the trade between the two parties. It settles once.
/// @param deliverer Delivers the position and is paid.
/// @param receiver Receives the position and pays.
/// @param deliverToken ERC-6909 contract of the position.
/// @param deliverId Token id within `deliverToken`.
/// @param deliverAmount Units of that token, at least 1.
/// @param payToken ERC-20 contract of the money.
/// @param payAmount Minor units of `payToken`, at least 1.
/// @param deadline Last second, since 1970-01-01T00:00:00Z, at which the instruction still settles.
/// @param nonce Any number not used before by this deliverer and receiver in these roles. Order is free.
struct SettlementInstruction {
    bytes32 tradeId;
    address deliverer;
    address receiver;
    address deliverToken;
    uint256 deliverId;
    uint256 deliverAmount;
    address payToken;
    uint256 payAmount;
    uint256 deadline;
    uint256 nonce;
}

/// @title Settlement
/// @notice Delivery versus payment on one ledger: an instruction signed by both parties moves both legs in
/// one transaction, or nothing. Anyone may submit it; the submitter gains nothing and can change nothing.
///
/// @dev The contract holds no tokens, has no owner, no pause and no upgrade. It moves tokens under plain
/// allowances that each party gives it; an allowance can be spent only under that party's own signature.
/// Permit2 and ERC-2612 are not built in: a permit can be submitted as a transaction of its own before.
///
/// A trade is settled once per (deliverer, receiver, tradeId) and not per tradeId alone: otherwise a stranger
/// who sees a tradeId in the mempool could occupy it by settling a trade of its own under that name.
///
/// WARNING, what this contract does not do:
/// - It does not judge the tokens. Both parties signed their addresses. It does refuse a movement that is not
///   exact, so a token with a fee on transfer cannot settle, nor one that lies about a transfer.
/// - It does not hold funds between signature and settlement: a party may spend them elsewhere, or cancel.
///   Then nothing moves at all.
/// - An ERC-1271 signature is judged at the moment of settlement: a contract can withdraw its consent until then.
contract Settlement is EIP712, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    bytes32 public constant INSTRUCTION_TYPEHASH = keccak256(
        "SettlementInstruction(bytes32 tradeId,address deliverer,address receiver,address deliverToken,uint256 deliverId,uint256 deliverAmount,address payToken,uint256 payAmount,uint256 deadline,uint256 nonce)"
    );

    mapping(address deliverer => mapping(address receiver => mapping(bytes32 tradeId => bytes32 digest))) private
        _settled;
    /// @dev One bit per nonce: word `nonce >> 8`, bit `nonce & 0xff`.
    mapping(address deliverer => mapping(address receiver => mapping(uint256 word => uint256 bits))) private _nonces;

    /// @notice Both legs moved.
    event Settled(
        bytes32 indexed tradeId,
        address indexed deliverer,
        address indexed receiver,
        bytes32 digest,
        address deliverToken,
        uint256 deliverId,
        uint256 deliverAmount,
        address payToken,
        uint256 payAmount,
        uint256 nonce
    );
    event NonceCancelled(address indexed deliverer, address indexed receiver, uint256 nonce, address indexed by);

    /// @dev A party is the zero address, or both parties are the same.
    error PartiesInvalid();
    /// @dev A leg of nothing: delivery versus payment needs two.
    error AmountZero();
    error InstructionExpired(uint256 deadline, uint256 timestamp);
    /// @dev This trade has settled between these parties, under the instruction with this digest.
    error TradeAlreadySettled(bytes32 tradeId, bytes32 digest);
    /// @dev Used by a settlement or cancelled by a party.
    error NonceUsed(address deliverer, address receiver, uint256 nonce);
    error SignatureInvalid(address signer);
    error NotAParty(address caller);
    /// @dev The ERC-6909 contract answered false.
    error DeliveryFailed(address token);
    /// @dev A balance changed by another amount than was instructed.
    error TransferInexact(address token);

    constructor() EIP712("Poundlock Settlement", "1") {}

    /// @notice Settles one instruction: `deliverAmount` of the position to the receiver and `payAmount` of the
    /// money to the deliverer, both or neither.
    /// @param delivererSignature 65 bytes r‖s‖v with low s, or what the ERC-1271 contract at `deliverer` accepts.
    /// @param receiverSignature The same for `receiver`.
    function settle(
        SettlementInstruction calldata instruction,
        bytes calldata delivererSignature,
        bytes calldata receiverSignature
    ) external nonReentrant {
        _checkTerms(instruction);
        bytes32 digest = hashInstruction(instruction);
        _checkSignature(instruction.deliverer, digest, delivererSignature);
        _checkSignature(instruction.receiver, digest, receiverSignature);
        _consume(instruction, digest);
        _deliver(instruction);
        _pay(instruction);
        _announce(instruction, digest);
    }

    /// @notice Makes a nonce unusable, so that an instruction signed with it can no longer settle. Either party may.
    /// @dev Reverts when the nonce was used: the caller then knows that its cancellation came too late.
    function cancel(address deliverer, address receiver, uint256 nonce) external {
        if (msg.sender != deliverer && msg.sender != receiver) revert NotAParty(msg.sender);
        _useNonce(deliverer, receiver, nonce);
        emit NonceCancelled(deliverer, receiver, nonce, msg.sender);
    }

    /// @notice The digest of the instruction that settled this trade, or zero while none has.
    function settled(address deliverer, address receiver, bytes32 tradeId)
        external
        view
        nonReentrantView
        returns (bytes32 digest)
    {
        return _settled[deliverer][receiver][tradeId];
    }

    /// @notice Whether a nonce was used by a settlement or cancelled.
    function nonceUsed(address deliverer, address receiver, uint256 nonce) external view returns (bool) {
        return _nonces[deliverer][receiver][nonce >> 8] & (1 << (nonce & 0xff)) != 0;
    }

    /// @notice The EIP-712 digest that both parties sign, for this contract on this chain.
    function hashInstruction(SettlementInstruction calldata instruction) public view returns (bytes32) {
        // Every member is one static word, so the encoding of the struct is that of its members in order.
        return _hashTypedDataV4(keccak256(abi.encode(INSTRUCTION_TYPEHASH, instruction)));
    }

    /// @notice The EIP-712 domain separator. ERC-5267 `eip712Domain()` gives its members.
    function domainSeparator() external view returns (bytes32) {
        return _domainSeparatorV4();
    }

    function _checkTerms(SettlementInstruction calldata i) private view {
        if (i.deliverer == address(0) || i.receiver == address(0) || i.deliverer == i.receiver) {
            revert PartiesInvalid();
        }
        if (i.deliverAmount == 0 || i.payAmount == 0) revert AmountZero();
        if (block.timestamp > i.deadline) revert InstructionExpired(i.deadline, block.timestamp);
    }

    function _checkSignature(address signer, bytes32 digest, bytes calldata signature) private view {
        if (!SignatureChecker.isValidSignatureNowCalldata(signer, digest, signature)) revert SignatureInvalid(signer);
    }

    /// @dev All state changes, before any token is called.
    function _consume(SettlementInstruction calldata i, bytes32 digest) private {
        bytes32 earlier = _settled[i.deliverer][i.receiver][i.tradeId];
        if (earlier != 0) revert TradeAlreadySettled(i.tradeId, earlier);
        _useNonce(i.deliverer, i.receiver, i.nonce);
        _settled[i.deliverer][i.receiver][i.tradeId] = digest;
    }

    function _useNonce(address deliverer, address receiver, uint256 nonce) private {
        uint256 word = nonce >> 8;
        uint256 bit = 1 << (nonce & 0xff);
        uint256 bits = _nonces[deliverer][receiver][word];
        if (bits & bit != 0) revert NonceUsed(deliverer, receiver, nonce);
        _nonces[deliverer][receiver][word] = bits | bit;
    }

    function _deliver(SettlementInstruction calldata i) private {
        IERC6909 token = IERC6909(i.deliverToken);
        uint256 from = token.balanceOf(i.deliverer, i.deliverId);
        uint256 to = token.balanceOf(i.receiver, i.deliverId);
        if (!token.transferFrom(i.deliverer, i.receiver, i.deliverId, i.deliverAmount)) {
            revert DeliveryFailed(i.deliverToken);
        }
        bool exact = _moved(from, token.balanceOf(i.deliverer, i.deliverId), i.deliverAmount)
            && _moved(token.balanceOf(i.receiver, i.deliverId), to, i.deliverAmount);
        if (!exact) revert TransferInexact(i.deliverToken);
    }

    function _pay(SettlementInstruction calldata i) private {
        IERC20 token = IERC20(i.payToken);
        uint256 from = token.balanceOf(i.receiver);
        uint256 to = token.balanceOf(i.deliverer);
        token.safeTransferFrom(i.receiver, i.deliverer, i.payAmount);
        bool exact = _moved(from, token.balanceOf(i.receiver), i.payAmount)
            && _moved(token.balanceOf(i.deliverer), to, i.payAmount);
        if (!exact) revert TransferInexact(i.payToken);
    }

    /// @dev Whether `larger - smaller` is exactly `amount`, without a panic when it is negative.
    function _moved(uint256 larger, uint256 smaller, uint256 amount) private pure returns (bool) {
        return larger >= smaller && larger - smaller == amount;
    }

    function _announce(SettlementInstruction calldata i, bytes32 digest) private {
        emit Settled(
            i.tradeId,
            i.deliverer,
            i.receiver,
            digest,
            i.deliverToken,
            i.deliverId,
            i.deliverAmount,
            i.payToken,
            i.payAmount,
            i.nonce
        );
    }
}
