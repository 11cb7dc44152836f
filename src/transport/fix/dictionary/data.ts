/**
 * The form of a generated dictionary module (`generated/*.ts`, written by `scripts/fix/generate.ts` from
 * `definitions/*.txt`). Structures are short strings over tag numbers, read when a message type is first met:
 * `11! 1 453{448! 447 452 802{523 803}} &12!` – `!` required, `{…}` the members of a repeating group after
 * its count field, `&n` the component at index n.
 */
export type DictionaryData = {
  readonly version: string
  /** Ascending; the three lists run in parallel. */
  readonly tags: readonly number[]
  readonly names: readonly string[]
  readonly types: readonly FieldType[]
  /** Tag → `B=BUY S=SELL`; a last `*` means that other values are legal too. */
  readonly values: Readonly<Record<number, string>>
  /** Data tag, then the tag of the Length field that stands before it. */
  readonly data: readonly (readonly [data: number, length: number])[]
  readonly header: string
  readonly trailer: string
  readonly components: readonly string[]
  readonly messages: readonly MessageData[]
}

export type MessageData = readonly [
  msgType: string,
  name: string,
  category: 'admin' | 'app',
  structure: string,
]

/** The data types of FIX 4.2 to 5.0 SP2, in their own names. The index in this list is the code in a table. */
export const fieldTypes = [
  'STRING',
  'CHAR',
  'BOOLEAN',
  'INT',
  'LENGTH',
  'SEQNUM',
  'NUMINGROUP',
  'DAYOFMONTH',
  'FLOAT',
  'PRICE',
  'PRICEOFFSET',
  'QTY',
  'AMT',
  'PERCENTAGE',
  'UTCTIMESTAMP',
  'UTCTIMEONLY',
  'UTCDATE',
  'UTCDATEONLY',
  'LOCALMKTDATE',
  'MONTHYEAR',
  'TZTIMEONLY',
  'TZTIMESTAMP',
  'MULTIPLEVALUESTRING',
  'MULTIPLESTRINGVALUE',
  'MULTIPLECHARVALUE',
  'DATA',
  'XMLDATA',
  'CURRENCY',
  'COUNTRY',
  'EXCHANGE',
  'LANGUAGE',
] as const
export type FieldType = (typeof fieldTypes)[number]
