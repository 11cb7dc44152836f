// `poundlock gateway` and `poundlock witness`: one process each, from a configuration file, until SIGTERM or Ctrl-C.
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isRefusal, refuse, type Refusal } from '#core'
import { openGateway, openWitnessNode, parseGatewayConfig, parseWitnessConfig, type Gateway } from '#gateway'
import { killingProbe } from '#sandbox'
import { createServer, type Server } from '#server'
import { refuseWith, tell, type Output } from './output.ts'

const consoleDir = fileURLToPath(new URL('../../console/dist', import.meta.url))

export async function serveGateway(path: string, output: Output): Promise<number> {
  const bytes = readConfig(path)
  const config = isRefusal(bytes) ? bytes : parseGatewayConfig(bytes)
  if (isRefusal(config)) return refuseWith(config, output)
  const probe = killingProbe(process.env['POUNDLOCK_KILL'], config.environment)
  const gateway = await openGateway({ config, probe, onFailure: (error) => fail(error, output) })
  if (isRefusal(gateway)) return refuseWith(gateway, output)
  const server = config.api ? await openDoor(gateway, config.api) : undefined
  if (isRefusal(server)) {
    await gateway.close()
    return refuseWith(server, output)
  }
  tell({ fact: 'ready', name: config.name, ...gateway.ports, ...(server ? { url: server.url } : {}) })
  await untilAsked()
  await server?.door.stop()
  await gateway.close()
  return 0
}

type Door = { readonly door: Server; readonly url: string }

async function openDoor(gateway: Gateway, at: { host: string; port: number }): Promise<Door | Refusal> {
  const door = await createServer({
    gateway: gateway.api,
    clock: gateway.clock,
    idempotencyStore: gateway.rows,
    ...(existsSync(consoleDir) ? { consoleDir } : {}),
  })
  const listening = await door.start(at)
  return isRefusal(listening) ? listening : { door, url: listening.url }
}

export async function serveWitness(path: string, output: Output): Promise<number> {
  const bytes = readConfig(path)
  const config = isRefusal(bytes) ? bytes : parseWitnessConfig(bytes)
  if (isRefusal(config)) return refuseWith(config, output)
  const node = await openWitnessNode(config, (error) => fail(error, output))
  if (isRefusal(node)) return refuseWith(node, output)
  tell({ fact: 'ready', name: config.name, url: node.url })
  await untilAsked()
  await node.close()
  return 0
}

export function readConfig(path: string): Uint8Array | Refusal {
  try {
    return readFileSync(path)
  } catch {
    return refuse('file-unreadable', `the configuration ${path} cannot be read`)
  }
}

/** A bug or a storage failure: what is durable is durable, the rest is for the next start to find out. */
function fail(error: unknown, output: Output): void {
  if (isRefusal(error)) process.exit(refuseWith(error, output))
  process.stderr.write(
    `poundlock: stopped by a failure\n${error instanceof Error ? error.stack : String(error)}\n`,
  )
  process.exit(6)
}

/**
 * A sandbox process also ends when the one that started it is gone: its standard input is a pipe from there. Once it
 * is asked to end it lets go of that pipe, which would keep it running.
 */
const untilAsked = (): Promise<void> =>
  new Promise((resolve) => {
    const leashed = process.env['POUNDLOCK_LEASHED'] !== undefined
    const asked = (): void => {
      if (leashed) process.stdin.destroy()
      resolve()
    }
    if (leashed) process.stdin.once('end', asked).resume()
    process.once('SIGTERM', asked)
    process.once('SIGINT', asked)
  })
