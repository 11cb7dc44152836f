import { parseNote, parseVerifierKey, signatureOf, verifyNoteSignature } from '@poundlock/verify'
import type { JSX } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { Mark } from '../parts/mark.tsx'
import type { Entry, Identity, Proof } from '../types.ts'
import { walkPath, type Walk } from '../webcrypto.ts'

type Props = { readonly entry: Entry; readonly proof: Proof; readonly identity: Identity | undefined }

/** The way from the leaf to the root, drawn and hashed again here, and who signed that root. */
export function MerklePath({ entry, proof, identity }: Props): JSX.Element {
  const [walk, setWalk] = useState<Walk | string | undefined>(undefined)
  useEffect(() => {
    let current = true
    void walkPath(entry, proof).then((result) => current && setWalk(result))
    return () => {
      current = false
    }
  }, [entry.leaf, proof.root, proof.size])
  if (walk === undefined) return <p class="quiet-text">Hashing</p>
  if (typeof walk === 'string') return <Mark verdict="bad">{walk}</Mark>
  return (
    <div class="merkle">
      <p class="merkle-verdict" role="status">
        <WalkVerdict walk={walk} size={proof.size} />
      </p>
      <PathDrawing walk={walk} index={entry.index} />
      <Signers proof={proof} identity={identity} />
      <details>
        <summary>Checkpoint of {walk.checkpointSize} leaves</summary>
        <pre class="wrap" tabIndex={0}>
          {proof.checkpoint}
        </pre>
      </details>
    </div>
  )
}

function WalkVerdict({ walk, size }: { walk: Walk; size: number }): JSX.Element {
  if (walk.movedOn) return <Mark verdict="wait">the journal grew meanwhile; reading the proof again</Mark>
  if (!walk.agrees)
    return (
      <Mark verdict="bad">the path does not lead to the root of the checkpoint: this leaf is not proved</Mark>
    )
  return (
    <Mark verdict="good">
      {walk.steps.length} hashes in this browser (WebCrypto) lead to the root of the checkpoint over {size}{' '}
      leaves
    </Mark>
  )
}

const place = { width: 640, level: 56, middle: 320, aside: 200, box: 168, high: 26 }

/** Root above, leaf below; the siblings of the proof stand at the side on which they are hashed. */
function PathDrawing({ walk, index }: { walk: Walk; index: number }): JSX.Element {
  const height = (walk.steps.length + 1) * place.level
  const yOf = (level: number): number => height - place.level / 2 - level * place.level
  const title = `Path of ${walk.steps.length} steps from leaf ${index} to root ${walk.root}`
  return (
    <svg class="path" viewBox={`0 0 ${place.width} ${height}`} role="img" aria-label={title}>
      {walk.steps.map(({ side }, level) => (
        <g key={level}>
          <Limb from={xOf(side)} y={yOf(level)} />
          <Limb from={place.middle} y={yOf(level)} own />
        </g>
      ))}
      {walk.steps.map(({ side, sibling }, level) => (
        <HashBox key={level} x={xOf(side)} y={yOf(level)} hash={sibling} kind="sibling" text="from proof" />
      ))}
      {walk.steps.slice(0, -1).map(({ result }, level) => (
        <HashBox key={level} x={place.middle} y={yOf(level + 1)} hash={result} kind="own" text="hashed" />
      ))}
      <HashBox x={place.middle} y={yOf(0)} hash={walk.leafHash} kind="leaf" text={`leaf ${index}`} />
      {walk.steps.length > 0 && (
        <HashBox
          x={place.middle}
          y={yOf(walk.steps.length)}
          hash={walk.root}
          kind={walk.agrees ? 'root' : walk.movedOn ? 'own' : 'broken'}
          text="root"
        />
      )}
    </svg>
  )
}

const xOf = (side: 'left' | 'right'): number => place.middle + (side === 'left' ? -place.aside : place.aside)

const Limb = ({ from, y, own = false }: { from: number; y: number; own?: boolean }): JSX.Element => (
  <path
    class={own ? 'limb limb-own' : 'limb'}
    d={`M${from} ${y - place.high / 2}V${y - place.level / 2}H${place.middle}V${y - place.level + place.high / 2}`}
  />
)

const HashBox = ({
  x,
  y,
  hash,
  kind,
  text,
}: {
  x: number
  y: number
  hash: string
  kind: string
  text: string
}): JSX.Element => (
  <g class={`hash hash-${kind}`}>
    <title>{hash}</title>
    <rect x={x - place.box / 2} y={y - place.high / 2} width={place.box} height={place.high} rx="3" />
    <text x={x - place.box / 2 + 8} y={y + 4} class="hash-kind">
      {text}
    </text>
    <text x={x + place.box / 2 - 8} y={y + 4} class="hash-value">
      {hash.slice(0, 10)}
    </text>
  </g>
)

/** Which of the keys that this gateway names have signed the checkpoint. */
function Signers({ proof, identity }: { proof: Proof; identity: Identity | undefined }): JSX.Element | null {
  const note = parseNote(proof.checkpoint)
  if (identity === undefined || note === undefined) return null
  const signed = (vkey: string): boolean => {
    const key = parseVerifierKey(vkey)
    const signature = key === undefined ? undefined : signatureOf(note, key)
    return key !== undefined && signature !== undefined && verifyNoteSignature(note, key, signature)
  }
  const witnesses = identity.witnesses.filter(signed)
  return (
    <ul class="signers" aria-label="Signatures of the checkpoint">
      <li>
        <Mark verdict={signed(identity.logKey) ? 'good' : 'bad'}>
          {identity.logOrigin} {signed(identity.logKey) ? 'signed this root' : 'did not sign this root'}
        </Mark>
      </li>
      {identity.witnesses.map((vkey) => (
        <li key={vkey}>
          <Mark verdict={witnesses.includes(vkey) ? 'good' : 'wait'}>
            {vkey.split('+')[0]} {witnesses.includes(vkey) ? 'cosigned it' : 'has not cosigned it yet'}
          </Mark>
        </li>
      ))}
      <li>
        <Mark verdict={witnesses.length >= identity.quorum ? 'good' : 'wait'}>
          quorum {identity.quorum}: {witnesses.length >= identity.quorum ? 'reached' : 'not reached'}
        </Mark>
      </li>
    </ul>
  )
}
