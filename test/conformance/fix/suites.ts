import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { systemClock } from '#core'
import { createFixEngine, memoryPersistence, type BeginString, type SessionConfig } from '#transport'
import { echoApplication } from './echo.ts'
import { memoryWire } from './memory-wire.ts'
import { runCase, type CaseResult } from './runner.ts'
import { tcpWire } from './tcp-wire.ts'

/** The acceptance definitions of QuickFIX, which are data of others and not part of this project. */
export const suiteFolder = resolve(
  process.env['POUNDLOCK_CORPORA'] ?? join(import.meta.dirname, '../../../../shared/corpora'),
  'fix-acceptance/quickfix',
)
export const hasSuites = existsSync(join(suiteFolder, 'server/fix44'))
export const absent = `no FIX acceptance definitions in ${suiteFolder} (set POUNDLOCK_CORPORA)`

export type Suite = { readonly folder: string; readonly sessions: readonly SessionConfig[] }

const acceptor = (beginString: BeginString, targetCompId: string): SessionConfig => ({
  beginString,
  senderCompId: 'ISLD',
  targetCompId,
  role: 'acceptor',
  resetOn: { logon: true },
})

export const suites = {
  fix42: { folder: 'server/fix42', sessions: [acceptor('FIX.4.2', 'TW42')] },
  fix44: { folder: 'server/fix44', sessions: [acceptor('FIX.4.4', 'TW44')] },
  fix50sp2: { folder: 'server/fix50sp2', sessions: [acceptor('FIXT.1.1', 'TW50SP2')] },
  validate: {
    folder: 'server/validate',
    sessions: [
      acceptor('FIX.4.4', 'TW'),
      {
        ...acceptor('FIX.4.4', 'NO_CHECK_FIELDS_HAVE_VALUES'),
        validation: { validateFieldsHaveValues: false },
      },
    ],
  },
  client: {
    folder: 'client',
    sessions: [
      {
        beginString: 'FIX.4.2',
        senderCompId: 'TW',
        targetCompId: 'ISLD',
        role: 'initiator',
        heartBtIntSeconds: 30,
        sendingTimePrecision: 'seconds',
      },
    ],
  },
} as const satisfies Record<string, Suite>

export function caseFiles(suite: Suite): string[] {
  return readdirSync(join(suiteFolder, suite.folder))
    .filter((file) => file.endsWith('.def'))
    .toSorted()
}

/** One case against a fresh engine in memory. */
export async function runFile(suite: Suite, file: string): Promise<CaseResult> {
  const text = readFileSync(join(suiteFolder, suite.folder, file), 'latin1')
  return runCase(file, text, await memoryWire(suite.sessions, echoApplication()))
}

/** The same case against the whole engine on a port of its own. */
export async function runFileOverTcp(suite: Suite, file: string): Promise<CaseResult> {
  const text = readFileSync(join(suiteFolder, suite.folder, file), 'latin1')
  const engine = await createFixEngine({
    sessions: suite.sessions,
    persistence: memoryPersistence(),
    application: echoApplication(),
    clock: systemClock,
  })
  const { port } = await engine.listen({ host: '127.0.0.1', port: 0 })
  const wire = tcpWire(port)
  try {
    return await runCase(file, text, wire)
  } finally {
    wire.close()
    await engine.close()
  }
}
