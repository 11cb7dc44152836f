// A client of the REST door in one file: fetch, no dependency. Its types come from the schemas that validate.
import type {
  CloudEvent,
  Entry,
  Identity,
  Instrument,
  Order,
  OrderRequest,
  Page,
  Problem,
  Quote,
  Rfq,
  RfqRequest,
  Trade,
  TradeDetail,
  SignedStatement,
} from '../src/server/api.ts'

export type ClientOptions = { readonly baseUrl: string; readonly fetch?: typeof fetch }
/** The same key gets the same answer, so a command that was cut off can be sent again. */
export type CommandOptions = { readonly idempotencyKey?: string }
export type WaitOptions = { readonly withinMs?: number }
export type TradeWait = WaitOptions & {
  readonly until?: (trade: TradeDetail) => boolean
  /** Called now, and each time the gateway says something else about what can be done. */
  readonly onState?: (trade: TradeDetail) => void
}
export type EventOptions = { readonly from?: number; readonly signal?: AbortSignal }
export type Client = ReturnType<typeof createClient>

const answerMsMax = 10_000
const settlementMsMax = 60_000
const reconnectMs = 500
const over: readonly string[] = ['settled', 'refused', 'failed', 'busted', 'corrected']

/** A client of one gateway. What the gateway refuses is thrown as `ProblemError`. */
export function createClient(options: ClientOptions) {
  const http = openHttp(options)
  return {
    ...reads(http),
    ...commands(http, options),
    events: (at: EventOptions = {}) => readEvents(options, at),
  }
}

const reads = (http: Http) => ({
  identity: () => http<Identity>('GET', '/v1/identity'),
  instruments: async () => (await http<Page<Instrument>>('GET', '/v1/instruments')).items,
  trades: async () => (await http<Page<Trade>>('GET', '/v1/trades')).items,
  trade: (id: string) => http<TradeDetail>('GET', `/v1/trades/${encodeURIComponent(id)}`),
  entry: async (index: number): Promise<Entry | undefined> =>
    (await http<Page<Entry>>('GET', `/v1/log/entries?from=${index}&to=${index + 1}`)).items[0],
  /** The evidence pack of a trade, or of the newest one; waits until the witnesses have cosigned it. */
  evidence: (tradeId?: string, { withinMs = answerMsMax }: WaitOptions = {}) =>
    retry(withinMs, () =>
      http<string>(
        'GET',
        tradeId === undefined ? '/v1/evidence' : `/v1/trades/${encodeURIComponent(tradeId)}/evidence`,
      ),
    ),
})

const commands = (http: Http, options: ClientOptions) => ({
  /** Asks for a quote and waits until there is one, or a refusal. */
  requestForQuote: async (request: RfqRequest, command: CommandOptions & WaitOptions = {}): Promise<Rfq> => {
    const rfq = await http<Rfq>('POST', '/v1/rfqs', { body: request, ...keyOf(command) })
    const read = () => http<Rfq>('GET', `/v1/rfqs/${encodeURIComponent(rfq.quoteReqId)}`)
    return waitFor(options, rfq.journalIndex, command.withinMs ?? answerMsMax, read, isAnswered)
  },
  /** Takes a quote whole, buys at its offer or sells at its bid, and waits until the order is done. */
  acceptQuote: async (
    quote: Quote,
    side: OrderRequest['side'],
    command: CommandOptions & WaitOptions = {},
  ): Promise<Order> => {
    const [price, orderQty] = side === 'Buy' ? [quote.offerPx, quote.offerSize] : [quote.bidPx, quote.bidSize]
    const body: OrderRequest = { quoteId: quote.quoteId, side, orderQty, price }
    const order = await http<Order>('POST', '/v1/orders', { body, ...keyOf(command) })
    const read = () => http<Order>('GET', `/v1/orders/${encodeURIComponent(order.clOrdId)}`)
    return waitFor(options, order.journalIndex, command.withinMs ?? answerMsMax, read, isDone)
  },
  cancelOrder: (clOrdId: string) => http<Order>('DELETE', `/v1/orders/${encodeURIComponent(clOrdId)}`),
  /** The trade when `until` holds; without it, when nothing more will happen to the trade. */
  waitForTrade: async (id: string, wait: TradeWait = {}): Promise<TradeDetail> => {
    const { until = isOver, onState = () => undefined, withinMs = settlementMsMax } = wait
    const read = () => http<TradeDetail>('GET', `/v1/trades/${encodeURIComponent(id)}`)
    let last = await read()
    const ready = (trade: TradeDetail): boolean => {
      if (trade.whatNow !== last.whatNow) onState(trade)
      last = trade
      return until(trade)
    }
    onState(last)
    return waitFor(options, last.journalIndex, withinMs, read, ready).catch((cause: unknown) => {
      throw new Error(`The trade is still ${last.status}. ${last.whatNow}`, { cause })
    })
  },
  /** Hands in an operator's signed approval (JWS over trade id, record hash and digest). */
  approveTrade: (id: string, approval: SignedStatement, command: CommandOptions = {}): Promise<Trade> =>
    http<Trade>('POST', `/v1/trades/${encodeURIComponent(id)}/approvals`, {
      body: approval,
      ...keyOf(command),
    }),
})

const isAnswered = ({ quotes, status }: Rfq): boolean =>
  quotes.length > 0 || status === 'refused' || status === 'expired'
const isOver = ({ status }: Trade): boolean => over.includes(status)
const isDone = ({ ordStatus }: Order): boolean => ordStatus !== 'PendingNew' && ordStatus !== 'New'

type Request = { readonly body?: object; readonly idempotencyKey?: string; readonly signal?: AbortSignal }
type Http = <T>(method: string, path: string, request?: Request) => Promise<T>

const openHttp =
  ({ baseUrl, fetch: send = fetch }: ClientOptions): Http =>
  async (method, path, request = {}) => {
    const headers: Record<string, string> = { accept: 'application/json' }
    if (request.body !== undefined) headers['content-type'] = 'application/json'
    if (request.idempotencyKey !== undefined) headers['idempotency-key'] = request.idempotencyKey
    const response = await send(new URL(path, baseUrl), {
      method,
      headers,
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    })
    if (!response.ok) throw new ProblemError(await problemOf(response))
    const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
    const text = await response.text()
    return isJson ? JSON.parse(text) : text
  }

const keyOf = ({ idempotencyKey = crypto.randomUUID() }: CommandOptions) => ({ idempotencyKey })

/** Asks again as long as the gateway says that asking again can help. */
async function retry<T>(withinMs: number, request: () => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(withinMs)
  for (;;)
    try {
      return await request()
    } catch (error) {
      if (!(error instanceof ProblemError && error.problem.retryable) || signal.aborted) throw error
      await pause(reconnectMs, signal)
    }
}

// Looks now, and again after each journal entry: no polling.
async function waitFor<T>(
  options: ClientOptions,
  from: number,
  withinMs: number,
  read: () => Promise<T>,
  ready: (value: T) => boolean,
): Promise<T> {
  const signal = AbortSignal.timeout(withinMs)
  try {
    for await (const _ of readEvents(options, { from, signal })) {
      const value = await read()
      if (ready(value)) return value
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  throw new Error(`It did not happen within ${withinMs} ms`)
}

async function* readEvents(
  { baseUrl, fetch: send = fetch }: ClientOptions,
  at: EventOptions,
): AsyncGenerator<CloudEvent> {
  let next = at.from
  while (at.signal?.aborted !== true) {
    const url = new URL(next === undefined ? '/v1/events' : `/v1/events?from=${next}`, baseUrl)
    const response = await connect(send, url, at.signal)
    if (response === undefined) continue
    for await (const { id, event } of parseFrames(response)) {
      if (id !== undefined) next = id + 1
      if (event !== undefined) yield event
    }
    await pause(reconnectMs, at.signal)
  }
  at.signal?.throwIfAborted()
}

// A refusal ends the stream; a connection that cannot be made is tried again.
async function connect(
  send: typeof fetch,
  url: URL,
  signal: AbortSignal | undefined,
): Promise<Response | undefined> {
  try {
    const response = await send(url, signal === undefined ? {} : { signal })
    if (!response.ok) throw new ProblemError(await problemOf(response))
    return response
  } catch (error) {
    if (error instanceof ProblemError && !error.problem.retryable) throw error
    await pause(reconnectMs, signal)
    return undefined
  }
}

type Frame = { readonly id?: number; readonly event?: CloudEvent }

/** Frames of server-sent events; ends without an error when the connection breaks. */
async function* parseFrames(response: Response): AsyncGenerator<Frame> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''
  try {
    for (let chunk = await reader?.read(); chunk?.done === false; chunk = await reader?.read()) {
      const frames = (text + chunk.value).split('\n\n')
      text = frames.pop() ?? ''
      yield* frames.map(frameOf)
    }
  } catch (error) {
    if (error instanceof SyntaxError) throw error
  } finally {
    await reader?.cancel().catch(() => undefined)
  }
}

function frameOf(frame: string): Frame {
  const field = (name: string): string | undefined =>
    frame
      .split('\n')
      .find((line) => line.startsWith(`${name}: `))
      ?.slice(name.length + 2)
  const [id, data] = [field('id'), field('data')]
  return {
    ...(id === undefined ? {} : { id: Number.parseInt(id, 10) }),
    ...(data === undefined ? {} : { event: JSON.parse(data) }),
  }
}

const pause = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal?.addEventListener('abort', () => (clearTimeout(timer), resolve()), { once: true })
  })

async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text()
  if (response.headers.get('content-type')?.startsWith('application/problem+json') === true)
    return JSON.parse(text)
  return {
    type: 'about:blank',
    title: response.statusText,
    status: response.status,
    detail: text.slice(0, 200),
    code: 'none',
    refusal: 'none',
    remedy: 'Check that the address is that of a gateway',
    retryable: false,
    meta: {},
  }
}

/** A refusal of the gateway (RFC 9457). */
export class ProblemError extends Error {
  override readonly name = 'Client.ProblemError'
  readonly problem: Problem
  constructor(problem: Problem) {
    super(`${problem.code} ${problem.title}: ${problem.detail}. ${problem.remedy}.`)
    this.problem = problem
  }
}
