// The gateway's own keys, by use. Opened from the key directory; private bytes never leave crypto.
import { isRefusal, parseLei, invariant, type Clock, type Instant, type Random, type Refusal } from '#core'
import {
  openKeyStore,
  openTlsIdentity,
  pinPeer,
  type DigestSigner,
  type KeyRecord,
  type PinnedPeer,
  type Signer,
  type TlsIdentity,
} from '#crypto'
import type { GatewayConfig } from './config.ts'

export type GatewayKeys = {
  readonly journal: Signer
  readonly record: Signer
  readonly settlement: DigestSigner
  readonly tls: TlsIdentity
}

/** `poundlock:ALDER`: the URI name in a gateway's certificate. */
export const gatewayUri = (name: string): string => `poundlock:${name}`

/** Opened, and made on first use. `clock` is real time: certificates are read by others. */
export function openGatewayKeys(
  directory: string,
  name: string,
  real: { readonly clock: Clock; readonly random: Random },
): GatewayKeys | Refusal {
  const store = openKeyStore(directory, { journal: 'Ed25519', record: 'Ed25519', settlement: 'secp256k1' })
  if (isRefusal(store)) return store
  const tls = openTlsIdentity(directory, 'tls', gatewayUri(name), real)
  if (isRefusal(tls)) return tls
  return {
    journal: store.signer('journal'),
    record: store.signer('record'),
    settlement: store.digestSigner('settlement'),
    tls,
  }
}

/** Own keys as the journal registers them. */
export function ownKeys(keys: GatewayKeys, lei: string, validFrom: Instant): readonly KeyRecord[] {
  const owner = parseLei(lei)
  invariant(!isRefusal(owner), 'the configuration has been checked')
  const { journal, record, settlement } = keys
  return [
    { ...recordOf(journal), owner, use: 'journal', validFrom },
    { ...recordOf(record), owner, use: 'record', validFrom },
    { ...recordOf(settlement), owner, use: 'settlement', validFrom },
  ]
}

const recordOf = ({ keyId, algorithm, publicKey }: Signer | DigestSigner) => ({ keyId, algorithm, publicKey })

/** Peers by the certificates and pins of the configuration; a pin that is not its certificate's stops the start. */
export function pinnedPeers(config: GatewayConfig): readonly PinnedPeer[] | Refusal {
  const pinned: PinnedPeer[] = []
  for (const { name, uri, certificate, pin } of config.peering.peers) {
    const peer = pinPeer(name, uri, certificate, pin)
    if (isRefusal(peer)) return peer
    pinned.push(peer)
  }
  return pinned
}
