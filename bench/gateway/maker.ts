import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { invariant, isRefusal, offsetClock, refuse } from '#core'
import { digest, systemRandom } from '#crypto'
import { parseGatewayConfig, type GatewayConfig } from '#gateway'
import { openJournal, openSqliteStore, openSqliteStoreUnsafeNoSync } from '#journal'
import { createPdp, defaultPolicyFolder, loadPolicyFolder } from '#policy'
import { portsFrom, sandboxStart } from '#sandbox'
import { assembleCore } from '../../src/gateway/core.ts'
import { openFix } from '../../src/gateway/doors.ts'
import { openingDrafts } from '../../src/gateway/opening.ts'
import { realLater } from '../../src/gateway/worker.ts'
import { holdCeremony } from '../../src/sandbox/ceremony.ts'

/**
 * The maker of the measurement in a process of its own: a whole gateway up to the fill (FIX, policy, pricing,
 * journal), behind a plain loopback door. What follows a fill (record, approvals, ledger) is not done: it is the
 * worker's, which is closed. Arguments: `durable` or `no-sync`, folder. Prints `READY port`; ends with
 * its standard input.
 */
const [kind = '', folder = ''] = process.argv.slice(2)
const clock = offsetClock(sandboxStart)
const quoteLifetimeMs = 600_000

function known<T>(value: T): Exclude<T, { readonly refusal: unknown }> {
  invariant(!isRefusal(value), isRefusal(value) ? value.detail : '')
  // oxlint-disable-next-line no-unsafe-type-assertion -- it is no refusal
  return value as Exclude<T, { readonly refusal: unknown }>
}

const ceremony = known(holdCeremony(folder, portsFrom(0), { startsAt: sandboxStart, quoteLifetimeMs }))
const config = measured(known(parseGatewayConfig(readFileSync(ceremony.configs.alder))))
const policies = known(loadPolicyFolder(defaultPolicyFolder))
const pdp = known(createPdp({ ...policies, digest }))
const open = kind === 'durable' ? openSqliteStore : openSqliteStoreUnsafeNoSync
const store = known(open(join(folder, 'maker.db')))
const keys = ceremony.alder
const journal = openJournal({
  store,
  clock,
  random: systemRandom,
  origin: config.journal.origin,
  signer: keys.journal,
})
await journal.append([...known(openingDrafts(journal, { config, keys: [], policySet: pdp.set }))])
const absent = refuse('peer-unreachable', 'nothing is settled in this measurement')
const core = known(
  assembleCore({
    config,
    clock,
    keys,
    pdp,
    journal,
    random: systemRandom,
    ledger: { settle: () => Promise.resolve(absent), outcome: () => Promise.resolve(absent) },
    peerClient: () => absent,
    later: realLater,
    probe: () => undefined,
    onBug: fail,
  }),
)
await core.worker.close()
const engine = await openFix({ config, store, clock, peering: core.peering }, fail)
const { port } = await engine.listen({ host: '127.0.0.1', port: 0 })
process.stdout.write(`READY ${port}\n`)
process.stdin.resume()
process.stdin.once('end', () => process.exit(0))

/** Tier 2, so that no limit ends the run, and a session that needs no certificate. */
function measured(alder: GatewayConfig): GatewayConfig {
  const peers = alder.peering.peers.map((peer) => ({ ...peer, policyTier: 'tier2' }))
  const sessions = alder.fix.sessions.map((session) => ({ ...session, pin: undefined }))
  invariant(alder.maker, 'ALDER makes markets')
  // Far out of the money, so that a day's limit lasts for the measurement; the taker asks for it.
  const maker = { ...alder.maker, instruments: ['ETH-25JUN27-12000-C'] }
  return { ...alder, maker, peering: { ...alder.peering, peers }, fix: { acceptors: [], sessions } }
}

function fail(error: unknown): void {
  console.error(error)
  process.exit(1)
}
