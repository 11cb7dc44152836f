import assert from 'node:assert/strict'
import test from 'node:test'
import { Form, hasForm } from './format.ts'

const fits = (form: number, text: string): boolean => {
  const bytes = Buffer.from(`<${text}>`)
  return hasForm(form, bytes, 1, bytes.length - 1)
}

/** Each form with values that have it and values that have it not (FIX 4.4 vol. 1, FIX 5.0 SP2 for zones). */
const cases: [form: keyof typeof Form, right: string[], wrong: string[]][] = [
  ['char', ['A', '1'], ['', 'AB']],
  ['boolean', ['Y', 'N'], ['', 'y', 'YN', '1']],
  ['int', ['0', '-1', '007', '-0'], ['', '-', '+1', '1.0', '1 ', '--1', '1-']],
  ['natural', ['0', '123'], ['', '-1', '1.0']],
  ['decimal', ['1', '-1.5', '.5', '5.', '00.10'], ['', '-', '.', '-.', '1e5', '+1', '1,0', '1..2']],
  [
    'timestamp',
    ['20261120-14:00:00', '20261120-14:00:60.123456789012'],
    [
      '',
      '20261120',
      '20261120T14:00:00',
      '20261120-14:00:61',
      '20261120-14:00:00.12',
      '20261120-14:00:00.1234567890123456',
    ],
  ],
  ['time', ['00:00:00', '23:59:59.999'], ['', '24:00:00', '12:60:00', '12:00', '12:00:00,1']],
  ['date', ['20261120'], ['', '2026112', '20261100', '20261132', '20260020', '2026-1-2']],
  ['monthYear', ['202706', '20270625', '202706w1'], ['', '202713', '202706w0', '202706W1', '2027061']],
  ['dayOfMonth', ['1', '31', '01'], ['', '0', '32', '001', '-1']],
  [
    'zonedTime',
    ['08:00', '08:00Z', '08:00:00Z', '08:00:00.123-05', '08:00+05:30'],
    ['', 'Z', '8:00', '24:00', '08:00+', '08:00+24', '08:00Zx', '08:00+0530', '08:00:0'],
  ],
  [
    'zonedTimestamp',
    ['20270625-08:00Z', '20270625-08:00:00+02:00'],
    ['', '20270625', '20270625-', '08:00Z', '20271325-08:00Z'],
  ],
  ['text', ['', 'anything at all'], []],
  ['data', ['', '\u0001=\u0001'], []],
]

for (const [form, right, wrong] of cases)
  test(`the form ${form} holds what it should and nothing else`, () => {
    for (const text of right) assert.equal(fits(Form[form], text), true, text)
    for (const text of wrong) assert.equal(fits(Form[form], text), false, text)
  })
