// Every message that the QuickFIX acceptance definitions send, through parser and validation alone: where the
// definition expects a Reject for a reason of the dictionary, we must give that reason, tag and text, and no
// message that is expected to pass may be refused. The session's own rejects are the session's tests.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { parseMessage } from '../wire/index.ts'
import { rawMessage } from '../wire/testing.ts'
import { dictionaryFor, validateMessage } from './index.ts'

const folder = join(process.env['POUNDLOCK_CORPORA'] ?? '../shared/corpora', 'fix-acceptance/quickfix/server')
const soh = '\u0001'
const sets = ['fix42', 'fix44', 'fix50sp2']

for (const set of sets) {
  test(`validation answers as the QuickFIX definitions of ${set} expect`, (t) => {
    const at = join(folder, set)
    if (!existsSync(at)) return t.skip(`no acceptance definitions in ${at}`)
    const cases = readdirSync(at).flatMap((file) => casesOf(file, readFileSync(join(at, file), 'latin1')))
    assert.ok(cases.length > 150, `only ${cases.length} messages found`)
    let rejects = 0
    for (const { file, sent, reject } of cases) {
      const found = verdict(sent)
      assert.deepEqual(found, reject, `${file}: ${sent.replaceAll(soh, '|')}`)
      if (reject !== undefined) rejects++
    }
    assert.ok(rejects >= 14, `only ${rejects} rejects compared`)
  })
}

type Verdict = { tag: string | undefined; text: string | undefined } | undefined
type Case = { file: string; sent: string; reject: Verdict }

/** Rejects for these reasons are about sequence, identity and time: the session's, not the dictionary's. */
const sessionTexts = new Set([
  'CompID problem',
  'SendingTime accuracy problem',
  'Required tag missing/122',
  'Value is incorrect (out of range) for this tag/undefined',
])

function casesOf(file: string, text: string): Case[] {
  const lines = text.split(/\r?\n/).filter((line) => /^([IE]\d?,?8=|e)/.test(line))
  return lines.flatMap((line, index) => {
    const isHungUpOn = lines[index + 1]?.startsWith('e') ?? false
    if (!line.startsWith('I') || isHungUpOn || isBroken(line)) return []
    const sent = line.slice(line.indexOf('8=')).replaceAll(/<TIME[^>]*>/g, '20261120-14:00:00')
    return [{ file, sent, reject: expected(sent, lines[index + 1] ?? '') }]
  })
}

/** Garbled on purpose (`9=` or `10=` given, or 35 not third), or not for a version that we speak. */
const isBroken = (line: string): boolean =>
  line.includes(`${soh}9=`) ||
  line.includes(`${soh}10=`) ||
  line.includes(`${soh}34=3${soh}35=`) ||
  !['FIX.4.2', 'FIX.4.4', 'FIXT.1.1'].some((version) => line.includes(`8=${version}${soh}35=`))

function expected(sent: string, reply: string): Verdict {
  const isReject = field(reply, 35) === '3' && field(reply, 45) === field(sent, 34)
  const text = field(reply, 58)
  if (!isReject || text === undefined || sessionTexts.has(text)) return undefined
  const tag = field(reply, 371)
  return sessionTexts.has(`${text}/${tag}`) ? undefined : { tag, text }
}

function verdict(sent: string): Verdict {
  const dictionary = dictionaryFor(sent.slice(2, sent.indexOf(soh)), '9')
  assert.ok(dictionary !== undefined)
  const message = parseMessage(rawMessage(sent.replaceAll(soh, '|')), dictionary)
  assert.ok(!('kind' in message), `garbled: ${sent}`)
  const reject = validateMessage(message, dictionary)
  return (
    reject && { tag: reject.refTagId === undefined ? undefined : String(reject.refTagId), text: reject.text }
  )
}

const field = (message: string, tag: number): string | undefined =>
  message
    .split(soh)
    .find((part) => part.startsWith(`${tag}=`))
    ?.slice(String(tag).length + 1)
