// The notation of src/transport/fix/dictionary/definitions/*.txt.
//
//   version FIX.4.4                                   or: extends FIX.4.4
//   [fields]      54 Side CHAR 1=BUY 2=SELL           number, name, type, values; a last * leaves the list open
//                 +447 N=LEGAL_ENTITY_IDENTIFIER       adds values to a field of the extended version
//   [components]  Parties: NoPartyIDs{PartyID …}      +Name: … adds members to a component of the extended version
//   [header]      BeginString! BodyLength! …          ! required, @Name a component, Name{…} a repeating group
//   [trailer]     …
//   [messages]    D NewOrderSingle app: ClOrdID! …    +D: … adds members to a message of the extended version
//
// A line that starts with two spaces continues the one before it; # starts a comment line.
import { fieldTypes, type FieldType } from '../../src/transport/fix/dictionary/data.ts'

export type FieldDefinition = { tag: number; name: string; type: FieldType; values: string }
export type MessageDefinition = {
  msgType: string
  name: string
  category: 'admin' | 'app'
  structure: string
}
export type Definition = {
  version: string
  fields: Map<string, FieldDefinition>
  components: Map<string, string>
  header: string
  trailer: string
  messages: Map<string, MessageDefinition>
}

export function readDefinition(text: string): Definition {
  const lines = joinedLines(text)
  const definition: Definition = {
    version: headOf(lines, 'version'),
    fields: new Map(),
    components: new Map(),
    header: '',
    trailer: '',
    messages: new Map(),
  }
  readSections(lines, definition)
  return definition
}

/** Adds the fields, components and members of an extension to the definition it extends. */
export function extend(base: Definition, text: string): void {
  const lines = joinedLines(text)
  const target = headOf(lines, 'extends')
  if (target !== base.version) throw new Error(`an extension of ${target} cannot extend ${base.version}`)
  readSections(lines, base)
}

function joinedLines(text: string): string[] {
  return text
    .replaceAll(/\n {2,}/g, ' ')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
}

function headOf(lines: readonly string[], word: string): string {
  const [first, version] = (lines[0] ?? '').split(' ')
  if (first !== word || version === undefined) throw new Error(`the first line must be "${word} <version>"`)
  return version
}

function readSections(lines: readonly string[], into: Definition): void {
  let section = ''
  for (const line of lines.slice(1)) {
    if (line.startsWith('[')) section = line
    else if (section === '[fields]') readField(line, into)
    else if (section === '[components]') readComponent(line, into)
    else if (section === '[header]') into.header = line
    else if (section === '[trailer]') into.trailer = line
    else if (section === '[messages]') readMessage(line, into)
    else throw new Error(`outside a section: ${line}`)
  }
}

function readField(line: string, into: Definition): void {
  if (line.startsWith('+')) return addValues(line.slice(1), into)
  const [number, name, type, ...values] = line.split(' ')
  const known = fieldTypes.find((one) => one === type)
  const tag = Number(number)
  if (name === undefined || known === undefined || !Number.isInteger(tag) || tag < 1)
    throw new Error(`not a field: ${line}`)
  const clash = [...into.fields.values()].some((field) => field.tag === tag) || into.fields.has(name)
  if (clash) throw new Error(`defined twice: ${line}`)
  into.fields.set(name, { tag, name, type: known, values: values.join(' ') })
}

function addValues(line: string, into: Definition): void {
  const [number, ...values] = line.split(' ')
  const field = [...into.fields.values()].find(({ tag }) => tag === Number(number))
  if (field === undefined || field.values === '') throw new Error(`no list of values to add to: ${line}`)
  field.values = `${values.join(' ')} ${field.values}`
}

function readComponent(line: string, into: Definition): void {
  const [head, structure] = split(line)
  const added = head.startsWith('+')
  const name = added ? head.slice(1) : head
  const before = into.components.get(name)
  if (added === (before === undefined)) throw new Error(`${added ? 'unknown' : 'defined twice'}: ${head}`)
  into.components.set(name, added ? `${before} ${structure}` : structure)
}

function readMessage(line: string, into: Definition): void {
  const [head, structure] = split(line)
  if (head.startsWith('+')) {
    const message = into.messages.get(head.slice(1))
    if (message === undefined) throw new Error(`unknown message: ${head}`)
    message.structure = `${message.structure} ${structure}`.trim()
    return
  }
  const [msgType, name, category] = head.split(' ')
  if (msgType === undefined || name === undefined || (category !== 'admin' && category !== 'app'))
    throw new Error(`not a message: ${line}`)
  if (into.messages.has(msgType)) throw new Error(`defined twice: ${head}`)
  into.messages.set(msgType, { msgType, name, category, structure })
}

function split(line: string): [head: string, rest: string] {
  const at = line.indexOf(':')
  if (at < 0) throw new Error(`no colon: ${line}`)
  return [line.slice(0, at), line.slice(at + 1).trim()]
}
