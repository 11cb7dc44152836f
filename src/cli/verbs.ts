// The command line. One verb, its options, one exit code: 0 ok, 1 refused, 2 usage, 3 peer, 4 ledger, 5 not verified,
// 6 in doubt.
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { refuse, type Refusal } from '#core'
import { defaultPortBase, portsFrom } from '#sandbox'
import { demo } from './demo.ts'
import { serveDesk } from './desk.ts'
import { doctor } from './doctor.ts'
import { createOutput, refuseWith, type Output } from './output.ts'
import { approve, cancelQuote, reviseTrade, explainPolicy, fix, status, testPolicy } from './remote.ts'
import { serveGateway, serveWitness } from './serve.ts'
import { verify } from './verify.ts'

type Values = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>
type Verb = {
  readonly summary: string
  readonly usage: string
  readonly options: NonNullable<ParseArgsConfig['options']>
  readonly run: (values: Values, positionals: readonly string[], output: Output) => Promise<number>
}

const text = (value: Values[string]): string => (typeof value === 'string' ? value : '')
const wholeNumber = /^\d{1,9}$/
const number = (value: Values[string]): number | undefined =>
  typeof value === 'string' && wholeNumber.test(value) ? Number.parseInt(value, 10) : undefined

const numericOptions = ['tamper', 'port-base', 'next-sender', 'next-target', 'port']

/** A number that cannot be read is never the same as a number that was not given. */
function badNumber(values: Values): Refusal | undefined {
  const name = numericOptions.find((option) => {
    const value = values[option]
    return value !== undefined && number(value) === undefined
  })
  if (name === undefined) return undefined
  return refuse('usage', `--${name} takes a whole number of 1 to 9 digits, not "${text(values[name])}"`)
}

const done = (code: number): Promise<number> => Promise.resolve(code)
/** CEDAR's door in the demo. */
const door = {
  url: { type: 'string', default: `http://127.0.0.1:${portsFrom(defaultPortBase).consoleCedar}` },
} as const

/** The folder of an operator's own key. */
const signed = { keys: { type: 'string' } } as const

const verbs: Readonly<Record<string, Verb>> = {
  demo: {
    summary:
      'two chains, two gateways, two witnesses and a desk trade one option; ends with a file that proves it',
    usage: '[--once] [--tamper N] [--kill NAME@STEP]… [--dir DIR] [--port-base N] [--clock sandbox|real]',
    options: {
      once: { type: 'boolean' },
      tamper: { type: 'string' },
      kill: { type: 'string', multiple: true },
      dir: { type: 'string', default: 'poundlock-demo' },
      clock: { type: 'string', default: 'sandbox' },
      'port-base': { type: 'string' },
    },
    run: (values, _positionals, output) =>
      demo(
        {
          dir: text(values['dir']),
          portBase: number(values['port-base']),
          once: values['once'] === true,
          tamper: number(values['tamper']),
          kills: Array.isArray(values['kill']) ? values['kill'].map(String) : [],
          clock: text(values['clock']),
        },
        output,
      ),
  },
  verify: {
    summary: 'check an evidence pack offline',
    usage: 'PACK [--trust FILE]',
    options: { trust: { type: 'string' } },
    run: (values, positionals, output) => {
      const trust = text(values['trust'])
      return done(
        verify([
          ...positionals,
          ...(trust === '' ? [] : ['--trust', trust]),
          ...(output.json ? ['--json'] : []),
        ]),
      )
    },
  },
  status: {
    summary: 'what a running gateway says of itself and of its trades',
    usage: '[--url URL]',
    options: door,
    run: (values, _positionals, output) => status(text(values['url']), output),
  },
  policy: {
    summary: 'explain: why an entry was allowed or refused; test: the cases of a policy folder',
    usage: 'explain INDEX [--url URL] [--policies DIR] | test [--policies DIR]',
    options: { ...door, policies: { type: 'string' } },
    run: (values, [verb, index = ''], output) => {
      const folder = text(values['policies']) === '' ? undefined : text(values['policies'])
      if (verb === 'explain') return explainPolicy(text(values['url']), index, folder, output)
      if (verb === 'test') return done(testPolicy(folder, output))
      return done(refuseWith(refuse('usage', 'policy explain INDEX, or policy test'), output))
    },
  },
  approve: {
    summary: "sign a settlement with an operator's key, naming the digest that the operator has compared",
    usage: 'TRADE --digest 0x… --keys DIR [--url URL]',
    options: { ...door, digest: { type: 'string' }, keys: { type: 'string' } },
    run: (values, [id = ''], output) =>
      approve(
        text(values['url']),
        id,
        { keys: text(values['keys']), digest: text(values['digest']) },
        output,
      ),
  },
  fix: {
    summary: 'FIX sessions: ls, enable, disable, reset, logout, set (sequence numbers)',
    usage:
      'ls | enable|disable|reset|logout SESSION --keys DIR | set SESSION [--next-sender N] [--next-target N] --keys DIR   [--url URL]',
    options: { ...door, ...signed, 'next-sender': { type: 'string' }, 'next-target': { type: 'string' } },
    run: (values, [action = 'ls', session = ''], output) => {
      const nextSender = number(values['next-sender'])
      const nextTarget = number(values['next-target'])
      if (action === 'set' && nextSender === undefined && nextTarget === undefined)
        return done(
          refuseWith(refuse('usage', 'fix set SESSION needs --next-sender N or --next-target N'), output),
        )
      const numbers = {
        ...(nextSender === undefined ? {} : { nextSender }),
        ...(nextTarget === undefined ? {} : { nextTarget }),
      }
      return fix(text(values['url']), { action, session, keys: text(values['keys']), ...numbers }, output)
    },
  },
  quote: {
    summary: 'cancel: end an open quote of this gateway',
    usage: 'cancel QUOTE --keys DIR [--url URL]',
    options: { ...door, ...signed },
    run: (values, [verb, quoteId = ''], output) =>
      verb === 'cancel'
        ? cancelQuote(text(values['url']), quoteId, text(values['keys']), output)
        : done(refuseWith(refuse('usage', 'quote cancel QUOTE --keys DIR'), output)),
  },
  trade: {
    summary: 'bust: take back a fill of this gateway; correct: put its price right',
    usage: 'bust TRADE --keys DIR | correct TRADE --price PRICE --keys DIR [--url URL]',
    options: { ...door, ...signed, price: { type: 'string' } },
    run: (values, [verb, tradeId = ''], output) => {
      const price = text(values['price'])
      if (verb !== 'bust' && (verb !== 'correct' || price === ''))
        return done(
          refuseWith(refuse('usage', 'trade bust TRADE, or trade correct TRADE --price PRICE'), output),
        )
      const args = { tradeId, price: verb === 'bust' ? '' : price, keys: text(values['keys']) }
      return reviseTrade(text(values['url']), args, output)
    },
  },
  doctor: {
    summary: 'what this machine has and lacks, each lack with its fix',
    usage: '[--port-base N]',
    options: { 'port-base': { type: 'string' } },
    run: (values, _positionals, output) => doctor(number(values['port-base']), output),
  },
  gateway: {
    summary: 'run one gateway from its configuration',
    usage: '--config FILE',
    options: { config: { type: 'string' } },
    run: (values, _positionals, output) => serveGateway(text(values['config']), output),
  },
  witness: {
    summary: 'run one witness from its configuration',
    usage: '--config FILE',
    options: { config: { type: 'string' } },
    run: (values, _positionals, output) => serveWitness(text(values['config']), output),
  },
  'sandbox-desk': {
    summary: "the demo's FIX client: asks for one quote and lifts the offer",
    usage: '--port N --starts-at TIME --started-at TIME --quote-req-id ID --cl-ord-id ID',
    options: {
      port: { type: 'string' },
      'starts-at': { type: 'string' },
      'started-at': { type: 'string' },
      'quote-req-id': { type: 'string' },
      'cl-ord-id': { type: 'string' },
    },
    run: (values, _positionals, output) =>
      serveDesk(
        {
          port: number(values['port']) ?? 0,
          startsAt: text(values['starts-at']),
          startedAt: text(values['started-at']),
          quoteReqId: text(values['quote-req-id']),
          clOrdId: text(values['cl-ord-id']),
        },
        output,
      ),
  },
}

const common = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const

export async function main(args: readonly string[]): Promise<number> {
  const [name = '', ...rest] = args
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined
  const json = args.includes('--json')
  const output = createOutput(json)
  if (!verb) return unknownVerb(name, output)
  try {
    const options = { ...verb.options, ...common }
    const { values, positionals } = parseArgs({ args: [...rest], options, allowPositionals: true })
    if (values.help) {
      process.stdout.write(`poundlock ${name} ${verb.usage} [--json]\n  ${verb.summary}\n`)
      return 0
    }
    const bad = badNumber(values)
    if (bad) return refuseWith(bad, output)
    return await verb.run(values, positionals, output)
  } catch (error) {
    if (error instanceof TypeError && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS'))
      return refuseWith(refuse('usage', `${error.message}. poundlock ${name} ${verb.usage}`), output)
    throw error
  }
}

function unknownVerb(name: string, output: Output): number {
  const list = Object.entries(verbs).map(
    ([verb, { usage, summary }]) => `  ${verb} ${usage}\n      ${summary}`,
  )
  const help = `poundlock <verb> [options] [--json] [--help]\n${list.join('\n')}\n`
  if (name === '' || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(help)
    return 0
  }
  return refuseWith(refuse('usage', `there is no verb ${name}`), output)
}
