// `npm run bench [-- --write]`: every benchmark in one run, beside its peers, as figures and ratios. With --write the
// table goes to bench/RESULTS.md. The machine is named; shared cores make ratios the better half.
import { writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { benchFixParse } from './fix-parse.ts'
import { benchFixRoundTrip } from './fix-roundtrip.ts'
import { benchGateway } from './gateway.ts'
import { benchJournal } from './journal.ts'
import { benchPolicy } from './policy.ts'
import { benchStart } from './start.ts'

export type Row = { readonly name: string; readonly value: number; readonly unit: string }
type Part = { readonly title: string; readonly run: () => Promise<readonly Row[]> | readonly Row[] }

const parts: readonly Part[] = [
  { title: 'FIX parse and validate, one ExecutionReport of 55 fields', run: benchFixParse },
  { title: 'FIX NewOrderSingle → ExecutionReport round trips over loopback', run: benchFixRoundTrip },
  { title: 'A whole maker gateway up to the fill', run: benchGateway },
  { title: 'Journal', run: async () => (await benchJournal()).map(perSecond) },
  { title: 'Policy', run: benchPolicy },
  { title: 'npm start -- --once', run: benchStart },
]

const perSecond = ({ name, perSecond: value }: { name: string; perSecond: number }): Row => ({
  name,
  value,
  unit: '/s',
})

const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'))
const write = process.argv.includes('--write')
const lines = [
  '# Benchmarks',
  '',
  'Made by `npm run bench -- --write`. Peers run in the same run, on the same machine, on the same messages.',
  'The cores are shared with other work, so ratios say more than absolute figures.',
  '',
  `- date: ${new Date().toISOString().slice(0, 10)}`,
  `- machine: ${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, ${process.platform} ${process.arch}`,
  `- Node ${process.versions.node}`,
]
for (const { title, run } of parts) {
  if (wanted.length > 0 && !wanted.some((word) => title.toLowerCase().includes(word))) continue
  process.stdout.write(`\n${title}\n`)
  const rows = await run()
  lines.push('', `## ${title}`, '', '| what | value | unit |', '|---|---:|---|')
  for (const { name, value, unit } of rows) {
    const shown = value.toLocaleString('en-GB', { maximumFractionDigits: value < 100 ? 2 : 0 })
    process.stdout.write(`  ${shown.padStart(12)} ${unit.padEnd(8)} ${name}\n`)
    lines.push(`| ${name} | ${shown} | ${unit} |`)
  }
}
if (write) writeFileSync(new URL('RESULTS.md', import.meta.url), `${lines.join('\n')}\n`)
