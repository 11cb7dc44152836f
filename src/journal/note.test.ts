// C2SP signed-note, tlog-checkpoint and tlog-cosignature.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { isRefusal, toBase64, utf8, type Refusal } from '#core'
import { memoryKeyStore } from '#crypto'
import { formatCheckpoint, parseCheckpoint, parseTreeSize } from './checkpoint.ts'
import { cosignatureVerifier, cosignatureVkey, cosignedAt, cosigner, noteVerifier } from './cosignature.ts'
import { emptyRoot } from './merkle.ts'
import {
  ed25519NoteSigner,
  formatVkey,
  isKeyName,
  noteKeyId,
  openNote,
  parseVkey,
  signatureLine,
  signNote,
  splitNote,
  type NoteVerifier,
} from './note.ts'

const keys = memoryKeyStore({ log: 'Ed25519', other: 'Ed25519', witness: 'Ed25519' })
const log = ed25519NoteSigner('log.example/one', keys.signer('log'))
const other = ed25519NoteSigner('other.example', keys.signer('other'))
const logKey = verifierOf(formatVkey('log.example/one', 1, keys.signer('log').publicKey))
const otherKey = verifierOf(formatVkey('other.example', 1, keys.signer('other').publicKey))
const witnessKey = verifierOf(cosignatureVkey('w1.example', keys.signer('witness').publicKey))
const text = 'first line\n\nthird line\n'
const note = signNote(text, [log])

function verifierOf(vkey: string): NoteVerifier {
  const verifier = noteVerifier(vkey)
  assert.ok(!isRefusal(verifier))
  return verifier
}

function codeOf(value: unknown): string {
  return isRefusal(value) ? value.refusal : 'accepted'
}

test('the example of the specification opens', () => {
  const example =
    'This is an example message.\n\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n'
  const key = verifierOf('example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k')
  const opened = openNote(example, [key])
  assert.ok(!isRefusal(opened))
  assert.equal(opened.text, 'This is an example message.\n')
})

test('a note opens with a known key, also from bytes, and splits at its last empty line', () => {
  for (const form of [note, utf8(note)]) {
    const opened = openNote(form, [logKey])
    assert.ok(!isRefusal(opened))
    assert.equal(opened.text, text)
    assert.deepEqual(
      opened.verified.map(({ name }) => name),
      ['log.example/one'],
    )
  }
})

test('unknown keys are ignored, known keys that repeat are skipped, and nobody known is a refusal', () => {
  const both = signNote(text, [other, log, log])
  const opened = openNote(both, [logKey])
  assert.ok(!isRefusal(opened))
  assert.deepEqual([opened.verified.length, opened.unknown.length], [1, 1])
  assert.equal(codeOf(openNote(both, [witnessKey])), 'note-unsigned')
  const samename = { ...logKey, keyId: '00000000' }
  assert.equal(codeOf(openNote(note, [samename])), 'note-unsigned')
})

test('a bad signature of a known key spoils the note, even beside a good one', () => {
  const forged = signatureLine({ ...other, sign: () => new Uint8Array(64) }, text)
  assert.equal(codeOf(openNote(note + forged, [logKey, otherKey])), 'signature-invalid')
  assert.equal(codeOf(openNote(note + forged, [logKey])), 'accepted')
  assert.equal(codeOf(openNote(note.replace('first', 'fjrst'), [logKey])), 'signature-invalid')
})

test('every malformed note is refused', () => {
  const line = note.slice(text.length + 1)
  const base64 = line.trim().split(' ')[2] ?? ''
  // One padding character leaves two bits of the last digit unused: the next digit has one of them set.
  const spared = String.fromCharCode(base64.charCodeAt(base64.length - 2) + 1)
  const wrong: Record<string, string | Uint8Array> = {
    'no signature': text,
    'empty signature block': `${text}\n`,
    'no final newline': note.slice(0, -1),
    'no blank line': text.replaceAll('\n\n', '\n') + line,
    'a hyphen for the dash': `${text}\n${line.replace('\u2014', '-')}`,
    'a space after the signature': `${text}\n${line.replace('\n', ' \n')}`,
    'two spaces': `${text}\n${line.replace('\u2014 ', '\u2014  ')}`,
    'a carriage return': note.replaceAll('\n', '\r\n'),
    'a tab in the text': note.replace('first', 'fir\tst'),
    'a null byte': note.replace('first', 'fir\0st'),
    'a key name with a plus': `${text}\n${line.replace('log.example', 'log+example')}`,
    'a key name with a no-break space': `${text}\n${line.replace('log.example', 'log\u00a0example')}`,
    'base64 without padding': `${text}\n${line.replace('=', '')}`,
    'base64 with spare bits': `${text}\n${line.replace(base64, `${base64.slice(0, -2)}${spared}=`)}`,
    'a signature of four bytes': `${text}\n\u2014 log.example/one ${toBase64(new Uint8Array(4))}\n`,
    '101 signatures': `${text}\n${line.repeat(101)}`,
    'not UTF-8': Uint8Array.of(0xff, ...utf8(note)),
    'half a character': `\ud800${note}`,
    'a megabyte and more': signNote(`${'x'.repeat(1_000_000)}\n`, [log]),
  }
  for (const [title, bad] of Object.entries(wrong)) {
    assert.equal(codeOf(openNote(bad, [logKey])), 'note-malformed', title)
  }
  assert.equal(codeOf(openNote(`${text}\n${line.repeat(100)}`, [logKey])), 'accepted')
})

test('changing any one byte of a note makes it fail', () => {
  const bytes = utf8(note)
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const altered = bytes.slice()
      altered[at] = (altered[at] ?? 0) ^ change
      assert.notEqual(codeOf(openNote(altered, [logKey])), 'accepted')
    }),
    { numRuns: 500 },
  )
})

test('a verifier key is read back, and one whose id, name or base64 is off is refused', () => {
  const vkey = formatVkey('log.example/one', 1, keys.signer('log').publicKey)
  const key = parseVkey(vkey)
  assert.ok(!isRefusal(key))
  assert.equal(key.keyId, noteKeyId('log.example/one', 1, keys.signer('log').publicKey))
  const [name, id, material] = vkey.split('+')
  for (const bad of [
    '',
    'a+b',
    `${name}+00000000+${material}`,
    `x${vkey}`,
    `${name} +${id}+${material}`,
    `${vkey}=`,
  ])
    assert.equal(codeOf(parseVkey(bad)), 'key-invalid', bad)
  assert.ok(
    !isKeyName('a b') && !isKeyName('') && !isKeyName('a+b') && !isKeyName('a\u3000b') && isKeyName('é/1'),
  )
})

test('keys of types that are not verified here are refused as verifiers, and ignored as signatures', () => {
  const mldsa = formatVkey('w9.example', 6, new Uint8Array(1_312))
  assert.ok(!isRefusal(parseVkey(mldsa)))
  assert.equal(codeOf(noteVerifier(mldsa)), 'key-invalid')
  const strange = { name: 'w9.example', keyId: '01020304', sign: () => new Uint8Array(2_428) }
  const opened = openNote(note + signatureLine(strange, text), [logKey])
  assert.ok(!isRefusal(opened))
  assert.equal(opened.unknown.length, 1)
})

test('a checkpoint is read back, and every other spelling of one is refused', () => {
  const body = formatCheckpoint({ origin: 'log.example/one', size: 7, root: emptyRoot })
  const checkpoint = parseCheckpoint(body)
  assert.ok(!isRefusal(checkpoint))
  assert.deepEqual([checkpoint.origin, checkpoint.size], ['log.example/one', 7])
  const lines = body.split('\n')
  const root = lines[2] ?? ''
  const wrong = [
    '',
    'a\n1\n',
    `a\n1\n${root}`,
    `\n1\n${root}\n`,
    `a\n01\n${root}\n`,
    `a\n+1\n${root}\n`,
    `a\n-1\n${root}\n`,
    `a\n1e3\n${root}\n`,
    `a\n1\n${root}\n\n`,
    `a\n1\n\n${root}\n`,
    `a\n1\n${root.slice(0, -4)}\n`,
    `a\n1\n${root.replace('=', '')}\n`,
    `a\n9007199254740992\n${root}\n`,
  ]
  for (const bad of wrong) assert.equal(codeOf(parseCheckpoint(bad)), 'checkpoint-malformed', bad)
  const extended = parseCheckpoint(`${body}an extension\n`)
  assert.ok(!isRefusal(extended))
  assert.deepEqual(extended.extensions, ['an extension'])
  assert.equal(parseTreeSize('9007199254740991'), 2 ** 53 - 1)
})

test('a cosignature covers the text, its time and nothing else, under its own key id', () => {
  const body = formatCheckpoint({ origin: 'log.example/one', size: 7, root: emptyRoot })
  const signer = cosigner('w1.example', keys.signer('witness'), 1_800_000_000)
  const signed = `${signNote(body, [log])}${signatureLine(signer, body)}`
  const opened = openNote(signed, [logKey, witnessKey])
  assert.ok(!isRefusal(opened))
  const [, cosignature] = opened.verified
  assert.ok(cosignature !== undefined)
  assert.equal(cosignedAt(cosignature), 1_800_000_000)
  assert.notEqual(signer.keyId, noteKeyId('w1.example', 1, keys.signer('witness').publicKey))
  const later = cosignature.signature.slice()
  later[7] = (later[7] ?? 0) ^ 1
  assert.ok(!witnessKey.verify(body, later))
  assert.ok(!witnessKey.verify(body.replace('\n7\n', '\n8\n'), cosignature.signature))
  assert.ok(!witnessKey.verify(body, cosignature.signature.slice(8)))
  assert.throws(() => cosigner('w1.example', keys.signer('witness'), 0), /has a time/)
})

test('a plain signature of a witness key is not a cosignature, and the other way round', () => {
  const signer = keys.signer('witness')
  const wrongType: Refusal | NoteVerifier = cosignatureVerifier({
    name: 'w1.example',
    keyId: noteKeyId('w1.example', 1, signer.publicKey),
    type: 1,
    publicKey: signer.publicKey,
  })
  assert.equal(codeOf(wrongType), 'key-invalid')
  const plain = signNote(text, [ed25519NoteSigner('w1.example', signer)])
  assert.equal(codeOf(openNote(plain, [witnessKey])), 'note-unsigned')
})

test('splitting looks at no key', () => {
  const split = splitNote(signNote(text, [other]))
  assert.ok(!isRefusal(split))
  assert.deepEqual([split.text, split.signatures.length], [text, 1])
})
