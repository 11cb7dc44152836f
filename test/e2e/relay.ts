// A TCP relay that stands between a client and a gateway: it can lose what one side says, and cut the line.
import assert from 'node:assert/strict'
import { connect, createServer, type Socket } from 'node:net'

export type Relay = {
  readonly port: number
  /** From now on what this side says is lost, until the line is cut. */
  lose(side: Side): void
  /** Breaks every connection; the next one is whole again. */
  cut(): void
  close(): void
}
type Side = 'client' | 'server'

/** Nobody listening behind it looks to the client like a connection that broke. */
export async function startRelay(target: number): Promise<Relay> {
  const sockets = new Set<Socket>()
  const lost = new Set<Side>()
  const server = createServer((client) => {
    const behind = connect(target, '127.0.0.1')
    join(client, behind, () => lost.has('client'))
    join(behind, client, () => lost.has('server'))
  })
  const join = (from: Socket, to: Socket, isLost: () => boolean): void => {
    sockets.add(from)
    from.on('data', (bytes) => void (isLost() || to.write(bytes)))
    from.on('error', () => to.destroy())
    from.once('close', () => (sockets.delete(from), to.destroy()))
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  assert.ok(address !== null && typeof address === 'object')
  const cut = (): void => {
    lost.clear()
    for (const socket of sockets) socket.destroy()
  }
  return {
    port: address.port,
    lose: (side) => void lost.add(side),
    cut,
    close: () => (cut(), server.close()),
  }
}
