import { constants, createPublicKey, generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSecureContext, type ConnectionOptions, type TLSSocket, type TlsOptions } from 'node:tls'
import {
  addMs,
  instant,
  invariant,
  isRefusal,
  refuse,
  toBase64Url,
  type Clock,
  type Instant,
  type Random,
  type Refusal,
} from '#core'
import { sha256 } from './hash.ts'
import { loadOrCreateKey, unwritten } from './keystore.ts'
import { publicKeyObject, rawPublicKey } from './signature.ts'
import { selfSignedCertificate } from './x509.ts'

/**
 * Who this process is in TLS: a self-signed P-256 certificate whose key the peers have pinned. The private
 * key is not a member; `tlsServerOptions` and `tlsClientOptions` find it by the identity of this object.
 */
export type TlsIdentity = {
  readonly name: string
  readonly uri: string
  readonly certificatePem: string
  readonly pin: string
  /** 33 bytes, compressed point. */
  readonly publicKey: Uint8Array
  readonly notAfter: Instant
}

/** A peer as it was onboarded: its certificate, whose key hash was compared over another channel. */
export type PinnedPeer = {
  readonly name: string
  readonly uri: string
  readonly certificatePem: string
  /** base64url SHA-256 of the SubjectPublicKeyInfo (RFC 7469 §2.4, url form). */
  readonly pin: string
}

export const tlsValidityMs = 365 * 24 * 60 * 60 * 1_000
/** Certificates start a little early, so that a peer whose clock is behind accepts them. */
export const tlsBackdateMs = 5 * 60 * 1_000
export const tlsHandshakeMsMax = 10_000

const privateKeys = new WeakMap<TlsIdentity, KeyObject>()

export type TlsIdentityOptions = {
  readonly clock: Clock
  readonly random: Random
  readonly validityMs?: number
}

/** A fresh identity that lives in memory. */
export function createTlsIdentity(name: string, uri: string, options: TlsIdentityOptions): TlsIdentity {
  const key = generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey
  return identityOf(key, certificateFor(key, name, uri, options))
}

/**
 * An identity on disk: `<name>.pem` (key, mode 0600) and `<name>.crt`, created on first use. A certificate
 * that is about to expire is renewed for the same key, so pins stay. Refuses `file-unreadable`.
 */
export function openTlsIdentity(
  directory: string,
  name: string,
  uri: string,
  options: TlsIdentityOptions,
): TlsIdentity | Refusal {
  const key = loadOrCreateKey(directory, name, 'ES256')
  if (isRefusal(key)) return key
  const path = join(directory, `${name}.crt`)
  const stored = readCertificate(path, options.clock.now())
  if (stored !== undefined && stored.checkPrivateKey(key) && uriOf(stored) === uri)
    return identityOf(key, stored)
  const fresh = certificateFor(key, name, uri, options)
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    writeFileSync(path, fresh.toString())
  } catch (error) {
    return unwritten(path, error) ?? refuse('file-unreadable', `Cannot write ${path}: ${messageOf(error)}`)
  }
  return identityOf(key, fresh)
}

/** base64url SHA-256 of the SubjectPublicKeyInfo of a certificate, DER or PEM. */
export const spkiPin = (certificate: Uint8Array | string): string =>
  pinOf(new X509Certificate(certificate).publicKey)

/** The pin of a registered ES256 public key (33 bytes). Refuses `key-invalid`. */
export function pinOfPublicKey(publicKey: Uint8Array): string | Refusal {
  const key = publicKeyObject('ES256', publicKey)
  if (key === undefined) return refuse('key-invalid', 'Not a P-256 public key')
  // Through JWK, because a certificate carries the uncompressed point.
  return pinOf(createPublicKey({ key: key.export({ format: 'jwk' }), format: 'jwk' }))
}

/**
 * A peer from the certificate that it published and the pin that was compared over another channel.
 * Refuses `tls-pin-mismatch`, and `tls-identity-mismatch` if the certificate names another URI.
 */
export function pinPeer(
  name: string,
  uri: string,
  certificatePem: string,
  pin: string,
): PinnedPeer | Refusal {
  const certificate = parseCertificate(certificatePem)
  if (certificate === undefined) return refuse('tls-handshake', `No certificate of ${name}`)
  if (pinOf(certificate.publicKey) !== pin) return pinMismatch(name)
  if (uriOf(certificate) !== uri)
    return refuse('tls-identity-mismatch', `The certificate does not name ${uri}`)
  return { name, uri, certificatePem, pin }
}

/**
 * Options for `node:tls` and `node:https` servers: TLS 1.3 only, a client certificate of one of the peers
 * required, no resumption. Hand them straight to Node: they carry the key for it. Call `peerOf` on each
 * connection to learn which peer it is.
 */
export const tlsServerOptions = (identity: TlsIdentity, peers: readonly PinnedPeer[]): TlsOptions => ({
  key: keyPem(identity),
  cert: identity.certificatePem,
  ca: peers.map((peer) => peer.certificatePem),
  requestCert: true,
  rejectUnauthorized: true,
  handshakeTimeout: tlsHandshakeMsMax,
  ...tlsProfile,
})

/** Options for `tls.connect`, `https.request` and undici: TLS 1.3 only, this peer and no other. */
export const tlsClientOptions = (identity: TlsIdentity, peer: PinnedPeer): ConnectionOptions => ({
  secureContext: createSecureContext({
    key: keyPem(identity),
    cert: identity.certificatePem,
    ca: [peer.certificatePem],
    ...tlsProfile,
  }),
  rejectUnauthorized: true,
  minVersion: 'TLSv1.3',
  // The certificate names a URI, not a host: where the peer listens is not who it is.
  checkServerIdentity: (_host, shown) => {
    const refusal = checkCertificate(new X509Certificate(shown.raw), peer)
    return refusal === undefined ? undefined : new TlsRefusedError(refusal)
  },
})

/**
 * Which of the peers is at the other end. Refuses `tls-version`, `tls-certificate-missing`,
 * `tls-certificate-expired`, `tls-pin-mismatch`, `tls-identity-mismatch`.
 */
export function peerOf(socket: TLSSocket, peers: readonly PinnedPeer[]): PinnedPeer | Refusal {
  if (socket.getProtocol() !== 'TLSv1.3') return refuse('tls-version', 'The connection is not TLS 1.3')
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return refuse('tls-certificate-missing', 'The peer showed no certificate')
  const pin = pinOf(certificate.publicKey)
  const peer = peers.find((one) => one.pin === pin)
  if (peer === undefined) return pinMismatch('the peer')
  const refusal = socket.authorized
    ? checkCertificate(certificate, peer)
    : refusalOfCode(authorizationCode(socket))
  return refusal ?? peer
}

/** `peerOf`, for a connection on which only one party may speak. Refuses `tls-identity-mismatch` for others. */
export function expectPeer(
  socket: TLSSocket,
  peers: readonly PinnedPeer[],
  name: string,
): PinnedPeer | Refusal {
  const peer = peerOf(socket, peers)
  if (isRefusal(peer) || peer.name === name) return peer
  return refuse('tls-identity-mismatch', `The certificate is of ${peer.name}, not of ${name}`)
}

/**
 * The refusal behind an error of a TLS connection: of `tls.connect`, or of the server events
 * `tlsClientError` (give the socket, which knows more than the error). `tls-handshake` if it is none of ours.
 */
export function tlsRefusal(error: Error, socket?: TLSSocket): Refusal {
  if (error instanceof TlsRefusedError) return error.refusal
  const code = (socket && authorizationCode(socket)) ?? ('code' in error ? String(error.code) : '')
  return refusalOfCode(code === '' ? error.message : code)
}

// Groups and suites that both FIPS 140 modules and browsers have; the order is ours.
const tlsProfile = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  ecdhCurve: 'X25519:P-256',
  sigalgs: 'ecdsa_secp256r1_sha256',
  secureOptions: constants.SSL_OP_NO_TICKET,
  // The peers' own certificates are the trust anchors, though they are no CAs.
  allowPartialTrustChain: true,
} as const

function certificateFor(
  key: KeyObject,
  name: string,
  uri: string,
  options: TlsIdentityOptions,
): X509Certificate {
  const now = options.clock.now()
  const der = selfSignedCertificate(key, {
    name,
    uri,
    notBefore: addMs(now, -tlsBackdateMs),
    notAfter: addMs(now, options.validityMs ?? tlsValidityMs),
    serial: options.random.bytes(16),
  })
  return new X509Certificate(der)
}

function identityOf(key: KeyObject, certificate: X509Certificate): TlsIdentity {
  const identity = {
    name: /^CN=(.*)$/m.exec(certificate.subject)?.[1] ?? '',
    uri: uriOf(certificate) ?? '',
    certificatePem: certificate.toString(),
    pin: pinOf(certificate.publicKey),
    publicKey: rawPublicKey(certificate.publicKey),
    notAfter: instant(Date.parse(certificate.validTo)),
  }
  privateKeys.set(identity, key)
  return identity
}

function keyPem(identity: TlsIdentity): string {
  const key = privateKeys.get(identity)
  invariant(key !== undefined, 'an identity is used as it was created')
  return key.export({ format: 'pem', type: 'pkcs8' }).toString()
}

function checkCertificate(certificate: X509Certificate, peer: PinnedPeer): Refusal | undefined {
  if (pinOf(certificate.publicKey) !== peer.pin) return pinMismatch(peer.name)
  if (uriOf(certificate) === peer.uri) return undefined
  return refuse('tls-identity-mismatch', `The certificate does not name ${peer.uri}`)
}

/** undefined unless the certificate parses and is valid for another day. */
function readCertificate(path: string, now: Instant): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(readFileSync(path))
    return Date.parse(certificate.validTo) > addMs(now, 24 * 60 * 60 * 1_000) ? certificate : undefined
  } catch {
    return undefined
  }
}

function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch {
    return undefined
  }
}

const pinOf = (key: KeyObject): string =>
  toBase64Url(sha256(new Uint8Array(key.export({ format: 'der', type: 'spki' }))))

/** The URI of a certificate whose alternative names are that one URI. */
const uriOf = (certificate: X509Certificate): string | undefined =>
  /^URI:([^",]+)$/.exec(certificate.subjectAltName ?? '')?.[1]

const pinMismatch = (name: string): Refusal =>
  refuse('tls-pin-mismatch', `The key that ${name} showed is not pinned`)

function authorizationCode(socket: TLSSocket): string | undefined {
  // Node gives the OpenSSL verify code as text, whatever the type says.
  const code: unknown = socket.authorizationError
  if (typeof code === 'string' && code !== '') return code
  return code instanceof Error && 'code' in code ? String(code.code) : undefined
}

function refusalOfCode(code: string | undefined): Refusal {
  const text = code ?? 'unknown'
  for (const [pattern, refusal] of handshakeRefusals) if (pattern.test(text)) return refuse(refusal, text)
  return refuse('tls-handshake', text)
}

/** OpenSSL verify codes, and error codes of Node, that have a meaning of their own. */
const handshakeRefusals = [
  [/CERT_HAS_EXPIRED|CERT_NOT_YET_VALID|ALERT_CERTIFICATE_EXPIRED/, 'tls-certificate-expired'],
  [/DID_NOT_RETURN_A_CERTIFICATE|CERTIFICATE_REQUIRED/, 'tls-certificate-missing'],
  [/SELF_SIGNED|UNABLE_TO_|UNTRUSTED|UNKNOWN_CA/, 'tls-pin-mismatch'],
  [/UNSUPPORTED_PROTOCOL|PROTOCOL_VERSION|WRONG_VERSION/, 'tls-version'],
  [/ECONNREFUSED|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT/, 'peer-unreachable'],
] as const

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : 'unknown error')

/** Carries a refusal through Node's handshake; `tlsRefusal` takes it out again. */
class TlsRefusedError extends Error {
  override readonly name = 'TlsRefusedError'
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.detail)
    this.refusal = refusal
  }
}
