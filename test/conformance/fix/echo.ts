import type { FixApplication, FixTurn, SessionEvent } from '#transport'

const headerTags = new Set([
  '8',
  '9',
  '35',
  '34',
  '43',
  '49',
  '50',
  '52',
  '56',
  '57',
  '97',
  '115',
  '116',
  '122',
  '128',
  '129',
  '144',
  '145',
])

/**
 * The application of the acceptance suite: echoes NewOrderSingle(D) and SecurityDefinition(d) with the body in
 * ascending tags, drops a D with PossResend=Y whose ClOrdID it has seen, and supports nothing else.
 */
export function echoApplication(events: SessionEvent[] = []): FixApplication {
  const seen = new Set<string>()
  return {
    onMessage(turn, message, { possResend }) {
      if (message.msgType !== 'D' && message.msgType !== 'd') return unsupported(turn, message)
      const order = `${turn.session} ${message.text(11) ?? ''}`
      const isRepeated = message.msgType === 'D' && possResend && seen.has(order)
      seen.add(order)
      if (isRepeated) return
      const body = bodyOf(message.bytes).toSorted((a, b) => a[0] - b[0])
      turn.reply({ msgType: message.msgType, body, ...(possResend && { header: [[97, 'Y']] }) })
    },
    onSession: (event) => void events.push(event),
  }
}

/**
 * Over FIXT.1.1 the suite expects DefaultApplVerID(1137) on the BusinessMessageReject, which no dictionary has
 * there: so this application writes that reject itself.
 */
function unsupported(turn: FixTurn, message: Parameters<FixApplication['onMessage']>[1]): void {
  const text = 'Unsupported Message Type'
  if (message.text(8) !== 'FIXT.1.1') return void turn.reject({ reason: 3, text })
  turn.reply({
    msgType: 'j',
    body: [
      [45, message.text(34) ?? ''],
      [58, text],
      [372, message.msgType],
      [380, '3'],
      [1137, '9'],
    ],
  })
}

function bodyOf(bytes: Uint8Array): [number, string][] {
  const fields = Buffer.from(bytes).toString('latin1').split('\u0001').slice(0, -2)
  return fields
    .map((field) => [field.slice(0, field.indexOf('=')), field.slice(field.indexOf('=') + 1)] as const)
    .filter(([tag]) => !headerTags.has(tag))
    .map(([tag, value]) => [Number(tag), value])
}
