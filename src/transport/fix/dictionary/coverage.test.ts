// Our definitions against published dictionaries: every field, value and message that these have, ours have.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'node:test'
import { getDictionary, type FixVersion } from './index.ts'

const folder = join(process.env['POUNDLOCK_CORPORA'] ?? '../shared/corpora', 'fix-dict')
const sources: [version: FixVersion, file: string, fieldsAtLeast: number][] = [
  ['FIX.4.2', 'quickfix/FIX42.xml', 400],
  ['FIX.4.4', 'quickfix/FIX44.xml', 900],
  ['FIXT.1.1', 'quickfix/FIXT11.xml', 60],
  ['FIX.5.0SP2', 'quickfixj/FIX50SP2.xml', 1400],
]

for (const [version, file, fieldsAtLeast] of sources)
  test(`every field, value and message of ${file} is in ${version}`, (t) => {
    const path = join(folder, file)
    if (!existsSync(path)) return t.skip(`no ${path}`)
    const text = readFileSync(path, 'utf8')
    const dictionary = getDictionary(version)
    const fields = [...text.matchAll(/<field number=["'](\d+)["'] name=["'](\w+)["']([^>]*)>/g)]
    assert.ok(fields.length >= fieldsAtLeast, `only ${fields.length} fields`)
    for (const [whole, tag, name, rest] of fields) {
      assert.equal(dictionary.fieldName(Number(tag)), name, version)
      if (rest!.endsWith('/') || name === 'MsgType') continue
      const from = text.indexOf(whole)
      const body = text.slice(from, text.indexOf('</field>', from))
      for (const [, value] of body.matchAll(/<value enum=["']([^"' ]+)["']/g))
        assert.ok(dictionary.valuesOf(Number(tag)).has(value!), `${version} ${name} ${value}`)
    }
    for (const [head] of text.matchAll(/<message [^>]*>/g)) {
      const attribute = (key: string): string => new RegExp(` ${key}=["'](\\w+)["']`).exec(head)?.[1] ?? ''
      assert.equal(dictionary.messageName(attribute('msgtype')), attribute('name'), head)
    }
  })
