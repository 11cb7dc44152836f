import type { JSX } from 'preact'
import { Copy } from '../parts/copy.tsx'

/** A JSON document, with the signed form beside it where there is one. */
export const JsonView = ({ value, signed }: { value: object; signed?: object }): JSX.Element => (
  <div class="json">
    <div class="view-head">
      <span class="quiet-text">laid out for reading; the signed bytes are the canonical form</span>
      <Copy text={JSON.stringify(value)} label="Copy JSON" />
    </div>
    <pre tabIndex={0} aria-label="JSON">
      {JSON.stringify(value, null, 2)}
    </pre>
    {signed !== undefined && (
      <details>
        <summary>Signed form (JWS)</summary>
        <pre tabIndex={0} class="wrap">
          {JSON.stringify(signed, null, 2)}
        </pre>
      </details>
    )}
  </div>
)
