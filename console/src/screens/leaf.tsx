import { digest, fromBase64Url, toBase64Url, utf8 } from '@poundlock/verify'
import { Fragment, type JSX } from 'preact'
import { curlOf, timeText } from '../format.ts'
import { Copy } from '../parts/copy.tsx'
import { Mark } from '../parts/mark.tsx'
import { Loading, TroubleBox } from '../parts/notice.tsx'
import { useKept, useResource } from '../resource.ts'
import { journalPath } from '../route.ts'
import type { Entry, EntryList, Identity, LogState, Proof } from '../types.ts'
import { MerklePath } from './merkle.tsx'

type Props = { readonly index: number; readonly identity: Identity | undefined }

/** One leaf: public fields, parts opened or sealed, exact bytes, and the proof. */
export function LeafDetail({ index, identity }: Props): JSX.Element {
  const path = `/v1/log/entries?from=${index}&to=${index + 1}&parts=opened`
  const { value, trouble } = useResource<EntryList>(path)
  const log = useResource<LogState>('/v1/log').value
  // The newest cosigned tree that holds the leaf; before there is one, the tree of the moment.
  const cosigned =
    log?.cosigned !== undefined && log.cosigned.size > index ? `&size=${log.cosigned.size}` : ''
  const proof = useResource<Proof>(log === undefined ? undefined : `/v1/log/proof?index=${index}${cosigned}`)
  const kept = useKept(proof.value, String(index))
  const entry = value?.items[0]
  if (trouble !== undefined && entry === undefined) return <TroubleBox trouble={trouble} />
  if (value === undefined) return <Loading what={`leaf ${index}`} />
  if (entry === undefined) return <p class="quiet-text">The journal has no leaf {index} yet.</p>
  return (
    <>
      <LeafHead entry={entry} path={path} />
      <Parts entry={entry} />
      <h3>Path to the root</h3>
      {proof.trouble !== undefined && <TroubleBox trouble={proof.trouble} stale={kept !== undefined} />}
      {kept === undefined ? (
        <Loading what="the proof" />
      ) : (
        <MerklePath entry={entry} proof={kept} identity={identity} />
      )}
      <details>
        <summary>Leaf bytes</summary>
        <pre class="wrap" tabIndex={0}>
          {entry.leaf}
        </pre>
      </details>
    </>
  )
}

const LeafHead = ({ entry, path }: { entry: Entry; path: string }): JSX.Element => (
  <>
    <h2 class="section-title">
      Leaf {entry.index} <code>{entry.type}</code>
      <span class="actions">
        <Copy label="Copy as curl" text={curlOf(path)} />
      </span>
    </h2>
    <dl class="facts facts-long">
      <dt>Written</dt>
      <dd class="num">{timeText(entry.at)}</dd>
      <dt>Belongs to</dt>
      <dd class="mono">
        <a href={journalPath(entry.corr)}>{entry.corr}</a>
      </dd>
      {Object.entries(entry.body).map(([name, value]) => (
        <Fragment key={name}>
          <dt>{name}</dt>
          <dd class="mono">{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
        </Fragment>
      ))}
    </dl>
  </>
)

function Parts({ entry }: { entry: Entry }): JSX.Element {
  const parts = Object.entries(entry.parts)
  return (
    <>
      <h3>Parts</h3>
      {parts.length === 0 && (
        <p class="quiet-text">All of this leaf is public; it has no confidential parts.</p>
      )}
      {parts.map(([name, part]) => (
        <div class="part" key={name}>
          <p class="part-head">
            <strong>{name}</strong>
            <PartState name={name} part={part} />
          </p>
          <p class="mono small">{part.digest}</p>
          {part.content !== undefined && (
            <pre class="wrap" tabIndex={0}>
              {part.content}
            </pre>
          )}
        </div>
      ))}
    </>
  )
}

type Part = Entry['parts'][string]

function PartState({ name, part }: { name: string; part: Part }): JSX.Element {
  if (part.erased === true) return <Mark verdict="none">erased; the digest remains</Mark>
  const salt = part.salt === undefined ? undefined : fromBase64Url(part.salt)
  if (salt === undefined || part.content === undefined)
    return <Mark verdict="none">sealed; only the digest is in the leaf</Mark>
  const own = toBase64Url(digest('poundlock/part/v1', salt, utf8(name), utf8(part.content)))
  return own === part.digest ? (
    <Mark verdict="good">opened; its salted digest is the one in the leaf</Mark>
  ) : (
    <Mark verdict="bad">the content does not have this digest</Mark>
  )
}
