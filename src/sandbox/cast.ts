// The cast of every example: who they are, where they live, what they trade. Fixed, so that two runs tell one story.
import { invariant, isRefusal, parseChainId, parseInstant, parseLei, type ChainId, type Instant } from '#core'

export type Member = { readonly name: string; readonly lei: string; readonly logOrigin: string }

export const alder: Member = {
  name: 'ALDER',
  lei: leiOf('5299000POUNDLOCK0A'),
  logOrigin: 'alder.example/journal',
}
export const cedar: Member = {
  name: 'CEDAR',
  lei: leiOf('5299000POUNDLOCK0C'),
  logOrigin: 'cedar.example/journal',
}
export const witnessNames = ['witness1.example', 'witness2.example'] as const
export const operatorNames = ['operator1', 'operator2'] as const

/** 430.72 exists at this moment only: the premium of the fixture depends on the time to expiry. */
export const sandboxStart: Instant = at('2026-11-20T14:00:00.000Z')

export const chains = {
  lagoon: { name: 'lagoon', chainId: 31337, id: chainOf('eip155:31337'), confirmations: 1 },
  harbour: { name: 'harbour', chainId: 31338, id: chainOf('eip155:31338'), confirmations: 2 },
} as const

export const fixture = {
  securityId: 'ETH-25JUN27-4000-C',
  orderQty: '100',
  currency: 'USDC',
  forward: '3250',
  vol: '0.677',
  halfSpreadVolPts: '0.3',
  quoteLifetimeMs: 10_000,
  settlementWindowMs: 60_000,
  /** What each has before the trade in minor units of USDC, and what ALDER has written, in contracts. */
  usdcMinor: 1_000_000_000_000n,
  alderContracts: 1_000n,
} as const

/** Loopback ports; all move together with `base`. */
export const portsFrom = (base: number): Ports => ({
  consoleCedar: base + 420,
  consoleAlder: base + 421,
  peerAlder: base + 401,
  peerCedar: base + 402,
  witness1: base + 431,
  witness2: base + 432,
  lagoon: base + 1_545,
  harbour: base + 1_546,
  fixAlder: base + 2_878,
  fixCedar: base + 2_879,
})
export const defaultPortBase = 7_000

export type Ports = {
  readonly consoleCedar: number
  readonly consoleAlder: number
  readonly peerAlder: number
  readonly peerCedar: number
  readonly witness1: number
  readonly witness2: number
  readonly lagoon: number
  readonly harbour: number
  readonly fixAlder: number
  readonly fixCedar: number
}

/** Appends the two check digits (ISO 7064 MOD 97-10) to eighteen characters. */
function leiOf(base: string): string {
  const digits = Array.from(`${base}00`, (character) => Number.parseInt(character, 36)).join('')
  const check = 98n - (BigInt(digits) % 97n)
  const lei = parseLei(`${base}${check.toString().padStart(2, '0')}`)
  invariant(!isRefusal(lei), 'the cast has valid LEIs')
  return lei
}

function chainOf(text: string): ChainId {
  const id = parseChainId(text)
  invariant(!isRefusal(id), 'the cast has valid chain ids')
  return id
}

function at(text: string): Instant {
  const instant = parseInstant(text)
  invariant(!isRefusal(instant), 'the cast has valid times')
  return instant
}
