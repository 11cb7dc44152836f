import type { ComponentChildren, JSX } from 'preact'
import type { Trouble } from '../http.ts'

/** Why there is nothing here, and how something gets here. */
export const Empty = ({ title, children }: { title: string; children: ComponentChildren }): JSX.Element => (
  <div class="notice notice-empty">
    <h2>{title}</h2>
    <p>{children}</p>
  </div>
)

/** What failed, why, and what to do. `stale` says that the values below it are older. */
export const TroubleBox = ({
  trouble,
  stale = false,
}: {
  trouble: Trouble
  stale?: boolean
}): JSX.Element => (
  <div class="notice notice-trouble" role="alert">
    <h2>
      <span aria-hidden="true">⚠ </span>
      {trouble.title}
      {trouble.code !== undefined && <code class="plk">{trouble.code}</code>}
    </h2>
    <p>
      {trouble.detail}. {trouble.remedy}.{stale && ' What is shown below was read before.'}
    </p>
  </div>
)

export const Loading = ({ what }: { what: string }): JSX.Element => (
  <p class="loading" aria-busy="true">
    Reading {what}
  </p>
)
