import type { JSX } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { clockText, countText, shortText } from '../format.ts'
import { useSteps } from '../keyboard.ts'
import { useLive } from '../live.ts'
import { Empty, Loading, TroubleBox } from '../parts/notice.tsx'
import { useKept, useResource } from '../resource.ts'
import { journalPath, leafPath } from '../route.ts'
import type { Entry, EntryList, Identity } from '../types.ts'
import { LeafDetail } from './leaf.tsx'

type Props = {
  readonly index: number | undefined
  readonly query: string | undefined
  readonly identity: Identity | undefined
}
const pageLeaves = 50

/** The journal: leaves on the left, one leaf with its proof on the right. */
export function Journal({ index, query, identity }: Props): JSX.Element {
  const { size } = useLive()
  const [end, setEnd] = useState<number | undefined>(() => undefined)
  const to = Math.min(end ?? size, size)
  const from = Math.max(0, to - pageLeaves)
  // A leaf that was opened by its address brings its neighbours with it.
  useEffect(() => {
    if (index !== undefined && size > 0 && (index < from || index >= to))
      setEnd(Math.min(size, index + pageLeaves / 2))
  }, [index, size > 0])
  useSteps((by) => {
    const next = (index ?? size - (by === 1 ? 2 : 0)) + by
    if (next >= 0 && next < size) location.hash = leafPath(next)
  })
  const path =
    query === undefined
      ? size === 0
        ? undefined
        : `/v1/log/entries?from=${from}&to=${to}`
      : `/v1/log/search?parts=opened&q=${encodeURIComponent(query)}`
  const list = useResource<EntryList>(path)
  const kept = useKept(list.value, query ?? 'newest')
  return (
    <>
      <h1 class="screen-title">
        Journal
        <span class="quiet-text">
          {identity === undefined ? '' : `${identity.logOrigin} · `}
          {countText(size, 'leaf', 'leaves')}
        </span>
      </h1>
      {list.trouble !== undefined && <TroubleBox trouble={list.trouble} stale={kept !== undefined} />}
      <div class="journal">
        <section class="leaves" aria-label="Leaves">
          <ListHead query={query} found={kept} from={from} to={to} />
          {kept === undefined && list.trouble === undefined && size > 0 && <Loading what="leaves" />}
          {kept !== undefined && (
            <LeafList entries={kept.items} chosen={index} newestFirst={query === undefined} />
          )}
          {query !== undefined && kept?.items.length === 0 && <NotFound query={query} />}
          {query === undefined && <Pager from={from} to={to} size={size} onEnd={setEnd} />}
        </section>
        <section class="leaf-pane" aria-label="Leaf">
          {index === undefined ? (
            <Empty title="No leaf chosen">
              Choose a leaf to see its bytes, its parts, and its path to the root of the checkpoint, hashed
              again in this browser. <kbd>[</kbd> and <kbd>]</kbd> step through the journal, <kbd>/</kbd>{' '}
              finds a leaf by any id.
            </Empty>
          ) : (
            <LeafDetail key={index} index={index} identity={identity} />
          )}
        </section>
      </div>
    </>
  )
}

const ListHead = ({
  query,
  found,
  from,
  to,
}: {
  query: string | undefined
  found: EntryList | undefined
  from: number
  to: number
}): JSX.Element => (
  <p class="list-head">
    {query === undefined ? (
      <>
        Leaves {from} to {Math.max(0, to - 1)}, newest first · times UTC
      </>
    ) : (
      <>
        {found === undefined ? 'Searching' : countText(found.items.length, 'leaf holds', 'leaves hold')} “
        {query.slice(0, 60)}” <a href={journalPath()}>show all</a>
        {found?.next !== undefined && ' · older leaves were not looked at'}
      </>
    )}
  </p>
)

type ListProps = {
  readonly entries: readonly Entry[]
  readonly chosen: number | undefined
  readonly newestFirst: boolean
}

function LeafList({ entries, chosen, newestFirst }: ListProps): JSX.Element {
  const list = useRef<HTMLOListElement>(null)
  useEffect(() => {
    list.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest' })
  }, [chosen, entries.length > 0])
  return (
    <ol class="leaf-list" ref={list}>
      {(newestFirst ? entries.toReversed() : entries).map((entry) => (
        <li key={entry.index}>
          <a
            href={leafPath(entry.index)}
            class="leaf-row"
            aria-current={entry.index === chosen ? 'true' : undefined}
          >
            <span class="leaf-index num">{entry.index}</span>
            <span class="leaf-type">{entry.type}</span>
            <span class="leaf-corr mono">{shortText(entry.corr, 10)}</span>
            <span class="leaf-time num" title={entry.at}>
              {clockText(entry.at)}
            </span>
          </a>
        </li>
      ))}
    </ol>
  )
}

const NotFound = ({ query }: { query: string }): JSX.Element => (
  <Empty title="Nothing found">
    No leaf holds “{query.slice(0, 60)}”. Search looks at leaf indices, public fields, digests, and at parts
    that this gateway may open. Sealed parts of others cannot be searched.
  </Empty>
)

const Pager = ({
  from,
  to,
  size,
  onEnd,
}: {
  from: number
  to: number
  size: number
  onEnd: (end: number | undefined) => void
}): JSX.Element => (
  <div class="pager">
    <button
      type="button"
      disabled={to >= size}
      onClick={() => onEnd(to + pageLeaves >= size ? undefined : to + pageLeaves)}
    >
      Newer
    </button>
    <button type="button" disabled={from === 0} onClick={() => onEnd(from)}>
      Older
    </button>
  </div>
)
