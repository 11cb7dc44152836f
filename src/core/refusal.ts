import { refusalDetailMax, refusalTextMax } from './limits.ts'

/**
 * The one registry of refusals: an expected failure is a value with a stable code, and total maps to HTTP
 * (RFC 9457), FIX, SATP (draft-ietf-satp-core error codes) and the command line.
 *
 * Families: 1xxx input and format, 2xxx trade, 3xxx policy, 4xxx ledger, 5xxx peer and transport, 6xxx
 * journal and verification, 7xxx FIX session, 9xxx internal and limits. A code, once published, is never
 * re-used or renumbered; new ones go to the end of their family.
 */

/** Exit codes of the command line. 6, in doubt: look at the ledger before you try again. */
export type ExitCode = 1 | 2 | 3 | 4 | 5 | 6
/** FIX 4.4 OrdRejReason(103). */
export type OrdRejReason = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 8 | 11 | 13 | 15 | 99
/** FIX 4.4 CxlRejReason(102). */
export type CxlRejReason = 0 | 1 | 2 | 3 | 6 | 99
/** FIX 4.4 QuoteRequestRejectReason(658). */
export type QuoteRequestRejectReason = 1 | 2 | 3 | 4 | 5 | 6 | 99
/** FIX 4.4 BusinessRejectReason(380). */
export type BusinessRejectReason = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7
/** FIX 4.4 SessionRejectReason(373). */
export type SessionRejectReason = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 8 | 9 | 10 | 11 | 13 | 14 | 15 | 16 | 17 | 99
/** draft-ietf-satp-core §error codes, `err_` and `urn:ietf:params:satp:core:error:` left off. */
export type SatpCode = '0.1.1' | '0.1.2' | '0.1.3' | '1.1.1' | '1.1.2' | '1.1.3' | '2.2.7' | '2.2.8' | '2.2.9'

export type FixReasons = {
  readonly ordRejReason: OrdRejReason
  readonly cxlRejReason: CxlRejReason
  readonly quoteRequestRejectReason: QuoteRequestRejectReason
  readonly businessRejectReason: BusinessRejectReason
  readonly sessionRejectReason: SessionRejectReason
}

export type RefusalFacts = {
  /** Stable public code. */
  readonly plk: `PLK-${number}`
  /** What happened, one short sentence without a full stop. */
  readonly title: string
  /** What to do next. */
  readonly remedy: string
  readonly http: number
  readonly fix: FixReasons
  readonly satp: SatpCode
  readonly exit: ExitCode
  /** Whether the same request can succeed later without being changed. */
  readonly retryable: boolean
}

type Defaults = Omit<RefusalFacts, 'plk' | 'title' | 'remedy'>
type Override = Partial<Omit<Defaults, 'fix'>> & { readonly fix?: Partial<FixReasons> }

const otherReasons: FixReasons = {
  ordRejReason: 99,
  cxlRejReason: 99,
  quoteRequestRejectReason: 99,
  businessRejectReason: 0,
  sessionRejectReason: 99,
}
const other = (http: number, satp: SatpCode, exit: ExitCode): Defaults => ({
  http,
  fix: otherReasons,
  satp,
  exit,
  retryable: false,
})

const input = withReasons(other(400, '0.1.1', 2), { sessionRejectReason: 6 })
const trade = other(422, '1.1.3', 1)
const policy = withReasons(other(403, '0.1.2', 1), {
  ordRejReason: 0,
  quoteRequestRejectReason: 6,
  businessRejectReason: 6,
})
const ledger = other(502, '0.1.2', 4)
const peer = withReasons(other(502, '0.1.2', 3), { businessRejectReason: 4 })
const verification = other(422, '0.1.3', 5)
const fixSession = other(400, '0.1.1', 3)
const internal = withReasons(other(500, '0.1.2', 6), { businessRejectReason: 4 })

// Lines of one registry stay lines: a code, what happened, what to do, and what differs from its family.
// oxfmt-ignore
const registry = {
  // 1xxx input and format
  'json-syntax': entry(input, 'PLK-1001', 'The text is not JSON', 'Correct the syntax at the position named'),
  'json-duplicate-key': entry(input, 'PLK-1002', 'An object names a member twice', 'Send each member once'),
  'json-too-deep': entry(input, 'PLK-1003', 'The JSON is nested too deeply', 'Flatten the document'),
  'json-too-large': entry(input, 'PLK-1004', 'The JSON is too large', 'Send a smaller document', { http: 413 }),
  'json-too-many-members': entry(input, 'PLK-1005', 'The JSON has too many members', 'Split the document', { http: 413 }),
  'json-lone-surrogate': entry(input, 'PLK-1006', 'A JSON string holds half a character', 'Send well-formed Unicode'),
  'json-number': entry(input, 'PLK-1007', 'A JSON number does not fit a double', 'Send large or exact numbers as strings'),
  'json-not-canonical': entry(input, 'PLK-1008', 'The JSON is not in canonical form', 'Serialise by RFC 8785'),
  'json-shape': entry(input, 'PLK-1009', 'The document has the wrong shape', 'Compare it with the published schema', { http: 422 }),
  'utf8-invalid': entry(input, 'PLK-1010', 'The bytes are not UTF-8', 'Send UTF-8'),
  'encoding-invalid': entry(input, 'PLK-1011', 'Bytes are spelled wrongly', 'Send canonical hexadecimal or base64 as asked'),
  'time-invalid': entry(input, 'PLK-1012', 'The time is not RFC 3339 UTC', 'Send a time such as 2026-11-20T14:00:00.412Z'),
  'field-missing': entry(input, 'PLK-1013', 'A required field is missing', 'Add the field named', { http: 422, fix: { sessionRejectReason: 1, businessRejectReason: 5 } }),
  'field-invalid': entry(input, 'PLK-1014', 'A field has an impossible value', 'Correct the field named', { http: 422, fix: { sessionRejectReason: 5 } }),
  'usage': entry(input, 'PLK-1015', 'The command was not understood', 'See --help'),
  'cfi-invalid': entry(input, 'PLK-1108', 'The CFICode is not valid', 'Send six letters of ISO 10962', { http: 422, fix: { ordRejReason: 11, sessionRejectReason: 5 } }),
  'media-type-unsupported': entry(input, 'PLK-1016', 'The media type is not supported', 'Send application/json', { http: 415 }),
  'http-malformed': entry(input, 'PLK-1017', 'The bytes are not an HTTP request', 'Send HTTP/1.1 (RFC 9112)'),
  'http-headers-too-large': entry(input, 'PLK-1018', 'The header block is too large', 'Send fewer or shorter headers', { http: 431 }),
  'http-target-too-long': entry(input, 'PLK-1019', 'The request target is too long', 'Shorten the query', { http: 414 }),
  'http-host': entry(input, 'PLK-1020', 'The Host header names another host', 'Use 127.0.0.1, localhost or [::1]', { http: 421 }),
  'http-origin': entry(input, 'PLK-1021', 'A page of another origin may not send commands', 'Send commands from a program or from this origin', { http: 403 }),
  'idempotency-key': entry(input, 'PLK-1022', 'The Idempotency-Key header is missing or malformed', 'Send 8 to 64 letters, digits, dots, dashes or underscores'),
  'query-invalid': entry(input, 'PLK-1023', 'A query parameter is not valid', 'Compare the request with /openapi.json'),
  'range-invalid': entry(input, 'PLK-1024', 'The range lies outside the journal', 'Ask for the size of the journal first', { http: 416 }),
  'id-lei': entry(input, 'PLK-1101', 'The LEI is not valid', 'Check its twenty characters and check digits (ISO 17442)', { http: 422 }),
  'id-uti': entry(input, 'PLK-1102', 'The UTI is not valid', 'Start it with the LEI of its generator, at most 52 characters (ISO 23897)', { http: 422 }),
  'id-dti': entry(input, 'PLK-1103', 'The DTI is not valid', 'Check its nine characters and check character (ISO 24165)', { http: 422 }),
  'id-caip': entry(input, 'PLK-1104', 'The CAIP identifier is not valid', 'Write it by CAIP-2, CAIP-10 or CAIP-19', { http: 422 }),
  'id-currency': entry(input, 'PLK-1105', 'The currency is not an active ISO 4217 code', 'Use a three letter code; name crypto assets by CAIP-19', { http: 422 }),
  'id-mic': entry(input, 'PLK-1106', 'The MIC has the wrong form', 'Send four letters or digits (ISO 10383)', { http: 422 }),
  'id-address': entry(input, 'PLK-1107', 'The address is not valid', 'Send 0x and 40 digits with the EIP-55 checksum', { http: 422 }),
  'decimal-invalid': entry(input, 'PLK-1201', 'The number is not a plain decimal', 'Send digits with at most one point, no exponent', { http: 422 }),
  'money-invalid': entry(input, 'PLK-1202', 'The amount is not an integer of minor units', 'Send minor units as a string of digits', { http: 422 }),
  'money-inexact': entry(input, 'PLK-1203', 'The amount is finer than its asset', 'Use no more decimal places than the asset has', { http: 422, fix: { ordRejReason: 13 } }),
  'money-negative': entry(input, 'PLK-1204', 'The amount is below zero', 'Send an amount above zero', { http: 422, fix: { ordRejReason: 13 } }),

  // 2xxx trade
  'unknown-instrument': entry(trade, 'PLK-2001', 'The instrument is not known here', 'Ask for the security list', { http: 404, fix: { ordRejReason: 1, quoteRequestRejectReason: 1, businessRejectReason: 2 } }),
  'not-an-expiry': entry(trade, 'PLK-2002', 'The venue has no such expiry', 'Quarterlies expire on the last Friday of the month, 08:00 UTC', { fix: { ordRejReason: 1, quoteRequestRejectReason: 1, businessRejectReason: 2 } }),
  'cfi-mismatch': entry(trade, 'PLK-2003', 'CFICode and the other terms disagree', 'Make CFICode, PutOrCall and the instrument agree', { fix: { ordRejReason: 11, sessionRejectReason: 5 } }),
  'instrument-expired': entry(trade, 'PLK-2004', 'The instrument has expired', 'Trade a later expiry', { fix: { ordRejReason: 4, quoteRequestRejectReason: 4 } }),
  'instrument-mismatch': entry(trade, 'PLK-2005', 'The terms differ from the instrument', 'Send the terms of the security list', { fix: { ordRejReason: 11, quoteRequestRejectReason: 1 } }),
  'side-invalid': entry(trade, 'PLK-2006', 'The side is not one of the quote', 'Take a side that was quoted', { fix: { ordRejReason: 11 } }),
  'quantity-invalid': entry(trade, 'PLK-2007', 'The quantity is not allowed', 'Use a positive multiple of the lot', { fix: { ordRejReason: 13, quoteRequestRejectReason: 99, sessionRejectReason: 5 } }),
  'price-off-tick': entry(trade, 'PLK-2008', 'The price is not a multiple of the tick', 'Round to the tick of the instrument', { fix: { ordRejReason: 11, quoteRequestRejectReason: 5, sessionRejectReason: 5 } }),
  'rfq-unknown': entry(trade, 'PLK-2101', 'No such request for quote', 'Send a new request', { http: 404, fix: { businessRejectReason: 1 } }),
  'duplicate-quote-req-id': entry(trade, 'PLK-2102', 'The QuoteReqID was used before', 'Use a new QuoteReqID', { http: 409, fix: { quoteRequestRejectReason: 99 } }),
  'quote-unknown': entry(trade, 'PLK-2201', 'No such quote', 'Ask for a new quote', { http: 404, fix: { ordRejReason: 99, businessRejectReason: 1 } }),
  'quote-used': entry(trade, 'PLK-2202', 'The quote was already taken', 'Ask for a new quote', { http: 409 }),
  'quote-expired': entry(trade, 'PLK-2203', 'The quote has expired', 'Ask for a new quote and answer before ValidUntilTime', { http: 410, fix: { ordRejReason: 8 } }),
  'price-not-quoted': entry(trade, 'PLK-2204', 'The price is not the quoted one', 'Send the price of the quote'),
  'quantity-not-quoted': entry(trade, 'PLK-2205', 'The quantity is not the quoted one', 'Send the quantity of the quote', { fix: { ordRejReason: 13 } }),
  'quote-not-yours': entry(trade, 'PLK-2206', 'The quote was made for somebody else', 'Ask for a quote of your own', { http: 403 }),
  'quote-cancelled': entry(trade, 'PLK-2207', 'The quote was withdrawn', 'Ask for a new quote', { http: 410, fix: { ordRejReason: 8 } }),
  'no-quote': entry(trade, 'PLK-2208', 'Nobody quoted', 'Ask again later or ask another maker', { http: 503, retryable: true, fix: { quoteRequestRejectReason: 99 } }),
  'counter-unsupported': entry(trade, 'PLK-2209', 'Counter-offers are not taken', 'Hit the quote, pass, or ask for a new one', { fix: { businessRejectReason: 0 } }),
  'not-a-maker': entry(trade, 'PLK-2210', 'This session may not watch requests for quote', 'Use a desk session of a gateway that makes markets', { http: 403, fix: { quoteRequestRejectReason: 6, businessRejectReason: 6 } }),
  'duplicate-cl-ord-id': entry(trade, 'PLK-2301', 'The ClOrdID was used before with other terms', 'Use a new ClOrdID', { http: 409, fix: { ordRejReason: 6, cxlRejReason: 6 } }),
  'order-unknown': entry(trade, 'PLK-2302', 'No such order', 'Check the order id', { http: 404, fix: { ordRejReason: 5, cxlRejReason: 1, businessRejectReason: 1 } }),
  'too-late-to-cancel': entry(trade, 'PLK-2303', 'The order is done', 'A filled order cannot be cancelled', { http: 409, fix: { cxlRejReason: 0 } }),
  'order-type-unsupported': entry(trade, 'PLK-2304', 'The order type is not supported', 'Send a previously quoted or limit order against a QuoteID', { fix: { ordRejReason: 11 } }),
  'multileg-unsupported': entry(trade, 'PLK-2305', 'Only single-leg options trade here', 'Ask for a quote for each leg', { fix: { ordRejReason: 11, cxlRejReason: 99 } }),
  'replace-unsupported': entry(trade, 'PLK-2306', 'Orders against a quote cannot be replaced', 'Ask for a new quote and send a new order', { fix: { cxlRejReason: 99 } }),
  'execution-unknown': entry(trade, 'PLK-2401', 'No such execution', 'Reconcile executions with the counterparty', { http: 404, fix: { businessRejectReason: 1 } }),
  'confirmation-mismatch': entry(trade, 'PLK-2402', 'The trade record differs from our execution', 'Compare the members named and propose again', { http: 409 }),
  'trade-unknown': entry(trade, 'PLK-2403', 'No such trade', 'Check the trade id or UTI', { http: 404, fix: { businessRejectReason: 1 } }),
  'trade-state': entry(trade, 'PLK-2404', 'The trade is not in a state that allows this', 'Look at the timeline of the trade', { http: 409 }),
  'uti-mismatch': entry(trade, 'PLK-2405', 'The UTI does not follow the rule', 'The maker generates it from both LEIs and the execution id', { http: 409 }),
  'execution-duplicate': entry(trade, 'PLK-2406', 'The execution was reported before', 'Nothing: the first report stands', { http: 409 }),
  'execution-mismatch': entry(trade, 'PLK-2407', 'The execution differs from the order', 'Call the counterparty; the trade is not confirmed', { http: 409 }),
  'confirmation-timeout': entry(trade, 'PLK-2408', 'The trade was not confirmed in time', 'Reconcile with the counterparty and trade again', { http: 410 }),
  'trade-record-invalid': entry(trade, 'PLK-2409', 'The trade record is not valid', 'Correct the member named; see spec/trade-record.md'),
  'mark-invalid': entry(trade, 'PLK-2410', 'A mark or pricing input is out of range', 'Send positive integers within the limits named'),
  'no-implied-volatility': entry(trade, 'PLK-2411', 'No volatility gives this price', 'Send a price between intrinsic value and the forward'),
  'too-late-to-revise': entry(trade, 'PLK-2412', 'The settlement instruction is signed', 'Let it settle and agree an offsetting trade', { http: 409 }),
  'allocation-mismatch': entry(trade, 'PLK-2413', 'The allocation does not fit the fill', 'Allocate exactly the quantity that was filled, each account once', { http: 422 }),
  'exercise-too-early': entry(trade, 'PLK-2414', 'A European option is exercised at its expiry', 'Instruct it again from the expiry on', { http: 409, retryable: true }),
  'position-insufficient': entry(trade, 'PLK-2415', 'The position is smaller than that', 'Ask for the position (35=AN) and instruct at most its long quantity', { http: 422 }),

  // 3xxx policy
  'policy-denied': entry(policy, 'PLK-3001', 'The policy does not allow this', 'Run policy explain with the entry index'),
  'policy-error': entry(policy, 'PLK-3002', 'The policy could not be evaluated, which is a deny', 'Repair the policy set or its facts'),
  'policy-limit': entry(policy, 'PLK-3003', 'A limit would be exceeded', 'Reduce the size or ask for a higher limit', { fix: { ordRejReason: 3, quoteRequestRejectReason: 3 } }),
  'four-eyes-missing': entry(policy, 'PLK-3004', 'A second person has to approve', 'Ask somebody else with the right to approve', { retryable: true }),
  'counterparty-not-allowed': entry(policy, 'PLK-3005', 'The counterparty is not admitted', 'Onboard the counterparty first'),
  'ledger-not-allowed': entry(policy, 'PLK-3006', 'The ledger is not admitted', 'Choose a ledger that the policy names'),
  'policy-invalid': entry(policy, 'PLK-3007', 'The policy set is not valid', 'Run policy test', { http: 422, exit: 2 }),
  'not-authenticated': entry(policy, 'PLK-3008', 'The caller is not authenticated', 'Present a registered credential', { http: 401, fix: { ordRejReason: 15 } }),
  'breaker-open': entry(policy, 'PLK-3009', 'New locks are paused', 'Unwinding still works; see the alert that paused them', { http: 503, retryable: true, fix: { ordRejReason: 2, quoteRequestRejectReason: 2 } }),

  // 4xxx ledger
  'ledger-unreachable': entry(ledger, 'PLK-4001', 'The ledger does not answer', 'Check the RPC address and try again', { http: 503, retryable: true }),
  'ledger-reverted': entry(ledger, 'PLK-4002', 'The ledger refused the transaction', 'See the revert reason', { http: 422 }),
  'ledger-disagrees': entry(ledger, 'PLK-4003', 'Ledger endpoints contradict each other or our journal', 'Stop and compare the endpoints', { exit: 6 }),
  'insufficient-balance': entry(ledger, 'PLK-4004', 'The balance is too small', 'Fund the account named', { http: 422, satp: '2.2.7', fix: { ordRejReason: 3 } }),
  'insufficient-allowance': entry(ledger, 'PLK-4005', 'The allowance is too small', 'Approve the settlement contract for the amount', { http: 422 }),
  'settlement-expired': entry(ledger, 'PLK-4006', 'The settlement deadline has passed', 'Agree on a new instruction', { http: 410, satp: '2.2.9' }),
  'settlement-nonce-used': entry(ledger, 'PLK-4007', 'The instruction was already used', 'Look up the transaction that used it', { http: 409, satp: '2.2.8' }),
  'chain-mismatch': entry(ledger, 'PLK-4008', 'The endpoint serves another chain', 'Correct the RPC address or the chain id', { http: 422 }),
  'finality-pending': entry(ledger, 'PLK-4009', 'The transaction is not final yet', 'Wait and ask again', { http: 409, retryable: true, exit: 6 }),
  'transaction-unknown': entry(ledger, 'PLK-4010', 'The ledger does not know the transaction', 'Submit the same effect again', { http: 404, retryable: true, exit: 6 }),
  'asset-unknown': entry(ledger, 'PLK-4011', 'The asset is not known here', 'Check the asset id', { http: 404, satp: '2.2.7' }),
  'account-unknown': entry(ledger, 'PLK-4012', 'The account is not known here', 'Check the account id', { http: 404, fix: { ordRejReason: 15 } }),
  'contract-missing': entry(ledger, 'PLK-4013', 'There is no contract at the address', 'Deploy it or correct the address', { http: 422 }),
  'trade-already-settled': entry(ledger, 'PLK-4014', 'The trade settled under another instruction', 'Compare the settled digest with yours', { http: 409, satp: '2.2.8' }),
  'settlement-terms-invalid': entry(ledger, 'PLK-4015', 'The instruction can never settle', 'Name two different parties and two amounts above zero', { http: 422 }),
  'transfer-inexact': entry(ledger, 'PLK-4016', 'A token did not move exactly what was instructed', 'Settle in a token without fees on transfer', { http: 422 }),
  'effect-conflict': entry(ledger, 'PLK-4017', 'The effect id stands for something else', 'Use a new effect id', { http: 409, exit: 6 }),
  'nonce-displaced': entry(ledger, 'PLK-4018', 'Another transaction took the account nonce', 'Find out who else signs with the account key', { http: 409, exit: 6 }),
  'finality-broken': entry(ledger, 'PLK-4019', 'A final transaction has disappeared from the ledger', 'Stop and raise the alarm: the finality policy was too short', { http: 500, exit: 6 }),
  'fee-limit': entry(ledger, 'PLK-4020', 'The network fee is above the limit', 'Wait for a lower fee or raise the limit', { http: 503, retryable: true }),

  // 5xxx peer and transport
  'peer-unreachable': entry(peer, 'PLK-5001', 'The other gateway does not answer', 'Check its address and try again', { http: 503, retryable: true, fix: { businessRejectReason: 7 } }),
  'peer-refused': entry(peer, 'PLK-5002', 'The other gateway refused', 'See the refusal it gave'),
  'peer-unknown': entry(peer, 'PLK-5003', 'The peer is not registered', 'Add the peer and its keys', { http: 403, fix: { businessRejectReason: 6 } }),
  'tls-pin-mismatch': entry(peer, 'PLK-5004', 'The peer shows a key that is not pinned', 'Compare the pin with the peer over another channel', { http: 403, satp: '0.1.2' }),
  'tls-certificate-missing': entry(peer, 'PLK-5005', 'The peer showed no certificate', 'Configure a client certificate', { http: 401 }),
  'tls-certificate-expired': entry(peer, 'PLK-5006', 'The certificate of the peer is not valid now', 'Renew it and check the clock', { http: 403 }),
  'tls-identity-mismatch': entry(peer, 'PLK-5007', 'The certificate belongs to somebody else', 'Use the certificate of the named party', { http: 403 }),
  'tls-version': entry(peer, 'PLK-5008', 'The peer does not speak TLS 1.3', 'Enable TLS 1.3', { http: 400 }),
  'tls-handshake': entry(peer, 'PLK-5009', 'The TLS handshake failed', 'Check that both sides speak TLS 1.3 on this port'),
  'signature-invalid': entry(peer, 'PLK-5101', 'A signature is not valid', 'Sign the exact bytes with the registered key', { http: 422, satp: '0.1.3', exit: 5, fix: { sessionRejectReason: 8 } }),
  'key-unknown': entry(peer, 'PLK-5102', 'The key is not registered', 'Register the key first', { http: 403, satp: '0.1.3', exit: 5 }),
  'key-expired': entry(peer, 'PLK-5103', 'The key is not valid at that time', 'Sign with a key that is valid now', { http: 403, satp: '0.1.3', exit: 5 }),
  'key-invalid': entry(peer, 'PLK-5104', 'The public key is not acceptable', 'Register a canonical key of full order', { http: 422, exit: 5 }),
  'key-use': entry(peer, 'PLK-5105', 'The key is registered for another use', 'Sign with the key for this use', { http: 403, satp: '0.1.3', exit: 5 }),
  'jws-malformed': entry(peer, 'PLK-5106', 'The JWS is malformed', 'Send JWS General JSON with canonical protected headers', { http: 400, satp: '0.1.3', exit: 5 }),
  'jws-header': entry(peer, 'PLK-5107', 'A JWS header is not accepted', 'Send exactly alg, kid and typ as registered', { http: 422, satp: '0.1.3', exit: 5 }),
  'digest-mismatch': entry(peer, 'PLK-5108', 'A digest does not match its content', 'Send the content that was digested', { http: 422, satp: '0.1.3', exit: 5 }),
  'key-conflict': entry(peer, 'PLK-5109', 'The key id or key is already registered', 'Register a new key under a new id', { http: 409, exit: 2 }),
  'message-replayed': entry(peer, 'PLK-5201', 'The message was seen before', 'Send each message once', { http: 409 }),
  'message-too-old': entry(peer, 'PLK-5202', 'The message is too old', 'Check the clock and send it again', { http: 400, fix: { sessionRejectReason: 10 } }),
  'request-timeout': entry(peer, 'PLK-5203', 'The request took too long', 'Try again', { http: 408, retryable: true }),

  // 6xxx journal and verification
  'journal-corrupt': entry(verification, 'PLK-6001', 'The journal on disk is damaged', 'Restore the store from backup; do not start', { http: 500 }),
  'checkpoint-stale': entry(verification, 'PLK-6002', 'The latest cosigned checkpoint is too old', 'Reach the witnesses again', { http: 503, retryable: true }),
  'witness-quorum-missing': entry(verification, 'PLK-6003', 'Too few witnesses cosigned', 'Start the missing witnesses', { http: 503, retryable: true }),
  'verification-failed': entry(verification, 'PLK-6004', 'The evidence does not verify', 'See the entry or section named'),
  'conflict': entry(verification, 'PLK-6005', 'Somebody changed it first', 'Read the new state and decide again', { http: 409, exit: 6, retryable: true }),
  'idempotency-conflict': entry(verification, 'PLK-6006', 'The idempotency key was used for another request', 'Use a new key', { http: 422, exit: 2, satp: '0.1.1' }),
  'proof-invalid': entry(verification, 'PLK-6007', 'A Merkle proof does not lead to the root', 'Fetch the proof again from the log'),
  'note-malformed': entry(verification, 'PLK-6008', 'The signed note is malformed', 'Send the note as the log published it', { http: 400 }),
  'checkpoint-malformed': entry(verification, 'PLK-6009', 'The checkpoint is malformed', 'Send the checkpoint as the log published it', { http: 400 }),
  'log-unknown': entry(verification, 'PLK-6010', 'The log is not known to this witness', 'Configure the log key and origin', { http: 404 }),
  'log-fork': entry(verification, 'PLK-6011', 'The log showed two histories', 'Keep both notes as evidence and stop trusting the log', { http: 422 }),
  'checkpoint-size-conflict': entry(verification, 'PLK-6012', 'The witness has seen another size', 'Send a proof from the size it names', { http: 409, retryable: true, exit: 6 }),
  'part-erased': entry(verification, 'PLK-6013', 'The confidential part was erased', 'Its digest remains; ask the other party for the content', { http: 410 }),
  'entry-too-large': entry(verification, 'PLK-6014', 'The journal entry is too large', 'Move content into parts', { http: 413, exit: 2 }),
  'pack-malformed': entry(verification, 'PLK-6015', 'The evidence pack is malformed', 'See the line named', { http: 400 }),
  'idempotency-in-doubt': entry(verification, 'PLK-6016', 'An earlier request with this key was cut off', 'Look at the result before you send it again with a new key', { http: 409, exit: 6 }),
  'note-unsigned': entry(verification, 'PLK-6017', 'No trusted key signed the note', 'Compare the keys of the note with the ones that are trusted here', { http: 403 }),
  'store-unsafe': entry(verification, 'PLK-6018', 'The store cannot promise durability', 'Use a file on a local disk that supports write-ahead logging', { http: 500, exit: 2 }),
  'store-locked': entry(verification, 'PLK-6019', 'Another process has the store open', 'Stop the other process or choose another folder', { http: 503, exit: 2, retryable: true }),
  'witness-policy-invalid': entry(verification, 'PLK-6020', 'The witness policy is not valid', 'Correct the line named', { http: 422, exit: 2 }),
  'receipt-malformed': entry(verification, 'PLK-6021', 'The log receipt is malformed', 'Send the receipt as it was issued', { http: 400 }),
  'part-kept': entry(verification, 'PLK-6022', 'The confidential part may not be erased', 'Only parts recorded as erasable can be erased', { http: 409 }),
  'log-bundle-malformed': entry(verification, 'PLK-6023', 'The entry bundle is malformed', 'Fetch the bundle again from the log', { http: 400 }),
  'witness-unreachable': entry(verification, 'PLK-6024', 'The witness does not answer as it should', 'Start the witness or correct its address', { http: 503, exit: 3, retryable: true }),
  'witness-request-malformed': entry(verification, 'PLK-6025', 'The add-checkpoint request is malformed', 'Send old size, proof and checkpoint (C2SP tlog-witness)', { http: 400 }),

  // 7xxx FIX session
  'fix-invalid-tag': entry(fixSession, 'PLK-7001', 'The tag number is not valid', 'Correct the message', { fix: { sessionRejectReason: 0 } }),
  'fix-required-tag-missing': entry(fixSession, 'PLK-7002', 'A required tag is missing', 'Add the tag named', { fix: { sessionRejectReason: 1, businessRejectReason: 5 } }),
  'fix-tag-not-defined': entry(fixSession, 'PLK-7003', 'The tag is not defined for this message', 'Leave the tag out', { fix: { sessionRejectReason: 2 } }),
  'fix-undefined-tag': entry(fixSession, 'PLK-7004', 'The tag is not defined', 'Leave the tag out', { fix: { sessionRejectReason: 3 } }),
  'fix-tag-without-value': entry(fixSession, 'PLK-7005', 'A tag has no value', 'Send a value or leave the tag out', { fix: { sessionRejectReason: 4 } }),
  'fix-value-incorrect': entry(fixSession, 'PLK-7006', 'A value is out of range for its tag', 'Send a value of the dictionary', { fix: { sessionRejectReason: 5 } }),
  'fix-incorrect-data-format': entry(fixSession, 'PLK-7007', 'A value has the wrong data format', 'Send the data type of the dictionary', { fix: { sessionRejectReason: 6 } }),
  'fix-comp-id': entry(fixSession, 'PLK-7008', 'SenderCompID or TargetCompID is wrong', 'Check both CompIDs', { http: 403, fix: { sessionRejectReason: 9, businessRejectReason: 6 } }),
  'fix-sending-time': entry(fixSession, 'PLK-7009', 'SendingTime is not accurate', 'Synchronise the clock', { fix: { sessionRejectReason: 10 } }),
  'fix-invalid-msg-type': entry(fixSession, 'PLK-7010', 'The MsgType is not valid', 'Send a MsgType of the version', { fix: { sessionRejectReason: 11, businessRejectReason: 3 } }),
  'fix-tag-repeated': entry(fixSession, 'PLK-7011', 'A tag appears more than once', 'Send the tag once', { fix: { sessionRejectReason: 13 } }),
  'fix-tag-out-of-order': entry(fixSession, 'PLK-7012', 'A tag is out of its required order', 'Send header, body and trailer in order', { fix: { sessionRejectReason: 14 } }),
  'fix-group-order': entry(fixSession, 'PLK-7013', 'Fields of a repeating group are out of order', 'Send group fields in dictionary order', { fix: { sessionRejectReason: 15 } }),
  'fix-group-count': entry(fixSession, 'PLK-7014', 'NumInGroup does not match the group', 'Send as many entries as counted', { fix: { sessionRejectReason: 16 } }),
  'fix-delimiter-in-value': entry(fixSession, 'PLK-7015', 'A value holds the field delimiter', 'Use a data field', { fix: { sessionRejectReason: 17 } }),
  'fix-garbled': entry(fixSession, 'PLK-7016', 'The message is garbled', 'Check BeginString, BodyLength and CheckSum'),
  'fix-frame-too-large': entry(fixSession, 'PLK-7017', 'The message is too large', 'Send a smaller message', { http: 413 }),
  'fix-sequence-too-low': entry(fixSession, 'PLK-7018', 'MsgSeqNum is too low', 'Compare sequence numbers with the operator', { http: 409 }),
  'fix-logon-refused': entry(fixSession, 'PLK-7019', 'The logon was refused', 'Check CompIDs, certificate and schedule', { http: 403, fix: { businessRejectReason: 6 } }),
  'fix-session-disabled': entry(fixSession, 'PLK-7020', 'The session is disabled or outside its schedule', 'Ask the operator to enable it', { http: 503, retryable: true, fix: { businessRejectReason: 4 } }),
  'fix-session-unknown': entry(fixSession, 'PLK-7021', 'No such FIX session', 'Check both CompIDs', { http: 404 }),
  'fix-unsupported-msg-type': entry(fixSession, 'PLK-7022', 'The MsgType is not supported here', 'Use a supported message', { fix: { sessionRejectReason: 11, businessRejectReason: 3 } }),
  'fix-version': entry(fixSession, 'PLK-7023', 'BeginString is not the one of the session', 'Use the agreed FIX version'),
  'fix-session-live': entry(fixSession, 'PLK-7024', 'The session is connected', 'Log it out or disable it first', { http: 409 }),

  // 9xxx internal and limits
  'internal': entry(internal, 'PLK-9001', 'The gateway failed', 'Look for the incident in its log; the effect may be in doubt'),
  'limit-bytes': entry(internal, 'PLK-9002', 'The input is too large', 'Send less at once', { http: 413, exit: 2 }),
  'limit-rate': entry(internal, 'PLK-9003', 'Too many requests', 'Slow down', { http: 429, exit: 1, retryable: true }),
  'limit-connections': entry(internal, 'PLK-9004', 'Too many connections', 'Close some', { http: 503, exit: 3, retryable: true }),
  'limit-queue': entry(internal, 'PLK-9005', 'The gateway is busy', 'Try again shortly', { http: 503, exit: 3, retryable: true }),
  'disk-full': entry(internal, 'PLK-9006', 'The disk is full', 'Free space; nothing was recorded since', { http: 507, retryable: true }),
  'not-found': entry(internal, 'PLK-9007', 'There is no such thing', 'Check the address or id', { http: 404, exit: 2, fix: { businessRejectReason: 1 } }),
  'port-in-use': entry(internal, 'PLK-9008', 'A port is in use', 'Stop what listens there or choose another port', { exit: 2, retryable: true }),
  'missing-binary': entry(internal, 'PLK-9009', 'A program is missing', 'Run npm ci with optional dependencies', { exit: 2 }),
  'file-unreadable': entry(internal, 'PLK-9010', 'A file cannot be read or written', 'Check its path and permissions', { exit: 2 }),
  'config-invalid': entry(internal, 'PLK-9011', 'The configuration is not valid', 'Correct the member named', { exit: 2 }),
  'method-not-allowed': entry(internal, 'PLK-9012', 'The method is not allowed here', 'See the API description', { http: 405, exit: 2 }),
  'shutting-down': entry(internal, 'PLK-9013', 'The gateway is stopping', 'Try again after the restart', { http: 503, exit: 3, retryable: true }),
  'not-loopback': entry(internal, 'PLK-9014', 'The HTTP API listens on loopback only', 'Listen on 127.0.0.1 until client authentication is configured', { http: 421, exit: 2 }),
}

/** Stable name of a refusal in code, journals and APIs. */
export type RefusalCode = keyof typeof registry

export const REFUSALS: Readonly<Record<RefusalCode, RefusalFacts>> = registry

/** The marker is a symbol, so nothing that was parsed from outside can pass for a refusal of ours. */
const marker = Symbol('refusal')

/** An expected failure. Made by `refuse` alone; told from any other value by `isRefusal`. */
export type Refusal = {
  readonly refusal: RefusalCode
  /** What happened this time, for people. Holds no confidential terms: it travels to the peer. */
  readonly detail: string
  readonly meta: Readonly<Record<string, string>>
  readonly [marker]: true
}

/** What is cut off between the halves of a character is no text any more, and a journal or a peer would not take it. */
export const refuse = (
  code: RefusalCode,
  detail: string,
  meta: Readonly<Record<string, string>> = {},
): Refusal => ({
  refusal: code,
  detail: detail.slice(0, refusalDetailMax).toWellFormed(),
  meta: Object.fromEntries(Object.entries(meta).map(([name, value]) => [name, value.toWellFormed()])),
  [marker]: true,
})

export const isRefusal = (value: unknown): value is Refusal =>
  typeof value === 'object' && value !== null && (value as Partial<Refusal>)[marker] === true

/** Whether a text, say from a peer or a journal, names a refusal. */
export const isRefusalCode = (text: string): text is RefusalCode => Object.hasOwn(registry, text)

/** RFC 9457 problem details. `type` is a URN: it names the problem, there is nothing to fetch. */
export type Problem = {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly instance?: string
  readonly code: string
  readonly refusal: RefusalCode
  readonly remedy: string
  readonly retryable: boolean
  readonly meta: Readonly<Record<string, string>>
}

export function toProblem(refusal: Refusal, instance?: string): Problem {
  const { plk, title, http, remedy, retryable } = REFUSALS[refusal.refusal]
  return {
    type: `urn:poundlock:refusal:${refusal.refusal}`,
    title,
    status: http,
    detail: refusal.detail,
    ...(instance === undefined ? {} : { instance }),
    code: plk,
    refusal: refusal.refusal,
    remedy,
    retryable,
    meta: refusal.meta,
  }
}

/** Text(58): the stable code first, then title and detail, without FIX delimiters. */
export function toFixText(refusal: Refusal): string {
  const { plk, title } = REFUSALS[refusal.refusal]
  return printable(`${plk} ${title}: ${refusal.detail}`).slice(0, refusalTextMax)
}

/** ExecutionReport (35=8, ExecType 8) reason. */
export const toOrdReject = (refusal: Refusal): { ordRejReason: OrdRejReason; text: string } => ({
  ordRejReason: REFUSALS[refusal.refusal].fix.ordRejReason,
  text: toFixText(refusal),
})

/** OrderCancelReject (35=9) reason. */
export const toCxlReject = (refusal: Refusal): { cxlRejReason: CxlRejReason; text: string } => ({
  cxlRejReason: REFUSALS[refusal.refusal].fix.cxlRejReason,
  text: toFixText(refusal),
})

/** QuoteRequestReject (35=AG) reason. */
export const toQuoteRequestReject = (
  refusal: Refusal,
): { quoteRequestRejectReason: QuoteRequestRejectReason; text: string } => ({
  quoteRequestRejectReason: REFUSALS[refusal.refusal].fix.quoteRequestRejectReason,
  text: toFixText(refusal),
})

/** BusinessMessageReject (35=j) reason. */
export const toBusinessReject = (
  refusal: Refusal,
): { businessRejectReason: BusinessRejectReason; text: string } => ({
  businessRejectReason: REFUSALS[refusal.refusal].fix.businessRejectReason,
  text: toFixText(refusal),
})

/** Reject (35=3) reason. */
export const toSessionReject = (
  refusal: Refusal,
): { sessionRejectReason: SessionRejectReason; text: string } => ({
  sessionRejectReason: REFUSALS[refusal.refusal].fix.sessionRejectReason,
  text: toFixText(refusal),
})

/** draft-ietf-satp-core error-msg members that a refusal decides; status follows the draft, not `http`. */
export function toSatp(refusal: Refusal): { type: string; status: number; title: string; detail: string } {
  const { plk, title, satp } = REFUSALS[refusal.refusal]
  return {
    type: `urn:ietf:params:satp:core:error:err_${satp}`,
    status: satpStatus[satp],
    title,
    detail: `${plk}: ${refusal.detail}`,
  }
}

export const toExit = (refusal: Refusal): ExitCode => REFUSALS[refusal.refusal].exit

const satpStatus: Readonly<Record<SatpCode, number>> = {
  '0.1.1': 400,
  '0.1.2': 403,
  '0.1.3': 422,
  '1.1.1': 422,
  '1.1.2': 422,
  '1.1.3': 422,
  '2.2.7': 404,
  '2.2.8': 409,
  '2.2.9': 410,
}

function entry(
  family: Defaults,
  plk: `PLK-${number}`,
  title: string,
  remedy: string,
  differs: Override = {},
): RefusalFacts {
  return { ...family, ...differs, plk, title, remedy, fix: { ...family.fix, ...differs.fix } }
}

function withReasons(defaults: Defaults, reasons: Partial<FixReasons>): Defaults {
  return { ...defaults, fix: { ...defaults.fix, ...reasons } }
}

const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?')
