/** Keys, signatures and hashes. The only layer that touches a private key; it hands out opaque signers. */
export * from './eip712.ts'
export * from './hash.ts'
export * from './jws.ts'
export { keyIdOf, memoryKeyStore, openKeyStore, type KeyAlgorithm, type KeyStore } from './keystore.ts'
export * from './random.ts'
export * from './registry.ts'
export {
  addressBytes,
  addressOf,
  checksumAddress,
  isAddress,
  parseAddress,
  recoverAddress,
  recoverableSignatureBytes,
  verifyDigest,
  type Address,
  type DigestSigner,
} from './secp256k1.ts'
export {
  algorithmOf,
  signatureBytes,
  verifySignature,
  type SignatureAlgorithm,
  type Signer,
} from './signature.ts'
export * from './tls.ts'
