import { hashInstruction, toHex, type InstructionMessage } from '@poundlock/verify'
import type { JSX } from 'preact'
import { Digest } from '../parts/digest.tsx'
import { Mark } from '../parts/mark.tsx'
import type { TradeDetail } from '../types.ts'

type Hashes = { readonly domainHash: string; readonly messageHash: string; readonly digest: string }

/**
 * What both parties sign, large enough to read aloud. This browser hashes the typed data again, so the
 * three values do not rest on the gateway's word alone.
 */
export function TradeDigests({ trade }: { trade: TradeDetail }): JSX.Element {
  const { settlement, recordHash } = trade
  if (settlement === undefined)
    return (
      <>
        <h2 class="section-title">Digests</h2>
        {recordHash !== undefined && <Digest name="Trade record hash" value={recordHash} large />}
        <p class="quiet-text">The settlement digest is shown when the instruction has been signed.</p>
      </>
    )
  const own = hashedHere(trade.forms.typedData)
  const check = (name: keyof Hashes): JSX.Element => <Check own={own?.[name]} shown={settlement[name]} />
  return (
    <>
      <h2 class="section-title">
        Digests
        <span class="quiet-text">
          compare them with your signing device and, over another channel, with {trade.counterparty}
        </span>
      </h2>
      <Digest name="EIP-712 digest" value={settlement.digest} large>
        {check('digest')}
      </Digest>
      <Digest name="Domain hash" value={settlement.domainHash} large>
        {check('domainHash')}
      </Digest>
      <Digest name="Message hash" value={settlement.messageHash} large>
        {check('messageHash')}
      </Digest>
      {recordHash !== undefined && <Digest name="Trade record hash" value={recordHash} />}
      {settlement.txHash !== undefined && (
        <Digest
          name={`Transaction${settlement.blockNumber === undefined ? '' : `, block ${settlement.blockNumber}`}`}
          value={settlement.txHash}
        />
      )}
    </>
  )
}

function Check({ own, shown }: { own: string | undefined; shown: string }): JSX.Element {
  if (own === undefined) return <Mark verdict="none">not recomputed: the typed data is not shown</Mark>
  const same = own === shown.toLowerCase().replace(/^0x/, '')
  return same ? (
    <Mark verdict="good">recomputed in this browser: equal</Mark>
  ) : (
    <Mark verdict="bad">recomputed in this browser: DIFFERENT. Do not sign</Mark>
  )
}

function hashedHere(data: unknown): Hashes | undefined {
  const parts = membersOf(data)
  const domain = textsOf(parts['domain'])
  const message = textsOf(parts['message'])
  const { name = '', version = '', chainId = '', verifyingContract = '' } = domain
  if (!isInstruction(message)) return undefined
  try {
    const hashes = hashInstruction({ name, version, chainId: BigInt(chainId), verifyingContract }, message)
    return {
      domainHash: toHex(hashes.domainHash),
      messageHash: toHex(hashes.messageHash),
      digest: toHex(hashes.digest),
    }
  } catch {
    return undefined
  }
}

const membersOf = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {}
const textsOf = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(membersOf(value)).map(([name, text]) => [name, String(text)]))

const memberNames =
  'tradeId deliverer receiver deliverToken deliverId deliverAmount payToken payAmount deadline nonce'.split(
    ' ',
  )

const isInstruction = (message: object): message is InstructionMessage =>
  memberNames.every((name) => Object.hasOwn(message, name))
