/** One line of a `.def` file: an action on one of the connections, or what is expected to come back. */
export type DefStep = {
  readonly line: number
  readonly connection: number
  readonly action: 'connect' | 'expect-connect' | 'disconnect' | 'expect-disconnect' | 'send' | 'expect'
  readonly message: string
}

const pattern = /^([iIeER])(?:(\d+),)?(.*)$/

/** Reads a `.def` file: Latin-1, one step per line, SOH between fields, `#` comments, blank lines ignored. */
export function parseDef(text: string): DefStep[] {
  const steps: DefStep[] = []
  text.split('\n').forEach((raw, index) => {
    const line = raw.replace(/\r$/, '').trim()
    if (line === '' || line.startsWith('#')) return
    const match = pattern.exec(line)
    if (!match) throw new Error(`line ${index + 1} is no step: ${line}`)
    const [, letter = '', connection = '1', rest = ''] = match
    steps.push({ line: index + 1, connection: Number(connection), ...readAction(letter, rest) })
  })
  return steps
}

function readAction(letter: string, rest: string): Pick<DefStep, 'action' | 'message'> {
  if (rest === 'CONNECT') return { action: letter === 'e' ? 'expect-connect' : 'connect', message: '' }
  if (rest === 'DISCONNECT')
    return { action: letter === 'e' ? 'expect-disconnect' : 'disconnect', message: '' }
  return { action: letter === 'E' ? 'expect' : 'send', message: rest }
}

type Field = readonly [tag: string, value: string]
const soh = '\u0001'

/** `<TIME>`, `<TIME-121>`: now plus or minus seconds, in whole seconds. */
function fillTimes(message: string, now: number): string {
  return message.replace(/<TIME([+-]\d+)?>/g, (_, shift: string | undefined) => {
    const iso = new Date(now + Number(shift ?? '0') * 1000).toISOString()
    return `${iso.slice(0, 10).replaceAll('-', '')}-${iso.slice(11, 19)}`
  })
}

/** The bytes to send: BodyLength(9) and CheckSum(10) are added unless the line has its own, right or wrong. */
export function outgoing(message: string, now: number): Uint8Array {
  let text = fillTimes(message, now)
  if (!text.includes(`${soh}9=`)) {
    const [begin, rest] = [text.slice(0, text.indexOf(soh) + 1), text.slice(text.indexOf(soh) + 1)]
    const trailer = rest.lastIndexOf(`${soh}10=`) + 1
    text = `${begin}9=${trailer === 0 ? rest.length : trailer}${soh}${rest}`
  }
  if (!text.includes(`${soh}10=`)) text += `10=${checksum(text)}${soh}`
  return Buffer.from(text, 'latin1')
}

function checksum(text: string): string {
  let sum = 0
  for (const byte of Buffer.from(text, 'latin1')) sum += byte
  return String(sum % 256).padStart(3, '0')
}

const timestamp = /^\d{8}-\d{2}:\d{2}:\d{2}(\.\d{3})?$/
/** Fields whose value is compared by form only. */
const byForm: Readonly<Record<string, RegExp>> = {
  '10': /^\d{3}$/,
  '42': timestamp,
  '52': timestamp,
  '60': timestamp,
  '122': timestamp,
}

/** What differs between an expected message and the one that came; undefined when nothing does. */
export function difference(expected: string, actual: string): string | undefined {
  const wanted = split(expected)
  const leftOut = ['9', '10'].filter((tag) => !wanted.some(([have]) => have === tag))
  const came = split(actual).filter(([tag]) => !leftOut.includes(tag))
  const isSame = wanted.length === came.length && wanted.every((field, i) => isEqual(field, came[i]))
  return isSame ? undefined : `expected ${readable(expected)}\n     got ${readable(actual)}`
}

function isEqual([tag, value]: Field, actual: Field | undefined): boolean {
  if (!actual || actual[0] !== tag) return false
  const form = byForm[tag]
  return form ? form.test(actual[1]) : actual[1] === value
}

const split = (message: string): Field[] =>
  message
    .split(soh)
    .filter((field) => field !== '')
    .map((field) => [field.slice(0, field.indexOf('=')), field.slice(field.indexOf('=') + 1)])

export const readable = (message: string): string => message.replaceAll(soh, '|')
