// A witness as a process: its key, its memory of the logs it cosigns, its HTTP door on loopback.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { isRefusal, parseJson, refuse, type Refusal } from '#core'
import { openKeyStore } from '#crypto'
import { cosignatureVkey, noteVerifier, openSqliteStore, openWitness, type KnownLog } from '#journal'
import { serveWitness } from '#transport'
import { clockShape, configuredClock } from './config.ts'
import { integer, listOf, object, text, type Shaped } from './shape.ts'

const shape = object({
  name: text,
  dataDir: text,
  keysDir: text,
  port: integer(0, 65_535),
  clock: clockShape,
  logs: listOf(object({ origin: text, keys: listOf(text, 8) }), 64),
})
export type WitnessConfig = Shaped<typeof shape>

export function parseWitnessConfig(bytes: Uint8Array): WitnessConfig | Refusal {
  const json = parseJson(bytes)
  const config = isRefusal(json) ? json : shape(json, 'config')
  return isRefusal(config) ? refuse('config-invalid', config.detail, config.meta) : config
}

/** Its verifier key, for the configurations of those who will show it their logs. The key is made on first use. */
export function witnessVkey(keysDir: string, name: string): string | Refusal {
  const keys = openKeyStore(keysDir, { witness: 'Ed25519' })
  return isRefusal(keys) ? keys : cosignatureVkey(name, keys.signer('witness').publicKey)
}

export type WitnessNode = { readonly url: string; readonly port: number; readonly close: () => Promise<void> }

export async function openWitnessNode(
  config: WitnessConfig,
  onFailure: (error: unknown) => void,
): Promise<WitnessNode | Refusal> {
  const keys = openKeyStore(config.keysDir, { witness: 'Ed25519' })
  if (isRefusal(keys)) return keys
  const logs = knownLogs(config)
  if (isRefusal(logs)) return logs
  mkdirSync(config.dataDir, { recursive: true })
  const store = openSqliteStore(join(config.dataDir, 'witness.db'))
  if (isRefusal(store)) return store
  const witness = openWitness({
    store,
    name: config.name,
    signer: keys.signer('witness'),
    clock: configuredClock(config.clock),
    logs,
  })
  const server = await serveWitness({ witness, port: config.port, onFailure })
  if (isRefusal(server)) {
    store.close()
    return server
  }
  const close = async (): Promise<void> => {
    await server.close()
    store.close()
  }
  return { url: server.url, port: server.port, close }
}

function knownLogs(config: WitnessConfig): readonly KnownLog[] | Refusal {
  const logs: KnownLog[] = []
  for (const { origin, keys } of config.logs) {
    const verifiers: KnownLog['keys'][number][] = []
    for (const vkey of keys) {
      const verifier = noteVerifier(vkey)
      if (isRefusal(verifier)) return verifier
      verifiers.push(verifier)
    }
    logs.push({ origin, keys: verifiers })
  }
  return logs
}
