import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refuse, type Refusal } from '#core'
import { emptyDesk, evolveDesk, type DeskState, type WorkKind } from '#trade'
import { execution, tradeId } from './testing.ts'
import { createWorker, type Doer, type Later } from './worker.ts'

/** Timers that run when the test says so. */
function timers() {
  const pending: { readonly ms: number; readonly run: () => void }[] = []
  const later: Later = (ms, run) => {
    const timer = { ms, run }
    pending.push(timer)
    return () => void pending.splice(pending.indexOf(timer), 1)
  }
  const next = async (): Promise<number> => {
    const timer = pending.shift()
    assert.ok(timer, 'a timer is set')
    timer.run()
    await settle()
    return timer.ms
  }
  return { pending, later, next }
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** A desk with one fill of ours as maker: `propose` and `expire` are to do. */
function desk(): DeskState {
  const state = emptyDesk()
  const terms = execution()
  const policy = { decision: 'allow', rules: ['test'], set: 's' } as const
  const { quoteReqId, quoteId, validUntilTime, side, currency, taker, maker } = terms
  const rfq = {
    quoteReqId,
    securityId: terms.securityId,
    side,
    orderQty: '100',
    currency,
    taker,
    maker,
    principal: '',
  }
  const quote = {
    quoteId,
    quoteReqId,
    bidPx: '1',
    offerPx: '2',
    bidSize: '100',
    offerSize: '100',
    currency,
    validUntilTime,
  }
  const corr = 'CEDAR/RFQ-1'
  evolveDesk(state, { type: 'rfq.requested', corr, body: { quoteReqId }, parts: { terms: rfq } })
  evolveDesk(state, {
    type: 'quote.received',
    corr,
    body: { quoteReqId, quoteId, validUntilTime },
    parts: { terms: quote },
  })
  evolveDesk(state, {
    type: 'trade.executed',
    corr,
    body: { tradeId, clOrdId: terms.clOrdId, role: 'maker', policy },
    parts: { terms, policy: {} },
  })
  return state
}

function failTrade(state: DeskState): void {
  const body = { tradeId, refusal: 'confirmation-timeout' }
  const parts = { why: { detail: 'late' } }
  evolveDesk(state, { type: 'settlement.failed', corr: 'CEDAR/RFQ-1', body, parts })
}

function worker(perform: Doer, state = desk()) {
  const bugs: unknown[] = []
  const clockwork = timers()
  const made = createWorker({ state, perform, onBug: (error) => bugs.push(error), later: clockwork.later })
  return { ...clockwork, bugs, state, worker: made }
}

const only =
  (kind: WorkKind, outcome: () => Promise<Refusal | undefined>): Doer =>
  (asked) =>
    asked === kind ? outcome() : new Promise(() => undefined)

test('each kind of work on a trade runs once at a time, however often it is woken', async () => {
  const started: WorkKind[] = []
  const { promise, resolve: end } = Promise.withResolvers<undefined>()
  const { worker: busy } = worker((kind) => {
    started.push(kind)
    return kind === 'propose' ? promise : new Promise(() => undefined)
  })
  for (let times = 0; times < 5; times += 1) {
    busy.wake()
    await settle()
  }
  assert.deepEqual(
    started.toSorted((a, b) => a.localeCompare(b)),
    ['expire', 'propose'],
  )
  end(undefined)
  await settle()
  assert.equal(started.length, 2)
})

test('work that is done and still to do is looked at again after a while, not at once', async () => {
  let times = 0
  const { worker: made, next } = worker(
    only('propose', () => {
      times += 1
      return Promise.resolve(undefined)
    }),
  )
  made.wake()
  await settle()
  made.wake()
  await settle()
  assert.equal(times, 1)
  assert.equal(await next(), 50)
  assert.equal(times, 2)
})

test('work that wakes the worker while it starts is not started twice', async () => {
  let times = 0
  const made = worker(
    only('propose', () => {
      times += 1
      made.worker.wake()
      return new Promise(() => undefined)
    }),
  )
  made.worker.wake()
  await settle()
  assert.equal(times, 1)
})

async function waits(refusal: Refusal): Promise<number[]> {
  const { worker: made, next } = worker(only('propose', () => Promise.resolve(refusal)))
  made.wake()
  await settle()
  const ms: number[] = []
  while (ms.length < 7) ms.push(await next())
  return ms
}

test('what only has to be waited for is asked again after 400 ms at most, the rest after two seconds', async () => {
  assert.deepEqual(await waits(refuse('finality-pending', '')), [100, 200, 400, 400, 400, 400, 400])
  assert.deepEqual(await waits(refuse('policy-denied', '')), [100, 200, 400, 800, 1600, 2000, 2000])
})

test('the reason for waiting is told, and forgotten when the work is done', async () => {
  const outcomes = [refuse('peer-unreachable', 'silent'), undefined]
  const { worker: made, next } = worker(only('propose', () => Promise.resolve(outcomes.shift())))
  made.wake()
  await settle()
  assert.equal(made.waiting().get(`propose/${tradeId}`)?.detail, 'silent')
  await next()
  assert.equal(made.waiting().size, 0)
})

test('work that the state no longer asks for is forgotten, its timer too', async () => {
  const { worker: made, state, pending } = worker(() => Promise.resolve(refuse('policy-denied', 'no')))
  made.wake()
  await settle()
  assert.equal(pending.length, 2)
  assert.equal(made.waiting().size, 2)
  failTrade(state)
  made.wake()
  assert.equal(pending.length, 0)
  assert.equal(made.waiting().size, 0)
})

test('backing off starts anew after success', async () => {
  const no = refuse('finality-pending', '')
  const outcomes = [no, no, undefined]
  const { worker: made, next } = worker(
    only('propose', () => Promise.resolve(outcomes.length > 0 ? outcomes.shift() : no)),
  )
  made.wake()
  await settle()
  assert.deepEqual([await next(), await next(), await next(), await next()], [100, 200, 50, 100])
})

test('work that throws is a bug: it is reported, never repeated', async () => {
  let times = 0
  const { worker: made, bugs } = worker(
    only('propose', () => {
      times += 1
      throw new Error('bug')
    }),
  )
  made.wake()
  await settle()
  made.wake()
  await settle()
  assert.equal(times, 1)
  assert.equal(bugs.length, 1)
  assert.match(String(bugs[0]), /bug/)
})

test('closing waits for what runs, takes timers back and starts nothing more', async () => {
  const { promise, resolve: end } = Promise.withResolvers<Refusal | undefined>()
  let times = 0
  const { worker: made, pending } = worker((kind) => {
    times += 1
    if (kind === 'expire') return Promise.resolve(refuse('finality-pending', ''))
    return promise
  })
  made.wake()
  await settle()
  assert.equal(pending.length, 1)
  let closed = false
  const closing = made.close().then(() => (closed = true))
  assert.equal(pending.length, 0)
  await settle()
  assert.equal(closed, false, 'something runs')
  end(refuse('peer-unreachable', ''))
  await closing
  made.wake()
  await settle()
  assert.equal(times, 2)
  assert.equal(pending.length, 0)
})
