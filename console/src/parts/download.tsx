import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { readPackOf, type Trouble } from '../http.ts'

type Props = {
  readonly path: string
  readonly name: string
  readonly onTrouble: (trouble: Trouble | undefined) => void
}

/** Fetches a pack and hands it to the browser as a file. What the gateway refuses is shown, not saved. */
export function DownloadPack({ path, name, onTrouble }: Props): JSX.Element {
  const [busy, setBusy] = useState(false)
  const download = async (): Promise<void> => {
    setBusy(true)
    const answer = await readPackOf(path)
    setBusy(false)
    onTrouble('trouble' in answer ? answer.trouble : undefined)
    if ('value' in answer) save(answer.value, `${name.replaceAll(/[^A-Za-z0-9._-]/g, '_')}.pack`)
  }
  return (
    <button type="button" disabled={busy} onClick={() => void download()}>
      {busy ? 'Collecting proofs' : 'Download evidence'}
    </button>
  )
}

function save(bytes: Uint8Array<ArrayBuffer>, name: string): void {
  const url = URL.createObjectURL(new Blob([bytes], { type: 'application/vnd.poundlock.evidence' }))
  Object.assign(document.createElement('a'), { href: url, download: name }).click()
  URL.revokeObjectURL(url)
}
