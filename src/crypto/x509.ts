import { createPublicKey, sign, type KeyObject } from 'node:crypto'
import { concatBytes, formatInstant, fromHex, invariant, isRefusal, utf8, type Instant } from '#core'

export type CertificateTerms = {
  /** Common name of subject and issuer. */
  readonly name: string
  /** The URI of the subject alternative name: who this is, to programs. */
  readonly uri: string
  readonly notBefore: Instant
  readonly notAfter: Instant
  /** 16 random bytes. */
  readonly serial: Uint8Array
}

/**
 * A self-signed X.509 v3 certificate (RFC 5280) of a P-256 key, DER: no CA, digital signatures only, for TLS
 * servers and clients, one URI as subject alternative name.
 *
 * It writes this one profile. It does not parse: certificates of others are read by node:crypto alone.
 */
export function selfSignedCertificate(key: KeyObject, terms: CertificateTerms): Uint8Array {
  const name = sequence(set(sequence(oid.commonName, element(0x0c, utf8(terms.name)))))
  const body = sequence(
    element(0xa0, integer(Uint8Array.of(2))),
    integer(terms.serial),
    sequence(oid.ecdsaWithSha256),
    name,
    sequence(time(terms.notBefore), time(terms.notAfter)),
    name,
    new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' })),
    element(0xa3, sequence(...extensions(terms.uri))),
  )
  return sequence(body, sequence(oid.ecdsaWithSha256), bits(new Uint8Array(sign('sha256', body, key)), 0))
}

const extensions = (uri: string): readonly Uint8Array[] => [
  // An empty BasicConstraints says that this is no CA; keyUsage has bit 0, digitalSignature, alone.
  sequence(oid.basicConstraints, critical, octets(sequence())),
  sequence(oid.keyUsage, critical, octets(bits(Uint8Array.of(0x80), 7))),
  sequence(oid.extKeyUsage, octets(sequence(oid.serverAuth, oid.clientAuth))),
  sequence(oid.subjectAltName, octets(sequence(element(0x86, ascii(uri))))),
]

const lengthMax = 0xffff

/** One DER element: tag, definite length, content (X.690 §8.1, §10.1). */
function element(tag: number, content: Uint8Array): Uint8Array {
  const length = content.length
  invariant(length <= lengthMax, 'a DER element is too long')
  if (length < 0x80) return concatBytes(Uint8Array.of(tag, length), content)
  if (length <= 0xff) return concatBytes(Uint8Array.of(tag, 0x81, length), content)
  return concatBytes(Uint8Array.of(tag, 0x82, length >> 8, length & 0xff), content)
}

const sequence = (...parts: readonly Uint8Array[]): Uint8Array => element(0x30, concatBytes(...parts))
const set = (...parts: readonly Uint8Array[]): Uint8Array => element(0x31, concatBytes(...parts))
const octets = (content: Uint8Array): Uint8Array => element(0x04, content)
const bits = (content: Uint8Array, unused: number): Uint8Array =>
  element(0x03, concatBytes(Uint8Array.of(unused), content))

/** An unsigned integer in the fewest bytes; a leading zero keeps it positive. */
function integer(magnitude: Uint8Array): Uint8Array {
  const first = magnitude.findIndex((byte) => byte !== 0)
  const digits = first < 0 ? Uint8Array.of(0) : magnitude.subarray(first)
  return element(0x02, (digits[0] ?? 0) < 0x80 ? digits : concatBytes(Uint8Array.of(0), digits))
}

/** UTCTime through 2049, GeneralizedTime from 2050 (RFC 5280 §4.1.2.5). */
function time(at: Instant): Uint8Array {
  const digits = `${formatInstant(at).slice(0, 19).replace(/[-:T]/g, '')}Z`
  return digits < '2050' ? element(0x17, ascii(digits.slice(2))) : element(0x18, ascii(digits))
}

function ascii(text: string): Uint8Array {
  invariant(/^[\x20-\x7e]*$/.test(text), 'a URI or time is printable ASCII')
  return utf8(text)
}

function constant(hex: string): Uint8Array {
  const bytes = fromHex(hex)
  invariant(!isRefusal(bytes), 'a constant is hexadecimal')
  return bytes
}

/** BOOLEAN TRUE of an extension that must be understood. */
const critical = constant('0101ff')

const oid = {
  /** 2.5.4.3 */
  commonName: constant('0603550403'),
  /** 1.2.840.10045.4.3.2 */
  ecdsaWithSha256: constant('06082a8648ce3d040302'),
  /** 2.5.29.19 */
  basicConstraints: constant('0603551d13'),
  /** 2.5.29.15 */
  keyUsage: constant('0603551d0f'),
  /** 2.5.29.37 */
  extKeyUsage: constant('0603551d25'),
  /** 2.5.29.17 */
  subjectAltName: constant('0603551d11'),
  /** 1.3.6.1.5.5.7.3.1 */
  serverAuth: constant('06082b06010505070301'),
  /** 1.3.6.1.5.5.7.3.2 */
  clientAuth: constant('06082b06010505070302'),
} as const
