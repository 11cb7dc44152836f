import { closeSync, existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs'
import { instant } from '#core'
import { memoryPersistence, type FixChange, type FixPersistence } from '#transport'

/**
 * A durable store in one file, for tests: a line per batch, forced to the disk before `commit` resolves, read
 * again at the start. A line that was not finished when the process died is a batch that never was.
 */
export async function filePersistence(path: string): Promise<FixPersistence & { close(): void }> {
  const memory = memoryPersistence()
  for (const changes of readBatches(path)) await memory.commit({ changes, attachments: [] })
  const file = openSync(path, 'a')
  return {
    load: memory.load,
    messages: memory.messages,
    async commit(batch) {
      writeSync(file, `${JSON.stringify(batch.changes.map(toRow))}\n`)
      fsyncSync(file)
      await memory.commit(batch)
    },
    close: () => closeSync(file),
  }
}

type Row = Record<string, unknown>

const toRow = (change: FixChange): Row =>
  change.op === 'message' ? { ...change, bytes: Buffer.from(change.bytes).toString('base64') } : change

function fromRow(row: Row): FixChange {
  if (row['op'] === 'message')
    return { ...(row as FixChange), bytes: Buffer.from(String(row['bytes']), 'base64') } as FixChange
  if (row['op'] === 'reset') return { ...row, createdAt: instant(Number(row['createdAt'])) } as FixChange
  return row as FixChange
}

function readBatches(path: string): FixChange[][] {
  if (!existsSync(path)) return []
  const text = readFileSync(path, 'latin1')
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  truncateSync(path, whole.length)
  return whole
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as Row[]).map(fromRow))
}
