import { difference, outgoing, parseDef, readable, type DefStep } from './def.ts'

/** The other end of the wire: in memory with a clock of its own, or a real TCP port. */
export type Wire = {
  now(): number
  connect(connection: number): Promise<void>
  /** Waits until the side under test calls (client cases). */
  awaitConnection(connection: number): Promise<void>
  disconnect(connection: number): Promise<void>
  send(connection: number, bytes: Uint8Array): Promise<void>
  /** The next whole message, `closed`, or `silence` when nothing comes for a long time. */
  receive(connection: number): Promise<string | typeof closed | typeof silence>
}
export const closed = Symbol('closed')
export const silence = Symbol('silence')

export type CaseResult = { readonly name: string; readonly failure?: string }

/** Runs one `.def` case step by step; stops at the first step that does not go as written. */
export async function runCase(name: string, text: string, wire: Wire): Promise<CaseResult> {
  for (const step of parseDef(text)) {
    const failure = await runStep(step, wire)
    if (failure !== undefined) return { name, failure: `line ${step.line}: ${failure}` }
  }
  return { name }
}

async function runStep(step: DefStep, wire: Wire): Promise<string | undefined> {
  const { connection, action } = step
  if (action === 'expect') return judgeMessage(step.message, await wire.receive(connection))
  if (action === 'expect-disconnect') return judgeEnd(await wire.receive(connection))
  if (action === 'connect') await wire.connect(connection)
  else if (action === 'expect-connect') await wire.awaitConnection(connection)
  else if (action === 'disconnect') await wire.disconnect(connection)
  else await wire.send(connection, outgoing(step.message, wire.now()))
  return undefined
}

type Received = string | typeof closed | typeof silence

function judgeMessage(expected: string, received: Received): string | undefined {
  return typeof received === 'string'
    ? difference(expected, received)
    : `expected ${readable(expected)}, got ${received.description}`
}

const judgeEnd = (received: Received): string | undefined =>
  received === closed
    ? undefined
    : `expected the end of the connection, got ${typeof received === 'string' ? readable(received) : 'silence'}`
