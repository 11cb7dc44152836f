import { instant, isRefusal, manualClock } from '#core'
import { createServer, type Server, type ServerOptions } from '../server.ts'
import { gatewayDouble, type DoubleOptions, type GatewayDouble } from './gateway.ts'
import { memoryIdempotencyStore } from './store.ts'

export type TestServer = {
  readonly server: Server
  readonly gateway: GatewayDouble
  readonly url: string
  readonly port: number
}
export type TestServerOptions = Partial<Omit<ServerOptions, 'gateway'>> & {
  readonly double?: Partial<DoubleOptions>
  readonly port?: number
  /** A double that lived before: the server restarts, the gateway does not. */
  readonly gateway?: GatewayDouble
}

/** 2026-11-20T14:00:00Z, the first moment of the sandbox. */
export const sandboxStart = instant(1_795_183_200_000)

/** A server over the double on a free loopback port. */
export async function startTestServer(options: TestServerOptions = {}): Promise<TestServer> {
  const { double, port: wanted = 0, gateway: before, ...rest } = options
  const clock = manualClock(sandboxStart)
  const gateway = before ?? gatewayDouble({ clock, ...double })
  const server = await createServer({ gateway, clock, idempotencyStore: memoryIdempotencyStore(), ...rest })
  const started = await server.start({ host: '127.0.0.1', port: wanted })
  if (isRefusal(started)) throw new Error(started.detail)
  return { server, gateway, ...started }
}

/** The request and the order of the first trade, over REST. */
/** An operator's order as the door sees it; the double does not look at the signature. */
export const signedOrder = (order: Record<string, string>): object => ({
  payload: Buffer.from(JSON.stringify(order)).toString('base64url'),
  signatures: [{ protected: 'e30', signature: 'AA' }],
})

export const firstRfq = {
  securityId: 'ETH-25JUN27-4000-C',
  side: 'Buy',
  orderQty: '100',
  currency: 'USDC',
  to: 'ALDER',
} as const
export const orderOf = (quoteId: string) =>
  ({ quoteId, side: 'Buy', orderQty: '100', price: '430.72' }) as const
