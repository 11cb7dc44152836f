import assert from 'node:assert/strict'
import test from 'node:test'
import * as fc from 'fast-check'
import { createFramer, defaultFrameLimits, garbledBytesMax, type Frame } from './frame.ts'
import { rawMessage, withChecksum } from './testing.ts'

const heartbeat = rawMessage('8=FIX.4.4|35=0|34=2|49=DESK|52=20261120-14:00:00|56=CEDAR|')
const order = rawMessage('8=FIX.4.4|35=D|34=3|49=DESK|52=20261120-14:00:01|56=CEDAR|11=ORD-1|55=ETH|')
const soh = (text: string): Buffer => Buffer.from(text.replaceAll('|', '\u0001'), 'latin1')

test('two messages in one chunk come out as two frames', () => {
  assert.deepEqual(summary(createFramer().push(Buffer.concat([heartbeat, order]))), [
    ['message', heartbeat.length],
    ['message', order.length],
  ])
})

test('a stream gives the same frames wherever it is cut', () => {
  const stream = Buffer.concat([heartbeat, soh('35=0|junk|'), order, brokenChecksum(order), heartbeat])
  const whole = framesOf([stream])
  for (let cut = 0; cut <= stream.length; cut++)
    assert.deepEqual(messagesOf([stream.subarray(0, cut), stream.subarray(cut)]), messagesOf([stream]))
  assert.equal(whole.filter((frame) => frame.kind === 'message').length, 3)
  assert.deepEqual(messagesOf(Array.from(stream, (byte) => Uint8Array.of(byte))), messagesOf([stream]))
})

test('any stream of messages and noise in any chunks gives exactly its messages', () => {
  const piece = fc.oneof(
    fc.constant(heartbeat),
    fc.constant(order),
    fc.constant(brokenChecksum(heartbeat)),
    fc.constant(soh('noise|8=F|10=1|')),
  )
  const cuts = fc.array(fc.nat(400), { maxLength: 8 })
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 6 }), cuts, (pieces, at) => {
      const good = pieces.filter((one) => one === heartbeat || one === order)
      assert.deepEqual(messagesOf(cutAt(Buffer.concat(pieces), at)), good.map(text))
    }),
  )
})

test('random bytes neither throw nor hold more than one message', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 }), (chunks) => {
      const framer = createFramer({ messageBytesMax: 200 })
      for (const chunk of chunks) {
        framer.push(chunk)
        assert.ok(framer.pendingBytes() <= 200 + 300 + 80)
      }
    }),
  )
})

test('a wrong checksum is garbled, and the next message is read', () => {
  assert.deepEqual(summary(createFramer().push(Buffer.concat([brokenChecksum(heartbeat), order]))), [
    ['checksum', heartbeat.length],
    ['message', order.length],
  ])
})

test('a BodyLength that is too short gives up this message only', () => {
  const short = withBodyLength(order, 30)
  assert.deepEqual(summary(createFramer().push(Buffer.concat([short, heartbeat]))), [
    ['body-length', short.length],
    ['message', heartbeat.length],
  ])
})

test('a BodyLength that reaches into the next message gives up both, as QuickFIX does', () => {
  const long = withBodyLength(order, order.length)
  const frames = createFramer().push(Buffer.concat([long, heartbeat, order]))
  assert.deepEqual(summary(frames), [
    ['body-length', long.length + heartbeat.length],
    ['message', order.length],
  ])
})

test('a BodyLength beyond the limit is refused at once and does not hold the stream', () => {
  const lie = soh('8=FIX.4.4|9=999999999|35=0|')
  const frames = createFramer().push(Buffer.concat([lie, heartbeat]))
  assert.deepEqual(summary(frames), [
    ['too-large', lie.length],
    ['message', heartbeat.length],
  ])
})

test('BodyLength must be a number, must come second, and the head must end', () => {
  for (const [head, reason] of [
    ['8=FIX.4.4|9=-5|35=0|', 'body-length'],
    ['8=FIX.4.4|9=|35=0|', 'body-length'],
    ['8=FIX.4.4|9=99999999999999999999|', 'body-length'],
    ['8=FIX.4.4|35=0|9=5|', 'first-three-fields'],
    [`8=FIX${'x'.repeat(100)}`, 'first-three-fields'],
  ] as const)
    assert.deepEqual(summary(createFramer().push(Buffer.concat([soh(head), heartbeat]))), [
      [reason, head.length],
      ['message', heartbeat.length],
    ])
})

test('BodyLength may be padded with zeros', () => {
  const padded = withChecksum(
    soh(`8=FIX.4.4|9=0000${heartbeat.length - 22}|`.concat(text(heartbeat).slice(15, -7))),
  )
  assert.deepEqual(summary(createFramer().push(padded)), [['message', padded.length]])
})

test('a value of one megabyte is given up within bounded memory and does not stop the stream', () => {
  const framer = createFramer()
  const huge = soh(`8=FIX.4.4|9=1000|35=0|58=${'x'.repeat(1 << 20)}`)
  const frames: Frame[] = []
  for (let at = 0; at < huge.length; at += 4096) {
    frames.push(...framer.push(huge.subarray(at, at + 4096)))
    assert.ok(framer.pendingBytes() <= defaultFrameLimits.messageBytesMax + 4096)
  }
  frames.push(...framer.push(Buffer.concat([soh('|10=000|'), heartbeat])))
  assert.equal(frames[0]?.kind === 'garbled' && frames[0].reason, 'too-large')
  assert.ok(frames.every((frame) => frame.kind === 'message' || frame.bytes.length <= garbledBytesMax))
  assert.equal(frames.filter((frame) => frame.kind === 'message').length, 1)
})

test('looking for a checksum that never comes costs linear time, also byte by byte', () => {
  const framer = createFramer()
  framer.push(soh('8=FIX.4.4|9=5|35=0|'))
  for (let i = 0; i < 100_000; i++) assert.deepEqual(framer.push(Uint8Array.of(0x78)), [])
  assert.deepEqual(summary(framer.push(soh('|10=123|'))), [['body-length', garbledBytesMax]])
})

test('a frame keeps its bytes when more chunks arrive', () => {
  const framer = createFramer()
  framer.push(order.subarray(0, 20))
  const [frame] = framer.push(Buffer.concat([order.subarray(20), heartbeat.subarray(0, 10)]))
  framer.push(Buffer.concat([heartbeat.subarray(10), Buffer.alloc(500, 0x38)]))
  assert.equal(frame && text(frame.bytes), text(order))
})

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

const framesOf = (chunks: readonly Uint8Array[]): Frame[] => {
  const framer = createFramer()
  return chunks.flatMap((chunk) => framer.push(chunk))
}

const messagesOf = (chunks: readonly Uint8Array[]): string[] =>
  framesOf(chunks)
    .filter((frame) => frame.kind === 'message')
    .map((frame) => text(frame.bytes))

const summary = (frames: readonly Frame[]): [string, number][] =>
  frames.map((frame) => [frame.kind === 'message' ? 'message' : frame.reason, frame.bytes.length])

function brokenChecksum(message: Buffer): Buffer {
  const broken = Buffer.from(message)
  broken.write(text(message).endsWith('000\u0001') ? '001' : '000', message.length - 4)
  return broken
}

function withBodyLength(message: Buffer, length: number): Buffer {
  const [begin, , ...rest] = text(message).split('\u0001')
  const changed = [begin, `9=${length}`, ...rest].join('\u0001')
  return withChecksum(Buffer.from(changed.slice(0, -7), 'latin1'))
}

function cutAt(stream: Buffer, positions: readonly number[]): Buffer[] {
  const cuts = [0, ...positions.map((at) => Math.min(at, stream.length)), stream.length].toSorted(
    (a, b) => a - b,
  )
  return cuts.slice(1).map((end, i) => stream.subarray(cuts[i], end))
}
