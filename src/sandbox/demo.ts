// The demo: two chains, two gateways, two witnesses and a desk as separate processes; one trade from request for
// quote to settlement; one file that proves it. Every number printed is read from them or computed here.
import { statfsSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { isRefusal, refuse, type Refusal } from '#core'
import type { HealthView } from '#gateway'
import { balancesOf, type Balances } from './balances.ts'
import type { Ports } from './cast.ts'
import type { DeskFact } from './desk.ts'
import { askDoor } from '#server'
import { storyOf, type Story } from './story.ts'
import { gatherEvidence, tradeOnce, urlsOf, type Evidence } from './trading.ts'
import { armed, openWorld, type World, type WorldOptions } from './world.ts'

/** How long a process that stops may take to end and say why. */
const causeMsMax = 3_000
/** With less, a store may have no room for its next commit. */
const bytesFreeMin = 65_536

export type DemoOptions = WorldOptions

export type DemoReport = {
  readonly dir: string
  readonly startedMs: Readonly<Record<string, number>>
  readonly ports: Ports
  /** How the trade ended for the desk. */
  readonly desk: DeskFact
  readonly story: Story
  readonly health: Readonly<Record<string, HealthView>>
  readonly balances: { readonly before: Balances; readonly after: Balances }
  readonly kills: readonly { readonly point: string; readonly killed: boolean }[]
  readonly pack?: Evidence
}

export type RunningDemo = { readonly report: DemoReport; stop(): Promise<void> }

/** Starts everything, trades once, gathers the evidence. What was started is stopped again when it is refused. */
export async function runDemo(options: DemoOptions): Promise<RunningDemo | Refusal> {
  const world = await openWorld(options)
  if (isRefusal(world)) return world
  const report = await orItsCause(perform(options, world), world)
  if (!isRefusal(report)) return { report, stop: () => world.stop() }
  await world.stop()
  return report
}

/**
 * A process that stops says why; what the others then meet (a door that closes, no answer) only follows from it. So
 * its refusal stands for theirs, also when it comes a little later.
 */
async function orItsCause<T>(work: Promise<T | Refusal>, { processes }: World): Promise<T | Refusal> {
  const down = Promise.race(processes.map((one) => one.down))
  const outcome = await Promise.race([work, down])
  if (!isRefusal(outcome)) return outcome
  return Promise.race([down, setTimeout(causeMsMax, outcome)])
}

async function perform(options: DemoOptions, world: World): Promise<DemoReport | Refusal> {
  const { dir, startedMs, ports, ceremony, running, processes } = world
  const before = await balancesOf(world)
  if (isRefusal(before)) return before
  const desk = await tradeOnce(options.progress, ports, ceremony, running)
  if (isRefusal(desk)) return desk
  const after = await balancesOf(world)
  if (isRefusal(after)) return after
  const story = await storyOf(urlsOf(ports))
  if (isRefusal(story)) return story
  const health = await healthOfAll(urlsOf(ports))
  if (isRefusal(health)) return health
  const kills = options.kills.map((kill) => ({
    point: `${kill.name}@${kill.step}`,
    killed:
      armed(options.kills, kill.name) === kill &&
      processes.some((one) => one.name === kill.name && one.kills() > 0),
  }))
  const pack = await gatherEvidence(dir, ports, story)
  if (isRefusal(pack)) return orDiskFull(dir, pack)
  const balances = { before, after }
  const report = { dir, startedMs, ports, desk, story, health, balances, kills }
  return pack ? { ...report, pack } : report
}

/** A witness without room cannot cosign and stays up; from outside, its cosignature is only late. */
function orDiskFull(dir: string, refusal: Refusal): Refusal {
  if (refusal.refusal !== 'checkpoint-stale') return refusal
  const { bavail, bsize } = statfsSync(dir)
  const bytesFree = bavail * bsize
  return bytesFree < bytesFreeMin
    ? refuse('disk-full', `${bytesFree} bytes are left for ${dir}: ${refusal.detail}`)
    : refusal
}

async function healthOfAll(urls: Readonly<Record<string, string>>): Promise<DemoReport['health'] | Refusal> {
  const all: Record<string, HealthView> = {}
  for (const [name, url] of Object.entries(urls)) {
    const health = await askDoor<HealthView>(url, '/v1/health')
    if (isRefusal(health)) return health
    all[name] = health
  }
  return all
}
