import { ed25519 } from '@noble/curves/ed25519.js'

/**
 * The one Ed25519 verifier of this package: RFC 8032 §5.1.7 with the cofactored equation, canonical
 * encodings of A and R only, S < L, and no public key of small order.
 *
 * Not WebCrypto: engines differ in which browsers have it, in which pages (secure contexts) they allow it,
 * and in the edge cases they accept. Here the same bytes of code give the same verdict in Node and in
 * every browser. The gateway signs and verifies with OpenSSL, verify.py with its own arithmetic, so three
 * unrelated implementations must agree on each signature.
 */
export const verifyEd25519 = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean =>
  publicKey.length === 32 &&
  signature.length === 64 &&
  ed25519.verify(signature, message, publicKey, { zip215: false })
