import assert from 'node:assert/strict'
import { test } from 'node:test'
import { behindMessagesMax, resendPageMax } from './config.ts'
import { acceptorConfig, delivered, facts, left, logonBody, Machine, news, sent } from './harness.ts'
import type { SessionOutput } from './io.ts'

const send = (machine: Machine, headline: string) =>
  machine.feed({ kind: 'send', message: { msgType: 'B', body: news(headline) } })

const ask = (machine: Machine, from: number, to = 0, seq?: number) =>
  machine.receive(
    '2',
    [
      [7, `${from}`],
      [16, `${to}`],
    ],
    seq === undefined ? {} : { seq },
  )

const filled = (outputs: readonly SessionOutput[]): string[] =>
  sent(outputs)
    .filter((message) => message.msgType === '4')
    .map((message) => `${message.text(34)} to ${message.text(36)}`)

/** Both sides miss something when the counterparty logs on with number 8: they, our messages from 3 on. */
function bothMissed(): Machine {
  const machine = new Machine(acceptorConfig, { nextIn: 4, nextOut: 3 })
  for (const headline of ['three', 'four', 'five']) send(machine, headline)
  machine.feed({ kind: 'connected' })
  assert.deepEqual(left(machine.receive('A', logonBody, { seq: 8 })), ['A 6', '2 7'])
  return machine
}

test('no gap fill reaches over a ResendRequest of ours, which the counterparty obeyed and does not hold', () => {
  const resent = ask(bothMissed(), 3, 0, 9)
  assert.deepEqual(left(resent), ['B 3 dup', 'B 4 dup', 'B 5 dup', '4 6 dup', '4 7 dup'])
  assert.deepEqual(filled(resent), ['6 to 7', '7 to 8'])
})

test('before a ResendRequest of ours and on the next connection a run is one gap fill again', () => {
  const machine = bothMissed()
  assert.deepEqual(filled(ask(machine, 1, 0, 9)), ['1 to 3', '6 to 7', '7 to 8'])
  machine.feed({ kind: 'disconnected' })
  machine.feed({ kind: 'connected' })
  machine.receive('A', logonBody, { seq: 4 })
  assert.deepEqual(filled(ask(machine, 6)), ['6 to 9'])
})

test('what is filled number by number leaves page by page', () => {
  const machine = bothMissed()
  machine.isStoreSlow = true
  const heartbeats = resendPageMax + 10
  for (let seq = 4; seq < 4 + heartbeats; seq += 1) machine.receive('1', [[112, 'x']], { seq })
  ask(machine, 6)
  const pages = [machine.answerFetch(), machine.answerFetch()].map((page) => filled(page).length)
  assert.equal(pages[0], resendPageMax)
  assert.equal(pages[0] + (pages[1] ?? 0), machine.state.nextOut - 6)
  assert.equal(machine.state.resend, undefined)
})

test('a ResendRequest ahead of a gap has had its turn: it is not missed when the gap is filled up to it', () => {
  const machine = bothMissed()
  ask(machine, 3, 0, 9)
  machine.receive('B', news('seven'), { seq: 4 })
  for (const seq of [5, 6, 7]) machine.receive('B', news(`${seq}`), { seq, header: [[43, 'Y']] })
  assert.equal(machine.state.nextIn, 10)
  const next = machine.receive('B', news('ten'), { seq: 10 })
  assert.deepEqual([delivered(next), facts(next)], [['ten'], []])
})

test('a ResendRequest that is the first sign of a gap is obeyed, and what is before it is asked for', () => {
  const machine = new Machine(acceptorConfig)
  machine.logOn()
  send(machine, 'two')
  const outputs = ask(machine, 2, 0, 5)
  assert.deepEqual(
    left(outputs),
    ['B 2 dup', '2 3'],
    'in this order: then they have no gap when they hear of ours',
  )
  for (const seq of [2, 3, 4]) machine.receive('B', news(`${seq}`), { seq })
  assert.equal(machine.state.nextIn, 6)
})

function inResend(): Machine {
  const machine = new Machine(acceptorConfig)
  machine.logOn()
  send(machine, 'two')
  machine.isStoreSlow = true
  ask(machine, 2)
  return machine
}

test('a new message does not overtake a resend, and is no repetition', () => {
  const machine = inResend()
  assert.deepEqual(left(send(machine, 'three')), [])
  assert.deepEqual(left(machine.receive('1', [[112, 'x']])), [])
  assert.deepEqual(left(send(machine, 'five')), [])
  assert.deepEqual(left(machine.answerFetch()), ['B 2 dup', 'B 3', '0 4', 'B 5'])
  assert.deepEqual(left(send(machine, 'six')), ['B 6'])
})

test('what waits behind a resend and is asked for meanwhile leaves once, as a repetition', () => {
  const machine = inResend()
  send(machine, 'three')
  machine.receive('1', [[112, 'x']])
  ask(machine, 2)
  send(machine, 'five')
  assert.deepEqual(left(machine.answerFetch()), ['B 2 dup', '0 4'], 'an answer is not stored')
  assert.deepEqual(left(machine.answerFetch()), ['B 2 dup', 'B 3 dup', '4 4 dup', 'B 5'])
})

test('more than is kept in memory behind a resend is read from the store', () => {
  const machine = inResend()
  for (let i = 0; i < behindMessagesMax + 2; i += 1) send(machine, `${i}`)
  const answer = left(machine.receive('1', [[112, 'x']]))
  assert.deepEqual(answer, [`0 ${5 + behindMessagesMax}`], 'what is not stored does not wait')
  assert.equal(machine.state.resend?.behind.length, behindMessagesMax)
  assert.equal(left(machine.answerFetch()).length, 1 + behindMessagesMax)
  const first = 3 + behindMessagesMax
  const rest = left(machine.answerFetch())
  assert.deepEqual(rest, [`B ${first} dup`, `B ${first + 1} dup`, `4 ${first + 2} dup`])
  assert.deepEqual(left(send(machine, 'last')), [`B ${first + 3}`])
})

test('a connection that ends in a resend forgets what waited: it is asked for after the next logon', () => {
  const machine = inResend()
  send(machine, 'three')
  machine.feed({ kind: 'disconnected' })
  assert.deepEqual(left(machine.answerFetch()), [], 'the store answers too late')
  machine.isStoreSlow = false
  machine.logOn()
  assert.deepEqual(left(ask(machine, 2)), ['B 2 dup', 'B 3 dup', '4 4 dup'])
})
