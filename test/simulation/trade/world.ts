// One world from one seed: two gateways, a desk, a ledger, the lines between them, and everything that goes wrong.
// After the calm point nothing goes wrong any more, and every trade must end. The auditor looks after each step.
import { isDeepStrictEqual } from 'node:util'
import { invariant, isRefusal, parseJson, refuse, type Json, type Refusal } from '#core'
import { hashTypedData } from '#crypto'
import { memoryChain, openMemoryLedger, type MemoryChain, type SignedInstruction } from '#ledger'
import type { Hub } from '#transport'
import { instructionFrom, settlementLedger } from '../../../src/gateway/chain.ts'
import type { SettlementLedger } from '../../../src/gateway/settling.ts'
import { disagreements, standings } from '../../audit/journal.ts'
import { createAgenda } from './agenda.ts'
import { actors, chainId, confirmations, contracts, start } from './cast.ts'
import { chanceOf, faultsOf, type Faults } from './chance.ts'
import { openDesk, type SimDesk } from './desk.ts'
import { createDisk, type CrashAt } from './disk.ts'
import { createFixLine, type FixLine } from './fix-line.ts'
import { createSimGateway, type Life, type SimGateway, type World, type Wrappers } from './gateway.ts'
import { lieAbout, lieInAnswer } from './lying.ts'
import { watchFromOutside, type Outside } from './witness.ts'

type Name = 'ALDER' | 'CEDAR'
const names = ['ALDER', 'CEDAR'] as const
const other = (name: Name): Name => (name === 'ALDER' ? 'CEDAR' : 'ALDER')

export type WorldReport = {
  readonly seed: number
  readonly problems: readonly string[]
  readonly trades: number
  readonly settled: number
  readonly crashes: number
  readonly steps: number
  readonly simulatedMs: number
  /** Each fault that happened, for the coverage of a run. */
  readonly faults: ReadonlyMap<string, number>
  /** Newest last: what happened, when asked for. */
  readonly story: readonly string[]
}

const answerMs = 5_000
const endMsMax = 200_000
const burstMs = 5
const usdcGranted = 1_000_000_000_000n
const longsWritten = 1_000n

export async function runWorld(seed: number, wrappers: Wrappers = {}): Promise<WorldReport> {
  const world = new Simulation(seed, wrappers)
  await world.run()
  return world.report()
}

class Simulation {
  readonly #seed: number
  readonly #faults: Faults
  readonly #chance: ReturnType<typeof chanceOf>
  readonly #agenda = createAgenda(start)
  readonly #chain: MemoryChain
  readonly #gateways: Readonly<Record<Name, SimGateway>>
  readonly #outside: Readonly<Record<Name, Outside>>
  readonly #sent: Readonly<Record<Name, Map<string, SignedInstruction>>> = {
    ALDER: new Map(),
    CEDAR: new Map(),
  }
  readonly #desk: SimDesk
  readonly #lines: readonly FixLine[]
  readonly #problems: string[] = []
  readonly #story: string[] = []
  readonly #counts = new Map<string, number>()
  readonly #heard: Json[] = []
  #crashNext: Partial<Record<Name, CrashAt>> = {}
  #partitioned = false
  #ledgerDown = false
  #activity = 0
  #steps = 0

  constructor(seed: number, wrappers: Wrappers) {
    this.#seed = seed
    this.#chance = chanceOf(seed)
    this.#faults = faultsOf(this.#chance)
    this.#chain = memoryChain(this.#agenda.clock(0))
    const world: World = {
      agenda: this.#agenda,
      wrappers,
      bug: (who, error) =>
        this.#problem(
          `a bug in ${who}: ${error instanceof Error ? (error.stack ?? '') : JSON.stringify(error)}`,
        ),
      crashAt: (name) => this.#askCrash(name),
      post: (from, life, path, message) => this.#post(from, life, path, message),
      ledgerOf: (name, life) => this.#ledgerOf(name, life),
      died: (name) => this.#died(name),
    }
    const make = (name: Name, index: 0 | 1): SimGateway =>
      createSimGateway(
        actors[name],
        createDisk(actors[name].member.logOrigin),
        this.#faults.skewMs[index],
        seed,
        world,
      )
    this.#gateways = { ALDER: make('ALDER', 0), CEDAR: make('CEDAR', 1) }
    const watch = (name: Name): Outside =>
      watchFromOutside(this.#gateways[name].disk, actors[name].member.logOrigin, (problem) =>
        this.#problem(problem),
      )
    this.#outside = { ALDER: watch('ALDER'), CEDAR: watch('CEDAR') }
    this.#desk = openDesk(this.#agenda, this.#chance)
    this.#lines = this.#makeLines()
  }

  async run(): Promise<void> {
    await this.#desk.open()
    const { positions, usdc } = contracts
    this.#chain.grant(actors.CEDAR.keys.settlement.address, usdc, this.#chance.hit(0.04) ? 10n : usdcGranted)
    await Promise.all(names.map((name) => this.#gateways[name].start()))
    const series = this.#gateways.ALDER.life?.core.peering.place.seriesIdOf('ETH-25JUN27-4000-C', start)
    invariant(typeof series === 'bigint', 'the series is known')
    this.#chain.write(actors.ALDER.keys.settlement.address, positions, series, longsWritten)
    this.#schedule()
    const before = this.#totals()
    const limit = this.#faults.calmAtMs + endMsMax
    for (;;) {
      const next = this.#agenda.next(limit)
      if (!next) break
      this.#steps += 1
      next()
      // What comes close together meets a disk that has not finished.
      while (this.#chance.hit(0.3)) this.#agenda.next(this.#agenda.now() + burstMs)?.()
      await this.#settle()
      this.#audit(before)
      if (this.#problems.length > 0 || this.#isOver()) break
    }
    await this.#conclude()
  }

  report(): WorldReport {
    const trades = standings(this.#outside.ALDER.auditor.entries)
    return {
      seed: this.#seed,
      problems: this.#problems,
      trades: trades.size,
      settled: [...trades.values()].filter(({ end }) => end === 'settled').length,
      crashes: this.#counts.get('crash') ?? 0,
      steps: this.#steps,
      simulatedMs: this.#agenda.now(),
      faults: this.#counts,
      story: this.#story,
    }
  }

  // ---- what goes on

  #schedule(): void {
    const every = (ms: number, run: () => void): void => {
      const again = (): void => {
        run()
        this.#agenda.after(ms, again)
      }
      this.#agenda.after(this.#chance.int(1, ms), again)
    }
    every(1_500, () => {
      for (const name of names) this.#gateways[name].life?.hub.tick()
      this.#desk.hub().tick()
    })
    every(1_000, () => this.#reconnect())
    every(2_000, () => this.#chain.mine())
    every(1_700, () => {
      for (const name of names) this.#gateways[name].approve().catch(() => undefined)
    })
    every(1_000, () => this.#misfortune())
    this.#desk.schedule()
    this.#agenda.after(this.#faults.calmAtMs, () => this.#calmDown())
  }

  #isCalm(): boolean {
    return this.#agenda.now() >= this.#faults.calmAtMs
  }

  #reconnect(): void {
    if (this.#partitioned) return
    for (const line of this.#lines) line.connect()
  }

  #misfortune(): void {
    if (this.#isCalm()) return
    const { cut, partition, crash, crashAtWrite, reorg, ledgerDown } = this.#faults
    if (this.#chance.hit(cut)) this.#count('cut', () => this.#lines[this.#chance.int(0, 1)]?.cut())
    if (this.#chance.hit(partition)) this.#count('partition', () => this.#partition())
    if (this.#chance.hit(crash)) this.#count('kill', () => this.#gateways[this.#chance.pick(names)].kill())
    if (this.#chance.hit(crashAtWrite))
      this.#crashNext[this.#chance.pick(names)] = this.#chance.pick(['before', 'within', 'after'])
    if (this.#chance.hit(reorg)) this.#count('reorg', () => this.#chain.reorganise(this.#reorgDepth()))
    if (this.#chance.hit(ledgerDown))
      this.#count('ledger-down', () => {
        this.#ledgerDown = true
        this.#agenda.after(this.#chance.int(1_000, 60_000), () => (this.#ledgerDown = false))
      })
  }

  /** Only blocks that are not final yet, and never those that funded the world. */
  #reorgDepth(): number {
    return Math.max(0, Math.min(this.#chance.int(1, confirmations - 1), this.#chain.blocks().length - 4))
  }

  #partition(): void {
    this.#partitioned = true
    this.#lines[1]?.cut()
    this.#agenda.after(this.#chance.int(1_000, 40_000), () => (this.#partitioned = false))
  }

  #calmDown(): void {
    this.#partitioned = false
    this.#ledgerDown = false
    this.#crashNext = {}
    this.#say('calm')
  }

  #askCrash(name: Name): CrashAt | undefined {
    const crash = this.#isCalm() ? undefined : this.#crashNext[name]
    this.#activity += 1
    if (crash !== undefined) {
      delete this.#crashNext[name]
      this.#count(`crash-${crash}`)
    }
    return crash
  }

  #died(name: Name): void {
    this.#count('crash')
    this.#say(`${name} died`)
    for (const line of this.#lines) line.lost(name)
    const until = this.#chance.hit(0.1) ? 60_000 : 5_000
    this.#agenda.after(this.#chance.int(100, until), () => void this.#gateways[name].start())
  }

  // ---- the lines between them

  #makeLines(): readonly FixLine[] {
    const gateway = (name: Name): (() => Hub | undefined) => {
      return () => (this.#gateways[name].life?.alive ? this.#gateways[name].life?.hub : undefined)
    }
    const saw = (name: Name, session: string) => (bytes: Uint8Array) => {
      this.#activity += 1
      this.#outside[name].sawFix(session, bytes)
    }
    const world = { agenda: this.#agenda, chance: this.#chance, delayMs: () => this.#delayMs() }
    const sessionOf = (key: string) => () => this.#gateways.CEDAR.life?.sessions.get(key)
    const desk = createFixLine(
      [
        { name: 'CEDAR', hub: gateway('CEDAR'), saw: saw('CEDAR', 'CEDAR->DESK') },
        {
          name: 'DESK',
          hub: () => this.#desk.hub(),
          session: () => this.#desk.session(),
          saw: () => (this.#activity += 1),
        },
      ],
      world,
    )
    const between = createFixLine(
      [
        { name: 'ALDER', hub: gateway('ALDER'), saw: saw('ALDER', 'ALDER->CEDAR') },
        {
          name: 'CEDAR',
          hub: gateway('CEDAR'),
          session: sessionOf('FIX.4.4:CEDAR->ALDER'),
          saw: saw('CEDAR', 'CEDAR->ALDER'),
        },
      ],
      world,
    )
    return [desk, between]
  }

  #delayMs(): number {
    return this.#isCalm() ? 5 : this.#chance.int(1, this.#faults.delayMsMax)
  }

  #post(from: Name, life: () => Life | undefined, path: string, message: Json): Promise<Json | Refusal> {
    this.#activity += 1
    if (!life()) return new Promise(() => undefined)
    this.#outside[from].sawMessage(path, message)
    const calm = this.#isCalm()
    const { drop, duplicate, lie } = this.#faults
    const isLie = !calm && lie !== undefined && this.#chance.hit(0.5)
    const said = isLie ? lieAbout(lie, path, message, this.#heard, this.#chance) : message
    if (isLie && said !== message) this.#count(`lie-${lie}`)
    this.#heard.push(message)
    this.#say(`${from} posts ${path}`)
    return new Promise((resolve) => {
      const hear = (answer: Json | Refusal): void => {
        if (life()) this.#wake(() => resolve(answer))
      }
      const silent = (): void =>
        void this.#agenda.after(answerMs, () => hear(refuse('peer-unreachable', 'no answer')))
      if (!calm && this.#chance.hit(drop)) return this.#count('drop', silent)
      const delayMs = this.#delayMs()
      this.#agenda.after(delayMs, () => this.#arrive(from, path, said, hear, silent))
      if (!calm && this.#chance.hit(duplicate))
        this.#count('duplicate', () => {
          const later = this.#chance.hit(0.5) ? 0 : this.#chance.int(1, 20_000)
          const again = (): void => this.#arrive(from, path, said, nobody, nobody)
          this.#agenda.after(delayMs + later, again)
        })
    })
  }

  #arrive(
    from: Name,
    path: string,
    said: Json,
    hear: (answer: Json | Refusal) => void,
    silent: () => void,
  ): void {
    const to = this.#gateways[other(from)]
    const { life } = to
    if (!life?.alive || this.#partitioned) return silent()
    const copy = parseJson(JSON.stringify(said))
    invariant(!isRefusal(copy), 'a message is JSON')
    to.handle(path, copy).then(
      (answer) => {
        if (!life.alive) return silent()
        if (!isRefusal(answer)) this.#outside[to.actor.name].sawAnswer(path, answer)
        this.#say(`${to.actor.name} answers ${path} ${isRefusal(answer) ? answer.refusal : 'ok'}`)
        return this.#answer(path, answer, hear, silent)
      },
      () => silent(),
    )
  }

  #answer(
    path: string,
    answer: Json | Refusal,
    hear: (answer: Json | Refusal) => void,
    silent: () => void,
  ): void {
    this.#activity += 1
    const calm = this.#isCalm()
    const { answerLost, lie } = this.#faults
    if (!calm && this.#chance.hit(answerLost)) return this.#count('answer-lost', silent)
    const isLie = !calm && lie !== undefined && !isRefusal(answer) && this.#chance.hit(0.5)
    const said = isLie ? lieInAnswer(lie, path, answer) : answer
    if (said !== answer) this.#count(`lie-${String(lie)}`)
    this.#agenda.after(this.#delayMs(), () => hear(said))
  }

  // ---- the ledger

  #ledgerOf(name: Name, life: () => Life | undefined): SettlementLedger {
    const account = actors[name].keys.settlement.address
    const finality = { confirmations }
    const sent = this.#sent[name]
    const plain = settlementLedger(
      openMemoryLedger({ chainId, chain: this.#chain, contracts, finality, account, sent }),
    )
    const unreachable = refuse('ledger-unreachable', 'the ledger does not answer')
    const ask = async <T>(call: () => Promise<T | Refusal>, saw: () => void): Promise<T | Refusal> => {
      await this.#wait(life, this.#delayMs())
      if (this.#ledgerDown) return unreachable
      saw()
      const answer = await call()
      const isLost = !this.#isCalm() && this.#chance.hit(this.#faults.answerLost)
      await this.#wait(life, this.#delayMs())
      return isLost ? unreachable : answer
    }
    return {
      settle: (part) =>
        ask(
          () => plain.settle(part),
          () => {
            const { digest } = hashTypedData(instructionFrom(part))
            this.#outside[name].sawSubmission(`0x${Buffer.from(digest).toString('hex')}`)
            this.#say(`${name} submits`)
          },
        ),
      outcome: (part) =>
        ask(
          () => plain.outcome(part),
          () => undefined,
        ),
    }
  }

  /** Never resolves for the dead. */
  #wait(life: () => Life | undefined, ms: number): Promise<void> {
    return new Promise((resolve) => this.#agenda.after(ms, () => life() && this.#wake(resolve)))
  }

  #wake(run: () => void): void {
    this.#activity += 1
    run()
  }

  // ---- looking

  /** Lets everything run that needs no time. */
  async #settle(): Promise<void> {
    for (let quiet = 0; quiet < 3;) {
      const before = this.#activity
      await new Promise((resolve) => setImmediate(resolve))
      quiet = this.#activity === before ? quiet + 1 : 0
    }
  }

  #audit(before: ReadonlyMap<string, bigint>): void {
    for (const name of names) this.#outside[name].look()
    for (const [token, total] of this.#totals())
      if (total !== before.get(token))
        this.#problem(`I3 ${token}: ${String(before.get(token))} became ${total}`)
  }

  /** What exists of each token, over all accounts. */
  #totals(): ReadonlyMap<string, bigint> {
    const totals = new Map<string, bigint>()
    for (const [key, units] of this.#chain.state().balances) {
      const token = key.split('/').slice(1).join('/')
      if (units < 0n) this.#problem(`I3 ${key} is negative`)
      totals.set(token, (totals.get(token) ?? 0n) + units)
    }
    return totals
  }

  #isOver(): boolean {
    if (!this.#isCalm() || !this.#desk.isAnswered()) return false
    const [alder, cedar] = names.map((name) => standings(this.#outside[name].auditor.entries))
    invariant(alder && cedar, 'there are two')
    if ([...alder.keys()].some((tradeId) => !cedar.has(tradeId))) return false
    return [...alder.values(), ...cedar.values()].every(({ end }) => end !== undefined)
  }

  async #conclude(): Promise<void> {
    const entries = names.map((name) => this.#outside[name].auditor.entries)
    const [mine = [], theirs = []] = entries
    if (!this.#isOver() && this.#problems.length === 0)
      this.#problem(`I4 not everything has ended: ${this.#openThings()}`)
    for (const problem of disagreements(mine, theirs)) this.#problem(problem)
    this.#checkMoney()
    for (const name of names) this.#checkReplay(name)
    for (const name of names) this.#gateways[name].life?.hub.stop()
    await this.#settle()
  }

  #openThings(): string {
    return names
      .map((name) => `${name} ${JSON.stringify([...standings(this.#outside[name].auditor.entries)])}`)
      .concat(this.#desk.isAnswered() ? [] : ['the desk waits'])
      .join('; ')
  }

  /** What moved on the ledger is exactly what the journals say has settled. */
  #checkMoney(): void {
    const trades = standings(this.#outside.ALDER.auditor.entries)
    const executed = this.#outside.ALDER.auditor.entries.filter(({ type }) => type === 'trade.executed')
    const settled = executed.filter(({ body }) => trades.get(String(body['tradeId']))?.end === 'settled')
    const wanted = settled.reduce(
      (sum, { parts }) => sum + BigInt(String(parts['terms']?.['premiumMinor'])),
      0n,
    )
    const key = `${actors.ALDER.keys.settlement.address}/${contracts.usdc}`.toLowerCase()
    const moved = this.#chain.state().balances.get(key) ?? 0n
    if (moved !== wanted) this.#problem(`I3 ${moved} has moved, ${wanted} is recorded as settled`)
    if (this.#chain.state().settled.size !== settled.length)
      this.#problem(
        `I3 ${this.#chain.state().settled.size} settlements on the ledger, ${settled.length} in the journal`,
      )
  }

  #checkReplay(name: Name): void {
    const gateway = this.#gateways[name]
    const state = gateway.life?.core.peering.loop.state
    try {
      const replayed = gateway.replayed()
      if (state && !isDeepStrictEqual(replayed, state))
        this.#problem(`I8 the replay of ${name} is another state`)
    } catch (error) {
      this.#problem(`I8 the journal of ${name} does not replay: ${String(error)}`)
    }
    const report = this.#outside[name].auditor.report()
    const root = gateway.life?.journal.rootAt(gateway.disk.size())
    if (root && Buffer.from(root).toString('hex') !== report.root)
      this.#problem(`I7 ${name} has another root`)
  }

  #problem(problem: string): void {
    if (!this.#problems.includes(problem)) this.#problems.push(problem)
  }

  #count(fault: string, run?: () => void): void {
    this.#counts.set(fault, (this.#counts.get(fault) ?? 0) + 1)
    this.#say(fault)
    run?.()
  }

  #say(what: string): void {
    if (process.env['POUNDLOCK_STORY'] !== undefined) this.#story.push(`${this.#agenda.now()} ${what}`)
  }
}

const nobody = (): void => undefined
