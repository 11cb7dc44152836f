import { packBytesMax, TrustPolicyError, verifyPack, type Report } from '@poundlock/verify'
import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { readPackOf, type Trouble } from '../http.ts'
import { TroubleBox } from '../parts/notice.tsx'
import { FlipToy } from './flip-toy.tsx'
import { ReportView } from './report.tsx'

type Pack = { readonly name: string; readonly bytes: Uint8Array<ArrayBuffer> }

/** Verifies a pack in this browser. Once the page is loaded nothing here needs a network. */
export function Verify(): JSX.Element {
  const [pack, setPack] = useState<Pack | undefined>(undefined)
  const [trust, setTrust] = useState('')
  const [opening, setOpening] = useState<Trouble | undefined>(undefined)
  const { report, trouble = opening } = useReport(pack, trust)
  const take = (answer: { value: Pack } | { trouble: Trouble }): void => {
    setOpening('trouble' in answer ? answer.trouble : undefined)
    if ('value' in answer) setPack(answer.value)
  }
  return (
    <>
      <h1 class="screen-title">
        Verify a pack <NetworkState />
      </h1>
      <DropZone
        onFile={async (file) => take(await openFile(file))}
        onOwn={async () => take(await openOwn())}
        name={pack?.name}
      />
      <TrustField trust={trust} onChange={setTrust} />
      {trouble !== undefined && <TroubleBox trouble={trouble} />}
      {pack !== undefined && report !== undefined && (
        <>
          <ReportView report={report} name={pack.name} bytes={pack.bytes.length} />
          <FlipToy bytes={pack.bytes} trust={trust} />
        </>
      )}
    </>
  )
}

/** The report on a pack, made again when the pack or the trusted keys change. */
function useReport(pack: Pack | undefined, trust: string): { report?: Report; trouble?: Trouble } {
  const [outcome, setOutcome] = useState<{ report?: Report; trouble?: Trouble }>({})
  useEffect(() => {
    if (pack === undefined) return undefined
    let current = true
    const show = (next: { report?: Report; trouble?: Trouble }): void => {
      if (current) setOutcome(next)
    }
    verifyPack(pack.bytes, trust.trim() === '' ? {} : { trust }).then(
      (report) => show({ report }),
      (error: unknown) => show({ trouble: troubleOf(error) }),
    )
    return () => {
      current = false
    }
  }, [pack, trust])
  return outcome
}

async function openFile(file: File): Promise<{ value: Pack } | { trouble: Trouble }> {
  if (file.size > packBytesMax) return { trouble: tooLarge(file) }
  return { value: { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) } }
}

async function openOwn(): Promise<{ value: Pack } | { trouble: Trouble }> {
  const answer = await readPackOf('/v1/evidence')
  return 'trouble' in answer ? answer : { value: { name: 'evidence of this gateway', bytes: answer.value } }
}

const TrustField = ({
  trust,
  onChange,
}: {
  trust: string
  onChange: (text: string) => void
}): JSX.Element => (
  <details class="trust">
    <summary>Pin the keys you trust (optional)</summary>
    <label>
      Trust policy (C2SP tlog-policy). Without it the keys are those that the pack names itself.
      <textarea
        rows={5}
        spellcheck={false}
        placeholder={'log <vkey>\nwitness w1 <vkey>\nquorum w1'}
        value={trust}
        onInput={(event) => onChange(event.currentTarget.value)}
      />
    </label>
  </details>
)

function NetworkState(): JSX.Element {
  const [online, setOnline] = useState(navigator.onLine)
  useEffect(() => {
    const update = (): void => setOnline(navigator.onLine)
    update()
    addEventListener('online', update)
    addEventListener('offline', update)
    return () => {
      removeEventListener('online', update)
      removeEventListener('offline', update)
    }
  }, [])
  return (
    <span class="quiet-text" role="status">
      {online
        ? 'Checked in this browser. Try it with the network off.'
        : 'The network is off. Nothing here needs it.'}
    </span>
  )
}

type DropProps = {
  readonly onFile: (file: File) => Promise<void>
  readonly onOwn: () => Promise<void>
  readonly name: string | undefined
}

function DropZone({ onFile, onOwn, name }: DropProps): JSX.Element {
  const input = useRef<HTMLInputElement>(null)
  const [over, setOver] = useState(false)
  return (
    <div
      class={over ? 'drop drop-over' : 'drop'}
      onDragOver={(event) => (event.preventDefault(), setOver(true))}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        const file = event.dataTransfer?.files[0]
        if (file !== undefined) void onFile(file)
      }}
    >
      <p>
        <strong>{name ?? 'Drop an evidence pack here'}</strong>
        <span class="quiet-text">The file is read by this page alone and is sent nowhere.</span>
      </p>
      <div class="drop-actions">
        <button type="button" class="primary" onClick={() => input.current?.click()}>
          Choose a file
        </button>
        <button type="button" onClick={() => void onOwn()}>
          Fetch this gateway's evidence
        </button>
      </div>
      <input
        ref={input}
        type="file"
        class="visually-hidden"
        tabIndex={-1}
        aria-label="Evidence pack"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0]
          if (file !== undefined) void onFile(file)
        }}
      />
    </div>
  )
}

const tooLarge = (file: File): Trouble => ({
  title: 'The file is too large',
  detail: `${file.name} has ${file.size} bytes`,
  remedy: `A pack has at most ${packBytesMax} bytes`,
})

const troubleOf = (error: unknown): Trouble => ({
  title: error instanceof TrustPolicyError ? 'The trust policy cannot be read' : 'The check stopped',
  detail: error instanceof Error ? error.message : 'unknown',
  remedy:
    error instanceof TrustPolicyError
      ? 'Correct the line named, or leave the field empty'
      : 'Report this pack',
})
