#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { packBytesMax } from './pack.ts'
import { reportText } from './text.ts'
import { TrustPolicyError, trustBytesMax } from './trust.ts'
import { verifyPack } from './verify.ts'

/** Exit codes: 0 the pack holds, 5 verification failed, 2 wrong usage or an unreadable file. */
const exits = { ok: 0, usage: 2, failed: 5 } as const

const usage = `usage: poundlock-verify <pack> [--trust <file>] [--json]

Checks an evidence pack offline.
  --trust <file>  log and witness keys to trust (C2SP tlog-policy), instead of those in the pack
  --json          print the report as JSON
exit codes: 0 the pack holds, 5 verification failed, 2 wrong usage or unreadable file
`

const main = async (args: readonly string[]): Promise<number> => {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { trust: { type: 'string' }, json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
  })
  if (values.help) process.stdout.write(usage)
  if (values.help) return exits.ok
  const [file, ...more] = positionals
  if (file === undefined || more.length > 0) throw new UsageError('name one pack')
  const trust =
    values.trust === undefined ? {} : { trust: read(values.trust, trustBytesMax).toString('utf8') }
  const report = await verifyPack(read(file, packBytesMax + 1), trust)
  process.stdout.write(values.json ? `${JSON.stringify(report, null, 2)}\n` : reportText(report))
  return report.ok ? exits.ok : exits.failed
}

const read = (file: string, bytesMax: number): Buffer => {
  const bytes = readFileSync(file)
  return bytes.length > bytesMax ? bytes.subarray(0, bytesMax) : bytes
}

const isUsage = (error: unknown): error is Error =>
  error instanceof UsageError ||
  error instanceof TrustPolicyError ||
  (error instanceof Error && 'code' in error && typeof error.code === 'string')

class UsageError extends Error {
  override readonly name = 'Cli.UsageError'
}

try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  if (!isUsage(error)) throw error
  process.stderr.write(`poundlock-verify: ${error.message}\n\n${usage}`)
  process.exitCode = exits.usage
}
