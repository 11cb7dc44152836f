// C2SP tlog-policy and tlog-proof.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instant, isRefusal, manualClock, utf8 } from '#core'
import { memoryKeyStore, systemRandom } from '#crypto'
import { cosignatureVkey, cosigner } from './cosignature.ts'
import { openJournal } from './journal.ts'
import { formatVkey, noteKeyId, signatureLine } from './note.ts'
import { checkWitnessed, meetsQuorum, parseWitnessPolicy, type WitnessPolicy } from './policy.ts'
import { formatReceipt, parseReceipt, verifyReceipt } from './receipt.ts'
import { memoryStore } from './store/memory.ts'

const names = ['x1', 'x2', 'x3', 'y1', 'y2'] as const
const keys = memoryKeyStore(
  Object.fromEntries(['log', 'log2', ...names].map((name) => [name, 'Ed25519' as const])),
)
const origin = 'alder.example/journal'
const logVkey = formatVkey(origin, 1, keys.signer('log').publicKey)
const witnessLines = names.map((name) => `witness ${name} ${vkeyOf(name)}\n`).join('')
const nested = `# two of X and any of Y
log ${logVkey} https://alder.example/journal
${witnessLines}
\tgroup  X 2 x1 x2 x3
group Y any y1 y2
group both all X Y
quorum both
`

function vkeyOf(name: string): string {
  return cosignatureVkey(`${name}.example`, keys.signer(name).publicKey)
}

function policyOf(text: string): WitnessPolicy {
  const policy = parseWitnessPolicy(text)
  assert.ok(!isRefusal(policy), isRefusal(policy) ? policy.detail : '')
  return policy
}

function codeOf(value: unknown): string {
  return isRefusal(value) ? value.refusal : 'accepted'
}

function cosignedBy(note: string, text: string, by: readonly string[]): string {
  const lines = by.map((name) =>
    signatureLine(cosigner(`${name}.example`, keys.signer(name), 1_800_000_000), text),
  )
  return note + lines.join('')
}

async function signedLog() {
  const clock = manualClock(instant(Date.UTC(2026, 10, 20, 14)))
  const signer = keys.signer('log')
  const journal = openJournal({ store: memoryStore(), origin, signer, clock, random: systemRandom })
  await journal.append(Array.from({ length: 9 }, (_, n) => ({ type: 'a.b', corr: '', body: { n } })))
  const note = journal.checkpoint()
  return { journal, note, text: note.slice(0, note.lastIndexOf('\n\n') + 1) }
}

test('a nested quorum counts each witness in one way only', () => {
  const policy = policyOf(nested)
  assert.equal(policy.logs[0]?.url, 'https://alder.example/journal')
  const met = (...by: string[]) => meetsQuorum(policy, new Set(by))
  assert.ok(met('x1', 'x2', 'y1') && met('x1', 'x2', 'x3', 'y2'))
  assert.ok(!met('x1', 'y1') && !met('x1', 'x2', 'x3') && !met() && !met('stranger', 'x1', 'y1', 'y2'))
  assert.ok(meetsQuorum(policyOf(`log ${logVkey}\nquorum none\n`), new Set()))
  assert.ok(!meetsQuorum(policyOf(`witness x1 ${vkeyOf('x1')}\nquorum x1\n`), new Set()))
})

test('every wrong line is refused with its number', () => {
  const w = `witness x1 ${vkeyOf('x1')}\n`
  const wrong: [string, string, string][] = [
    ['no quorum', w, '0'],
    ['two quorums', `${w}quorum x1\nquorum x1\n`, '3'],
    ['an unknown quorum', `${w}quorum x2\n`, '2'],
    ['a quorum before its definition', `quorum x1\n${w}`, '1'],
    ['an unknown keyword', `${w}quorums x1\n`, '2'],
    ['a name twice', `${w}witness x1 ${vkeyOf('x2')}\nquorum x1\n`, '2'],
    ['a witness key twice', `${w}witness x2 ${vkeyOf('x1')}\nquorum x1\n`, '2'],
    [
      'the same public key under another name',
      `${w}witness x2 ${cosignatureVkey('other', keys.signer('x1').publicKey)}\nquorum x1\n`,
      '2',
    ],
    ['a log key as a witness', `witness x1 ${logVkey}\nquorum x1\n`, '1'],
    ['a witness key as a log', `log ${vkeyOf('x1')}\nquorum none\n`, '1'],
    ['a log key twice', `log ${logVkey}\nlog ${logVkey}\nquorum none\n`, '2'],
    ['a witness called none', `witness none ${vkeyOf('x1')}\nquorum none\n`, '1'],
    ['none in a group', `${w}group g any none\nquorum g\n`, '2'],
    ['an empty group', `${w}group g any\nquorum g\n`, '2'],
    ['a threshold of zero', `${w}group g 0 x1\nquorum g\n`, '2'],
    ['a threshold above the members', `${w}group g 2 x1\nquorum g\n`, '2'],
    ['a member twice', `${w}group g 1 x1 x1\nquorum g\n`, '2'],
    ['a member of two groups', `${w}group g 1 x1\ngroup h 1 x1\nquorum g\n`, '3'],
    ['a group of itself', `${w}group g 1 g\nquorum g\n`, '2'],
    ['a bad key', `witness x1 ${vkeyOf('x1')}A\nquorum x1\n`, '1'],
    ['too many items', `${w}quorum x1 x1\n`, '2'],
    ['a carriage return', `${w}quorum x1\r\n`, '0'],
    ['no final newline', `${w}quorum x1`, '0'],
  ]
  for (const [title, text, line] of wrong) {
    const policy = parseWitnessPolicy(text)
    assert.ok(isRefusal(policy), title)
    assert.deepEqual([policy.refusal, policy.meta['line']], ['witness-policy-invalid', line], title)
  }
  assert.equal(codeOf(parseWitnessPolicy(Uint8Array.of(0xff, 0x0a))), 'witness-policy-invalid')
})

test('a checkpoint counts with the log itself and its quorum, and not one of them alone', async () => {
  const policy = policyOf(nested)
  const { note, text } = await signedLog()
  const good = checkWitnessed(policy, cosignedBy(note, text, ['x1', 'x3', 'y2']))
  assert.ok(!isRefusal(good))
  assert.deepEqual([good.checkpoint.size, good.witnessed.map(({ name }) => name)], [9, ['x1', 'x3', 'y2']])
  const missing = checkWitnessed(policy, cosignedBy(note, text, ['x1', 'y2']))
  assert.ok(isRefusal(missing))
  assert.deepEqual([missing.refusal, missing.meta['witnessed']], ['witness-quorum-missing', 'x1 y2'])
  const witnessesOnly = cosignedBy(`${text}\n`, text, [...names])
  assert.equal(codeOf(checkWitnessed(policy, witnessesOnly)), 'note-unsigned')
})

test('a cosignature that does not verify spoils the note, and one over another text does not count', async () => {
  const policy = policyOf(nested)
  const { note, text } = await signedLog()
  const other = cosignedBy('', text.replace('\n9\n', '\n8\n'), ['x2'])
  assert.equal(
    codeOf(checkWitnessed(policy, cosignedBy(note, text, ['x1', 'y1']) + other)),
    'signature-invalid',
  )
})

test('a log that signs under the origin of another one does not count', async () => {
  const { text } = await signedLog()
  const foreign = text.replace(origin, 'cedar.example/journal')
  const signer = keys.signer('log')
  const line = signatureLine(
    { name: origin, keyId: noteKeyId(origin, 1, signer.publicKey), sign: (t) => signer.sign(utf8(t)) },
    foreign,
  )
  const policy = policyOf(`log ${logVkey}\nquorum none\n`)
  assert.equal(codeOf(checkWitnessed(policy, `${foreign}\n${line}`)), 'note-unsigned')
})

test('a witness with a key type of the future is kept and never counts', () => {
  const vkey = formatVkey('pq.example', 6, new Uint8Array(1_312).fill(1))
  const policy = policyOf(`witness pq ${vkey}\nwitness x1 ${vkeyOf('x1')}\ngroup g all pq x1\nquorum g\n`)
  assert.equal(policy.witnesses.length, 2)
  assert.ok(!meetsQuorum(policy, new Set(['x1'])))
})

test('a receipt proves its own entry only', async () => {
  const { journal, note, text } = await signedLog()
  const policy = policyOf(nested)
  const checkpoint = cosignedBy(note, text, ['x1', 'x2', 'y1'])
  const receipt = formatReceipt({
    index: 4,
    proof: journal.inclusionProof(4, 9),
    checkpoint,
    extra: utf8('hint'),
  })
  assert.match(receipt, /^c2sp\.org\/tlog-proof@v1\nextra aGludA==\nindex 4\n/)
  const parsed = parseReceipt(utf8(receipt))
  assert.ok(!isRefusal(parsed))
  assert.equal(formatReceipt(parsed), receipt)
  const [fourth, fifth] = journal.read(4, 6)
  assert.ok(fourth !== undefined && fifth !== undefined)
  assert.ok(!isRefusal(verifyReceipt(parsed, fourth.bytes, policy)))
  assert.equal(codeOf(verifyReceipt(parsed, fifth.bytes, policy)), 'proof-invalid')
  assert.equal(codeOf(verifyReceipt({ ...parsed, index: 5 }, fourth.bytes, policy)), 'proof-invalid')
  assert.equal(
    codeOf(verifyReceipt({ ...parsed, checkpoint: note }, fourth.bytes, policy)),
    'witness-quorum-missing',
  )
})

test('a malformed receipt is refused', async () => {
  const { journal, note } = await signedLog()
  const receipt = formatReceipt({ index: 4, proof: journal.inclusionProof(4, 9), checkpoint: note })
  const wrong = [
    '',
    receipt.replace('@v1', '@v2'),
    receipt.replace('index 4', 'index 04'),
    receipt.replace('index 4\n', ''),
    receipt.replace('index 4', 'index -4'),
    receipt.replace('index 4\n', 'index 4\nextra aGludA==\n'),
    receipt.replace('index 4\n', 'extra !\nindex 4\n'),
    receipt.replace('index 4\n', 'index 4\nAAAA\n'),
  ]
  for (const bad of wrong) assert.equal(codeOf(parseReceipt(bad)), 'receipt-malformed', bad.slice(0, 60))
})
