// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC6909TokenSupply} from "@openzeppelin/contracts/token/ERC6909/extensions/ERC6909TokenSupply.sol";
import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";

/// @notice The terms of a cash-settled European option. They are the identity of a series.
/// @param underlying The symbol in ASCII, left aligned, zero padded: bytes32("ETH").
/// @param expiry Seconds since 1970-01-01T00:00:00Z. From this second on nothing more is written.
/// @param strike Minor units of `settlementAsset` for one whole unit of the underlying: 4000 USD in a
/// 6-decimal asset is 4_000_000_000.
/// @param putOrCall 0 is a put and 1 is a call, as in FIX tag 201.
/// @param settlementAsset The ERC-20 in which premium and payoff are paid.
/// @param multiplier Units of the underlying for one contract, scaled by 1e18: 1 ETH is 1e18.
struct OptionSeries {
    bytes32 underlying;
    uint64 expiry;
    uint256 strike;
    uint8 putOrCall;
    address settlementAsset;
    uint256 multiplier;
}

/// @title OptionPositions
/// @notice Option series as ERC-6909 tokens. One unit of a token is one contract held long; there are no
/// decimals. Each long was written by somebody, who carries a short record that cannot be transferred. Per
/// series the longs in existence always equal the sum of the shorts.
///
/// @dev Why ERC-6909 and not ERC-1155:
/// - A transfer calls nobody. ERC-1155 must call its receiver, which hands control to a stranger in the
///   middle of a delivery against payment, and makes a receiver that reverts able to block its counterparty.
/// - An allowance is for one series and one amount. ERC-1155 knows only "everything, for ever".
/// - It is smaller and cheaper: no arrays, no callbacks, no URI.
/// The price: fewer wallets show ERC-6909. Positions here are shown by gateways, so it is paid gladly.
///
/// WARNING, what this contract does not do:
/// - It holds no collateral. A long is a claim on its writers that nothing on this chain secures, and the longs
///   of one series are alike whoever wrote them. That is why only admitted writers may write.
/// - It does not exercise, fix or settle at expiry. The terms that this needs are stored with each series.
/// - The owner admits writers, and nothing else: it cannot move, mint, burn, freeze or pause a position.
///   A suspended writer can still offset what it wrote.
contract OptionPositions is ERC6909TokenSupply, Ownable2Step {
    /// @notice The series id is the EIP-712 hashStruct of its terms under this type.
    bytes32 public constant SERIES_TYPEHASH = keccak256(
        "OptionSeries(bytes32 underlying,uint64 expiry,uint256 strike,uint8 putOrCall,address settlementAsset,uint256 multiplier)"
    );

    uint8 private constant PUT_OR_CALL_MAX = 1;

    mapping(uint256 id => OptionSeries) private _series;
    mapping(address writer => mapping(uint256 id => uint256)) private _shorts;
    mapping(address writer => bool) private _writers;

    event SeriesCreated(uint256 indexed id, OptionSeries terms);
    event WriterAdmitted(address indexed writer);
    event WriterSuspended(address indexed writer);
    event Written(address indexed writer, uint256 indexed id, uint256 contracts);
    event Offset(address indexed writer, uint256 indexed id, uint256 contracts);

    /// @dev A term is missing or impossible: empty underlying, zero strike or multiplier, putOrCall above 1.
    error SeriesTermsInvalid();
    /// @dev The settlement asset has no code.
    error SettlementAssetMissing(address asset);
    error SeriesUnknown(uint256 id);
    error SeriesExpired(uint256 id, uint256 expiry);
    error WriterNotAdmitted(address writer);
    error ContractsZero();
    error ShortInsufficient(address writer, uint256 id, uint256 short, uint256 needed);

    /// @param registrar The account that admits writers.
    constructor(address registrar) Ownable(registrar) {}

    /// @notice Registers a series. Anyone may: the id is the hash of the terms, so there is nothing to squat.
    /// @dev Repeating it changes nothing and returns the same id.
    /// @return id The token id of the series.
    function createSeries(OptionSeries calldata terms) external returns (uint256 id) {
        id = seriesId(terms);
        if (_series[id].expiry != 0) return id;
        if (terms.underlying == 0 || terms.strike == 0 || terms.multiplier == 0) revert SeriesTermsInvalid();
        if (terms.putOrCall > PUT_OR_CALL_MAX) revert SeriesTermsInvalid();
        if (terms.settlementAsset.code.length == 0) revert SettlementAssetMissing(terms.settlementAsset);
        if (block.timestamp >= terms.expiry) revert SeriesExpired(id, terms.expiry);
        _series[id] = terms;
        emit SeriesCreated(id, terms);
    }

    /// @notice Lets an account write options. Owner only.
    function admitWriter(address writer) external onlyOwner {
        _writers[writer] = true;
        emit WriterAdmitted(writer);
    }

    /// @notice Stops an account from writing more. What it wrote stands and can be offset. Owner only.
    function suspendWriter(address writer) external onlyOwner {
        _writers[writer] = false;
        emit WriterSuspended(writer);
    }

    /// @notice Mints `contracts` longs to the caller and records the same number of shorts against it.
    /// @param id A created series that has not expired: from the second `expiry` on it reverts.
    /// @param contracts How many contracts, at least 1.
    function write(uint256 id, uint256 contracts) external {
        uint256 expiry = _known(id).expiry;
        if (!_writers[msg.sender]) revert WriterNotAdmitted(msg.sender);
        if (contracts == 0) revert ContractsZero();
        if (block.timestamp >= expiry) revert SeriesExpired(id, expiry);
        _shorts[msg.sender][id] += contracts;
        _mint(msg.sender, id, contracts);
        emit Written(msg.sender, id, contracts);
    }

    /// @notice Offsets: burns `contracts` longs of the caller against as many of its shorts.
    /// @dev Never blocked, neither by expiry nor by a suspension: it only reduces risk.
    function offset(uint256 id, uint256 contracts) external {
        _known(id);
        if (contracts == 0) revert ContractsZero();
        uint256 short = _shorts[msg.sender][id];
        if (short < contracts) revert ShortInsufficient(msg.sender, id, short, contracts);
        _shorts[msg.sender][id] = short - contracts;
        _burn(msg.sender, id, contracts);
        emit Offset(msg.sender, id, contracts);
    }

    /// @notice The id of a series, computable by anyone, on chain or off, before the series exists.
    function seriesId(OptionSeries calldata terms) public pure returns (uint256) {
        return uint256(
            keccak256(
                abi.encode(
                    SERIES_TYPEHASH,
                    terms.underlying,
                    terms.expiry,
                    terms.strike,
                    terms.putOrCall,
                    terms.settlementAsset,
                    terms.multiplier
                )
            )
        );
    }

    /// @notice The stored terms of a created series.
    function series(uint256 id) external view returns (OptionSeries memory) {
        return _known(id);
    }

    /// @notice Contracts that `writer` owes in series `id`.
    function shortOf(address writer, uint256 id) external view returns (uint256) {
        return _shorts[writer][id];
    }

    /// @notice Whether `writer` may write.
    function isWriter(address writer) external view returns (bool) {
        return _writers[writer];
    }

    function _known(uint256 id) private view returns (OptionSeries storage terms) {
        terms = _series[id];
        if (terms.expiry == 0) revert SeriesUnknown(id);
    }
}
