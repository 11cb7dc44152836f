import assert from 'node:assert/strict'
import { test } from 'node:test'
import { absent, caseFiles, hasSuites, runFile, suites, type Suite } from './fix/suites.ts'

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
