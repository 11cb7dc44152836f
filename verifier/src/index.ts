export { verifyPack } from './verify.ts'
export type { VerifyOptions } from './verify.ts'
export { checkIds } from './report.ts'
export type { CheckId, Fingerprints, LogFingerprint, Place, Problem, Report, Section } from './report.ts'
export { parseTrustPolicy, satisfiesQuorum, TrustPolicyError } from './trust.ts'
export type { TrustPolicy } from './trust.ts'
export { readPack, packBytesMax, lineBytesMax, entriesMax } from './pack.ts'
export type { CheckpointLine, EntryLine, OpeningLine, PackLines, TrustLine } from './pack.ts'
export { newFindings } from './report.ts'
export type { Findings } from './report.ts'
export { leafHash, merklePath, nodeHash, verifyInclusion } from './merkle.ts'
export type { MerkleStep } from './merkle.ts'
export { entryPath } from './path.ts'
export type { EntryPath } from './path.ts'
export { problemText, reportText } from './text.ts'
export { parseCheckpoint, parseNote, parseVerifierKey, signatureOf, verifyNoteSignature } from './note.ts'
export type { Checkpoint, Note, NoteSignature, VerifierKey } from './note.ts'
export { canonicalJson, parseCanonical } from './json.ts'
export type { Json, JsonObject } from './json.ts'
export { parseLeaf } from './entry.ts'
export type { Leaf } from './entry.ts'
export { parseJws, verifyJwsSignature } from './jws.ts'
export type { Jws, JwsSignature } from './jws.ts'
export { addressOf, hashInstruction, recoverAddress } from './eip712.ts'
export type { Domain, InstructionMessage, TypedDigests } from './eip712.ts'
export { parseInstruction } from './instruction.ts'
export type { Instruction } from './instruction.ts'
export { economicsProblem, parseRecord, recordHash, chainTradeId } from './record.ts'
export type { TradeRecord } from './record.ts'
export { verifyEd25519 } from './ed25519.ts'
export {
  digest,
  fromBase64,
  fromBase64Url,
  fromHex,
  fromUtf8,
  toBase64,
  toBase64Url,
  toHex,
  utf8,
} from './bytes.ts'
