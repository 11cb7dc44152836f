import { fieldTypes, type DictionaryData, type MessageData } from './data.ts'
import { formOfType } from './format.ts'
import { compileLevel, Place, type Level } from './level.ts'
import { valueTable, type ValueTable } from './values.ts'

/** The fields of one dictionary; arrays are indexed by tag up to `tagMax`. */
export type FieldTable = {
  readonly tagMax: number
  /** 1 where the tag is defined. */
  readonly defined: Uint8Array
  /** `Form` of the value. */
  readonly forms: Uint8Array
  readonly values: ValueTable
}

/** All that is needed to walk one message type; built when the type is first met. */
export type MessageTable = {
  readonly msgType: string
  readonly name: string
  readonly category: 'admin' | 'app'
  readonly fields: FieldTable
  readonly level: Level
}

/**
 * A dictionary as a session uses it. For FIX.4.x one definition; for FIXT.1.1 the session definition
 * (header, trailer, session messages) combined with an application definition.
 */
export type Dictionary = {
  readonly beginString: string
  /** ApplVerID(1128) of the application messages; undefined below FIXT. */
  readonly applVerId: string | undefined
  /** The table of a message type, or undefined when the dictionary has no such type. */
  message(msgType: string): MessageTable | undefined
  /** Data tag → the Length tag that stands before it; 0 when the tag is no data field. */
  readonly lengthTags: Uint16Array
  fieldName(tag: number): string | undefined
  messageName(msgType: string): string | undefined
  /** The values that the dictionary lists for a field, with their names; empty when it lists none. */
  valuesOf(tag: number): ReadonlyMap<string, string>
  /** `BUY` for (54, '1'). */
  valueName(tag: number, value: string): string | undefined
}

/** The table that the parser reads, from pairs of data tag and Length tag. */
export function lengthTagTable(pairs: readonly (readonly [data: number, length: number])[]): Uint16Array {
  const table = new Uint16Array(Math.max(0, ...pairs.map(([data]) => data)) + 1)
  for (const [data, length] of pairs) table[data] = length
  return table
}

/** Combines a session definition with an application definition; the same one twice for FIX.4.x. */
export function newDictionary(
  session: DictionaryData,
  application: DictionaryData,
  applVerId?: string,
): Dictionary {
  const tables = new Map<string, MessageTable | undefined>()
  const build = tableBuilder(session, application)
  return {
    beginString: session.version,
    applVerId,
    message(msgType) {
      if (!tables.has(msgType)) remember(tables, msgType, build(msgType))
      return tables.get(msgType)
    },
    lengthTags: lengthTagTable([...session.data, ...application.data]),
    ...namesOf(session, application),
  }
}

/** Unknown types come from the peer: they are not remembered. */
function remember(
  tables: Map<string, MessageTable | undefined>,
  msgType: string,
  table: MessageTable | undefined,
): void {
  if (table !== undefined) tables.set(msgType, table)
}

function tableBuilder(
  session: DictionaryData,
  application: DictionaryData,
): (msgType: string) => MessageTable | undefined {
  const sessionTypes = new Map(session.messages.map((message) => [message[0], message]))
  const applicationTypes = new Map(application.messages.map((message) => [message[0], message]))
  let sessionFields: FieldTable | undefined
  let applicationFields: FieldTable | undefined
  return (msgType) => {
    const own = sessionTypes.get(msgType)
    if (own !== undefined) {
      sessionFields ??= fieldTable(fieldsOf(session))
      return messageTable(own, session, session, sessionFields)
    }
    const other = applicationTypes.get(msgType)
    if (other === undefined) return undefined
    applicationFields ??= fieldTable(new Map([...fieldsOf(application), ...envelopeFields(session)]))
    return messageTable(other, session, application, applicationFields)
  }
}

type Field = { readonly type: number; readonly values: readonly string[] }

function fieldsOf(data: DictionaryData): Map<number, Field> {
  const typeCodes = new Map<string, number>(fieldTypes.map((type, code) => [type, code]))
  return new Map(
    data.tags.map((tag, at) => [
      tag,
      { type: typeCodes.get(data.types[at]!)!, values: closedValues(data.values[tag]) },
    ]),
  )
}

/** The fields of header and trailer: an application message is judged by the session's idea of them. */
function envelopeFields(session: DictionaryData): (readonly [number, Field])[] {
  const text = `${session.header} ${session.trailer}`
  const tags = new Set((text.match(/\d+/g) ?? []).map(Number))
  return [...fieldsOf(session)].filter(([tag]) => tags.has(tag))
}

function closedValues(list: string | undefined): string[] {
  if (list === undefined || list.endsWith('*')) return []
  return list.split(' ').map((entry) => entry.slice(0, entry.indexOf('=')))
}

function fieldTable(fields: ReadonlyMap<number, Field>): FieldTable {
  const tagMax = Math.max(...fields.keys())
  const defined = new Uint8Array(tagMax + 1)
  const forms = new Uint8Array(tagMax + 1)
  const lists = new Map<number, readonly string[]>()
  for (const [tag, field] of fields) {
    defined[tag] = 1
    forms[tag] = formOfType[field.type]!
    if (field.values.length > 0) lists.set(tag, field.values)
  }
  return { tagMax, defined, forms, values: valueTable(lists, tagMax) }
}

function messageTable(
  message: MessageData,
  session: DictionaryData,
  owner: DictionaryData,
  fields: FieldTable,
): MessageTable {
  const [msgType, name, category, structure] = message
  const level = compileLevel(
    [
      { text: session.header, components: session.components, place: Place.header },
      { text: structure, components: owner.components, place: Place.body },
      { text: session.trailer, components: session.components, place: Place.trailer },
    ],
    fields.tagMax,
  )
  return { msgType, name, category, fields, level }
}

type Names = Pick<Dictionary, 'fieldName' | 'messageName' | 'valuesOf' | 'valueName'>

function namesOf(session: DictionaryData, application: DictionaryData): Names {
  const both = [application, session]
  const fieldNames = later(
    () => new Map(both.flatMap((data) => data.tags.map((tag, i) => [tag, data.names[i]!]))),
  )
  const messageNames = later(
    () => new Map(both.flatMap((data) => data.messages.map(([type, name]) => [type, name]))),
  )
  const listOf = (tag: number): string | undefined =>
    both.find((data) => data.values[tag] !== undefined)?.values[tag]
  const valuesOf = (tag: number): ReadonlyMap<string, string> => valueNames(listOf(tag))
  return {
    fieldName: (tag) => fieldNames().get(tag),
    messageName: (msgType) => messageNames().get(msgType),
    valuesOf,
    valueName: (tag, value) => valuesOf(tag).get(value),
  }
}

function valueNames(list: string | undefined): ReadonlyMap<string, string> {
  const entries = (list ?? '').split(' ').filter((entry) => entry.includes('='))
  return new Map(
    entries.map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  )
}

/** Made when first asked for. */
function later<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}
