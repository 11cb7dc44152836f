import assert from 'node:assert/strict'
import { test } from 'node:test'
import { difference } from './fix/def.ts'
import { absent, caseFiles, hasSuites, runFile, runFileOverTcp, suites, type Suite } from './fix/suites.ts'

/** The whole sets of QuickFIX's acceptance definitions, and the one case it has for a client. */
for (const [name, suite] of Object.entries(suites) as [string, Suite][])
  test(`every case of the QuickFIX acceptance set ${name} passes`, async (t) => {
    if (!hasSuites) return t.skip(absent)
    const files = caseFiles(suite)
    const failures: string[] = []
    for (const file of files) {
      const { failure } = await runFile(suite, file)
      if (failure !== undefined) failures.push(`${file}, ${failure}`)
    }
    t.diagnostic(`${name}: ${files.length - failures.length} of ${files.length} cases pass`)
    assert.ok(files.length > 0, 'the set is empty')
    assert.deepEqual(failures, [], failures.join('\n'))
  })

/** Heartbeats and timeouts take their real time there: those cases run in memory only. */
const inRealTime = /^(4a|6)_|2i_/

test('the acceptance set fix44 passes over a real TCP port too', async (t) => {
  if (!hasSuites) return t.skip(absent)
  const failures: string[] = []
  for (const file of caseFiles(suites.fix44).filter((name) => !inRealTime.test(name))) {
    const { failure } = await runFileOverTcp(suites.fix44, file)
    if (failure !== undefined) failures.push(`${file}, ${failure}`)
  }
  assert.deepEqual(failures, [], failures.join('\n'))
})

test('the runner tells a wrong number, a wrong order and a missing message from right ones', () => {
  const message = '8=FIX.4.4|9=51|35=0|34=2|49=ISLD|52=20261120-14:00:00.000|56=TW44|10=123|'.replaceAll(
    '|',
    '\u0001',
  )
  assert.equal(difference(message, message), undefined)
  for (const [from, to] of [
    ['34=2', '34=3'],
    ['34=2\u000149=ISLD', '49=ISLD\u000134=2'],
    ['10=123', '10=1234'],
    ['52=20261120', '52=now'],
    ['56=TW44\u0001', ''],
  ] as const)
    assert.notEqual(difference(message, message.replace(from, to)), undefined)
})
