import type { JSX } from 'preact'
import { timeText } from '../format.ts'
import { fixValue } from '../fix-tags.ts'
import { Mark } from '../parts/mark.tsx'
import type { TradeDetail } from '../types.ts'

type Row = {
  readonly fact: string
  readonly fix?: string | undefined
  readonly record?: string | undefined
  readonly instruction?: string | undefined
}

/** Each economic fact as the three forms say it. A form that does not carry the fact shows a dash. */
export const Agreement = ({ trade }: { trade: TradeDetail }): JSX.Element => (
  <div class="scroll" tabIndex={0} role="region" aria-label="The three forms side by side">
    <table class="agreement">
      <thead>
        <tr>
          <th>Fact</th>
          <th>FIX</th>
          <th>Trade record</th>
          <th>EIP-712</th>
          <th>Agree</th>
        </tr>
      </thead>
      <tbody>
        {rowsOf(trade).map((row) => (
          <tr key={row.fact}>
            <th scope="row">{row.fact}</th>
            <Cell text={row.fix} />
            <Cell text={row.record} />
            <Cell text={row.instruction} />
            <td>{verdictOf(row)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
)

const Cell = ({ text }: { text: string | undefined }): JSX.Element => (
  <td class="num">{text ?? <span class="dash">–</span>}</td>
)

function verdictOf({ fix, record, instruction }: Row): JSX.Element {
  const said = [fix, record, instruction].filter((text) => text !== undefined)
  if (said.length < 2) return <Mark verdict="none">one form</Mark>
  const same = said.every((text) => text.toLowerCase() === said[0]?.toLowerCase())
  return same ? <Mark verdict="good">yes</Mark> : <Mark verdict="bad">no</Mark>
}

function rowsOf({ forms }: TradeDetail): readonly Row[] {
  const record = (...path: string[]): string | undefined => textAt(forms.record, path)
  const message = (name: string): string | undefined => textAt(forms.typedData, ['message', name])
  const fix = (tag: string): string | undefined => fixValue(forms.fix, tag)
  return [
    { fact: 'Instrument', fix: fix('48'), record: record('product', 'securityId') },
    { fact: 'CFI', fix: fix('461'), record: record('product', 'cfi') },
    { fact: 'Quantity', fix: fix('32'), record: record('quantity'), instruction: message('deliverAmount') },
    { fact: 'Price', fix: fix('31'), record: record('price') },
    { fact: 'Premium, minor', record: record('premium', 'minor'), instruction: message('payAmount') },
    { fact: 'Execution', fix: fix('17'), record: record('execution', 'execId') },
    { fact: 'Client order', fix: fix('11'), record: record('execution', 'clOrdId') },
    { fact: 'Deliverer', record: record('settlement', 'deliverer'), instruction: message('deliverer') },
    { fact: 'Receiver', record: record('settlement', 'receiver'), instruction: message('receiver') },
    { fact: 'Nonce', record: record('settlement', 'nonce'), instruction: message('nonce') },
    {
      fact: 'Deadline',
      record: instantText(record('settlement', 'deadline')),
      instruction: unixText(message('deadline')),
    },
  ]
}

function textAt(value: unknown, path: readonly string[]): string | undefined {
  const found = path.reduce<unknown>(
    (at, name) => (typeof at === 'object' && at !== null ? new Map(Object.entries(at)).get(name) : undefined),
    value,
  )
  return typeof found === 'string' || typeof found === 'number' ? String(found) : undefined
}

// The instruction carries whole seconds, so the comparison is in seconds.
const seconds = (rfc3339: string): string => timeText(rfc3339).replace(/\.\d+/, '')
const instantText = (text: string | undefined): string | undefined =>
  text === undefined ? undefined : seconds(text)
const unixText = (text: string | undefined): string | undefined =>
  text === undefined || !/^\d{1,12}$/.test(text)
    ? undefined
    : seconds(new Date(parseInt(text, 10) * 1_000).toISOString())
