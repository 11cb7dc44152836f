import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instant } from '#core'
import { encodeMessage } from '../wire/index.ts'
import { heldMessagesMax, resendPageMax, resendRequestTimeoutMs } from './config.ts'
import {
  acceptorConfig,
  delivered,
  facts,
  initiatorConfig,
  isCut,
  left,
  logonBody,
  Machine,
  news,
  read,
  sent,
  startOfTest,
} from './harness.ts'
import { fixTimestamp } from './time.ts'

const send = (machine: Machine, headline: string) =>
  machine.feed({ kind: 'send', message: { msgType: 'B', body: news(headline) } })

test('a step leaves the state before it as it was', () => {
  const machine = new Machine(acceptorConfig)
  const before = machine.state
  const copy = structuredClone({ ...before, held: [...before.held] })
  machine.logOn()
  machine.receive('B', news('ahead'), { seq: 5 })
  assert.deepEqual({ ...before, held: [...before.held] }, copy)
})

test('the initiator logs on with its HeartBtInt and sends nothing else before the answer', () => {
  const machine = new Machine({ ...initiatorConfig, heartBtIntSeconds: 7 })
  const connected = machine.feed({ kind: 'connected' })
  assert.equal(sent(connected)[0]?.text(108), '7')
  assert.deepEqual(left(send(machine, 'early')), [])
  const answered = machine.receive('A', logonBody)
  assert.deepEqual(left(answered), ['B 2 dup'], 'what was numbered meanwhile leaves after the Logon')
})

test('a negative HeartBtInt is refused with its reason', () => {
  const outputs = new Machine(acceptorConfig).logOn([
    [98, '0'],
    [108, '-1'],
  ])
  assert.equal(sent(outputs)[0]?.text(58), 'HeartBtInt must not be negative')
  assert.ok(isCut(outputs))
})

test('a Logon below the expected number is refused, also as a repetition (replayed logon)', () => {
  for (const header of [[], [[43, 'Y'] as const]]) {
    const machine = new Machine(acceptorConfig, { nextIn: 9 })
    machine.feed({ kind: 'connected' })
    const outputs = machine.receive('A', logonBody, { seq: 1, header })
    assert.equal(sent(outputs)[0]?.text(58), 'MsgSeqNum too low, expecting 9 but received 1')
    assert.ok(isCut(outputs))
    assert.equal(machine.state.nextIn, 9)
  }
})

test('a second Logon without ResetSeqNumFlag ends the connection', () => {
  const machine = new Machine(acceptorConfig)
  machine.logOn()
  assert.ok(isCut(machine.receive('A', logonBody)))
})

test('messages ahead of a gap are delivered in order once it is filled, asked for once', () => {
  const machine = new Machine(acceptorConfig)
  machine.logOn()
  const ahead = [...machine.receive('B', news('three'), { seq: 3 }), ...machine.receive('B', news('four'))]
  assert.deepEqual(left(ahead), ['2 2'])
  assert.deepEqual(delivered(ahead), [])
  assert.deepEqual(delivered(machine.receive('B', news('two'), { seq: 2 })), ['two', 'three', 'four'])
  assert.equal(machine.state.held.size, 0, 'nothing stays held')
})

test('a chunked resend asks for the next chunk when one has arrived', () => {
  const machine = new Machine({ ...acceptorConfig, resendChunk: 2 })
  machine.logOn()
  const [request] = sent(machine.receive('B', news('seven'), { seq: 7 }))
  assert.deepEqual([request?.text(7), request?.text(16)], ['2', '3'])
  machine.receive('B', news('two'), { seq: 2 })
  const [next] = sent(machine.receive('B', news('three'), { seq: 3 }))
  assert.deepEqual([next?.text(7), next?.text(16)], ['4', '5'])
})

test('a gap that makes no progress is asked for again', () => {
  const machine = new Machine(acceptorConfig)
  machine.logOn([
    [98, '0'],
    [108, '0'],
  ])
  machine.receive('B', news('ahead'), { seq: 9 })
  assert.deepEqual(left(machine.wait(resendRequestTimeoutMs + 200)), ['2 3'])
})

test('what is held is bounded; the rest is dropped and its gap stays open', () => {
  const machine = new Machine(acceptorConfig)
  machine.logOn()
  let overflow: string[] = []
  for (let seq = 3; seq < heldMessagesMax + 5; seq += 1)
    overflow = [...overflow, ...facts(machine.receive('B', news(`${seq}`), { seq }))]
  assert.equal(machine.state.held.size, heldMessagesMax)
  assert.ok(overflow.includes('held-overflow'))
  assert.ok(machine.state.gap)
})

test('a resend goes page by page; a run of administrative messages over the page end is one gap fill', () => {
  const machine = new Machine(acceptorConfig)
  machine.logOn()
  for (let i = 0; i < resendPageMax - 3; i += 1) send(machine, `${i}`)
  for (let i = 0; i < 6; i += 1) machine.receive('1', [[112, 'x']])
  send(machine, 'last')
  const resent = sent(
    machine.receive('2', [
      [7, '1'],
      [16, '0'],
    ]),
  )
  const fills = resent
    .filter((message) => message.msgType === '4')
    .map((m) => `${m.text(34)} to ${m.text(36)}`)
  assert.deepEqual(fills, ['1 to 2', `${resendPageMax - 1} to ${resendPageMax + 5}`])
  assert.equal(resent.length, resendPageMax - 3 + 1 + 2)
  assert.ok(resent.every((message) => message.text(43) === 'Y'))
})

test('a resent message is the stored one but for PossDupFlag, SendingTime and OrigSendingTime', () => {
  const machine = new Machine(acceptorConfig)
  machine.logOn()
  machine.feed({
    kind: 'send',
    message: {
      msgType: 'B',
      header: [[97, 'Y']],
      body: [
        [148, 'a'],
        [33, '1'],
        [58, '8=FIX.4.4 10='],
      ],
    },
  })
  const at = fixTimestamp(machine.now)
  machine.wait(1000)
  const [resent] = sent(
    machine.receive('2', [
      [7, '2'],
      [16, '2'],
    ]),
  )
  assert.ok(resent)
  assert.deepEqual(
    [34, 43, 52, 122, 97, 148, 58].map((tag) => resent.text(tag)),
    ['2', 'Y', fixTimestamp(machine.now), at, 'Y', 'a', '8=FIX.4.4 10='],
  )
})

test('a ResendRequest that asks backwards is rejected, one beyond the end is harmless', () => {
  const machine = new Machine(acceptorConfig)
  machine.logOn()
  assert.deepEqual(
    left(
      machine.receive('2', [
        [7, '5'],
        [16, '3'],
      ]),
    ),
    ['3 2'],
  )
  assert.deepEqual(
    left(
      machine.receive('2', [
        [7, '900'],
        [16, '0'],
      ]),
    ),
    [],
  )
})

test('PossResend is delivered with its flag', () => {
  const machine = new Machine(acceptorConfig)
  machine.logOn()
  const [output] = machine
    .receive('B', news('again'), { header: [[97, 'Y']] })
    .filter((one) => one.kind === 'deliver')
  assert.deepEqual(output?.flags, { possDup: false, possResend: true })
})

test('SequenceReset never goes back', () => {
  const machine = new Machine(acceptorConfig)
  machine.logOn()
  machine.receive('4', [[36, '40']])
  assert.equal(machine.state.nextIn, 40)
  const back = machine.receive('4', [[36, '5']], { seq: 40 })
  assert.equal(sent(back)[0]?.text(373), '5')
  const standing = machine.receive(
    '4',
    [
      [36, '40'],
      [123, 'Y'],
    ],
    { seq: 40 },
  )
  assert.equal(sent(standing)[0]?.text(373), '5', 'a gap fill of nothing would be asked for for ever')
  assert.equal(machine.state.nextIn, 40)
})

test('silence is met with a TestRequest and then with the end of the connection', () => {
  const machine = new Machine(acceptorConfig)
  machine.logOn([
    [98, '0'],
    [108, '10'],
  ])
  assert.deepEqual(left(machine.wait(12_000)), ['0 2', '1 3'])
  const lost = machine.wait(12_100)
  assert.ok(isCut(lost))
  assert.ok(facts(lost).includes('heartbeat-timeout'))
})

test('HeartBtInt 0 asks for no heartbeats', () => {
  const machine = new Machine(acceptorConfig)
  machine.logOn([
    [98, '0'],
    [108, '0'],
  ])
  assert.deepEqual(machine.wait(120_000), [])
})

test('no Logon and no Logout in time end the connection', () => {
  const machine = new Machine(acceptorConfig)
  machine.feed({ kind: 'connected' })
  assert.ok(facts(machine.wait(10_000)).includes('logon-timeout'))
  const other = new Machine(acceptorConfig)
  other.logOn()
  other.feed({ kind: 'operator', command: { command: 'logout', text: 'bye' } })
  assert.ok(facts(other.wait(2_000)).includes('logout-timeout'))
})

test('noise without end is the end of the connection', () => {
  const machine = new Machine(acceptorConfig)
  machine.logOn()
  let cut = 0
  while (!isCut(machine.feed({ kind: 'garbled', reason: 'noise', bytes: new Uint8Array() }))) cut += 1
  assert.equal(cut, 99)
})

test('a garbled message is rejected where that is agreed, and uses its number up', () => {
  const machine = new Machine({ ...acceptorConfig, rejectGarbled: true })
  machine.logOn()
  const bytes = Buffer.from('8=FIX.4.4|9=5|35=0|34=2|10=000|'.replaceAll('|', '\u0001'))
  const [answer] = sent(machine.feed({ kind: 'garbled', reason: 'checksum', bytes }))
  assert.deepEqual([answer?.msgType, answer?.text(45), machine.state.nextIn], ['3', '2', 3])
  assert.equal(answer?.text(58), 'Message failed basic validity check')
})

test('NextExpectedMsgSeqNum resends what it names without being asked', () => {
  const machine = new Machine({ ...acceptorConfig, nextExpectedMsgSeqNum: true })
  send(machine, 'one')
  send(machine, 'two')
  const outputs = machine.logOn([...logonBody, [789, '2']])
  assert.deepEqual(left(outputs), ['A 3', 'B 2 dup'])
  assert.equal(sent(outputs)[0]?.text(789), '2')
})

test('NextExpectedMsgSeqNum above what was ever sent is refused', () => {
  const machine = new Machine({ ...acceptorConfig, nextExpectedMsgSeqNum: true })
  const outputs = machine.logOn([...logonBody, [789, '7']])
  assert.match(sent(outputs)[0]?.text(58) ?? '', /NextExpectedMsgSeqNum too high/)
})

test('LastMsgSeqNumProcessed is on every message when agreed', () => {
  const machine = new Machine({ ...acceptorConfig, lastMsgSeqNumProcessed: true })
  machine.logOn()
  const [answer] = sent(machine.receive('1', [[112, 'x']]))
  assert.equal(answer?.text(369), '2')
})

test('a session with a daily schedule is refused outside it and starts again at 1 in the next period', () => {
  const schedule = { every: 'day', start: '13:00:00', end: '15:00:00' } as const
  const machine = new Machine({ ...acceptorConfig, schedule })
  machine.logOn([
    [98, '0'],
    [108, '0'],
  ])
  const end = machine.wait(60 * 60_000)
  assert.ok(left(end).includes('5 2'), 'logged out at the end of the period')
  machine.feed({ kind: 'disconnected' })
  assert.ok(facts(machine.logOn()).includes('logon-refused'))
  machine.feed({ kind: 'disconnected' })
  machine.now = instant(startOfTest + 23.5 * 3_600_000)
  machine.feed({ kind: 'timer' })
  assert.deepEqual([machine.state.nextIn, machine.state.nextOut], [1, 1])
})

test('an operator resets a live session by a Logon with ResetSeqNumFlag, and both sides agree on 2', () => {
  const machine = new Machine(acceptorConfig)
  machine.logOn()
  send(machine, 'old')
  const reset = machine.feed({ kind: 'operator', command: { command: 'reset' } })
  const [logon] = sent(reset)
  assert.deepEqual([logon?.msgType, logon?.text(34), logon?.text(141)], ['A', '1', 'Y'])
  assert.deepEqual(machine.receive('B', news('of the old sequence'), { seq: 2 }), [])
  assert.deepEqual(left(send(machine, 'meanwhile')), [])
  const confirmed = machine.receive('A', [...logonBody, [141, 'Y']], { seq: 1 })
  assert.deepEqual(left(confirmed), ['B 2 dup'])
  assert.deepEqual([machine.state.nextIn, machine.state.nextOut], [2, 3])
})

test('ResetSeqNumFlag is refused where it is not agreed', () => {
  const machine = new Machine({ ...acceptorConfig, acceptReset: false }, { nextIn: 5, nextOut: 5 })
  machine.feed({ kind: 'connected' })
  const outputs = machine.receive('A', [...logonBody, [141, 'Y']], { seq: 1 })
  assert.equal(sent(outputs)[0]?.text(58), 'ResetSeqNumFlag is not accepted')
  assert.equal(machine.state.nextIn, 5)
})

test('a disabled session logs out and refuses logons until it is enabled', () => {
  const machine = new Machine(acceptorConfig)
  machine.logOn()
  assert.deepEqual(left(machine.feed({ kind: 'operator', command: { command: 'disable' } })), ['5 2'])
  machine.feed({ kind: 'disconnected' })
  assert.ok(facts(machine.logOn()).includes('logon-refused'))
  machine.feed({ kind: 'disconnected' })
  machine.feed({ kind: 'operator', command: { command: 'enable' } })
  machine.feed({ kind: 'connected' })
  assert.ok(facts(machine.receive('A', logonBody, { seq: 2 })).includes('logged-on'))
})

test('cancel on disconnect speaks up when the line is lost, after a logout only where agreed', () => {
  for (const [cancelOn, logsOut, expected] of [
    ['disconnect', false, true],
    ['disconnect', true, false],
    ['disconnect-or-logout', true, true],
  ] as const) {
    const machine = new Machine({ ...acceptorConfig, cancelOn })
    machine.logOn()
    if (logsOut) machine.receive('5')
    assert.equal(facts(machine.feed({ kind: 'disconnected' })).includes('cancel-orders'), expected)
  }
})

test('over FIXT.1.1 another ApplVerID than the agreed one is rejected with reason 18', () => {
  const machine = new Machine({ ...acceptorConfig, beginString: 'FIXT.1.1', defaultApplVerId: '9' })
  machine.logOn([...logonBody, [1137, '9']])
  const outputs = machine.receive('B', news('x'), { header: [[1128, '4']] })
  assert.equal(sent(outputs)[0]?.text(373), '18')
})

test('a message without MsgSeqNum ends the connection with its reason', () => {
  const machine = new Machine(acceptorConfig)
  machine.logOn()
  const header = [
    [49, 'THEM'],
    [52, fixTimestamp(machine.now)],
    [56, 'US'],
  ] as const
  const bytes = encodeMessage({ beginString: 'FIX.4.4', header, msgType: '0', body: [] })
  const outputs = machine.feed({ kind: 'message', message: read(bytes) })
  assert.equal(sent(outputs)[0]?.text(58), 'Received message without MsgSeqNum')
  assert.ok(isCut(outputs))
})
