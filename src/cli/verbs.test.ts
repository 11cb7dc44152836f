import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { isRefusal } from '#core'
import { readOperatorKey } from '#gateway'
import { main } from './verbs.ts'

const usage = 2

test('a number that cannot be read is a usage error, whichever option it belongs to', async () => {
  assert.equal(await main(['doctor', '--port-base', '80a']), usage)
  assert.equal(await main(['demo', '--tamper', '']), usage)
  assert.equal(await main(['fix', 'set', 'S', '--next-sender', '1e3', '--keys', 'k']), usage)
  assert.equal(await main(['fix', 'set', 'S', '--next-target', '1234567890', '--keys', 'k']), usage)
  assert.equal(await main(['sandbox-desk', '--port', '0x10']), usage)
})

test('setting sequence numbers needs a number', async () => {
  assert.equal(await main(['fix', 'set', 'S', '--keys', 'k']), usage)
})

test('a folder without an operator’s key is refused and nothing is made in it', () => {
  const directory = mkdtempSync(join(tmpdir(), 'poundlock-keys-'))
  try {
    const folder = join(directory, 'mistyped')
    const key = readOperatorKey(folder)
    assert.ok(isRefusal(key))
    assert.equal(key.refusal, 'file-unreadable')
    assert.equal(existsSync(folder), false)
  } finally {
    rmSync(directory, { recursive: true })
  }
})
