import type { JSX, RefObject } from 'preact'
import { journalPath } from '../route.ts'

type Props = { readonly field: RefObject<HTMLInputElement | null>; readonly query: string | undefined }

/** Finds leaves by any id. The address keeps the question, so a search can be sent to somebody. */
export const Search = ({ field, query }: Props): JSX.Element => (
  <form
    class="search"
    role="search"
    onSubmit={(event) => {
      event.preventDefault()
      location.hash = journalPath(field.current?.value.trim())
      field.current?.blur()
    }}
  >
    <input
      ref={field}
      type="search"
      name="q"
      aria-label="Search the journal by any id"
      placeholder="Find by any id"
      maxLength={200}
      autocomplete="off"
      spellcheck={false}
      value={query ?? ''}
      key={query ?? ''}
    />
    <kbd aria-hidden="true">/</kbd>
  </form>
)
