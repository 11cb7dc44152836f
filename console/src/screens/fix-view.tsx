import type { JSX } from 'preact'
import { fixFields } from '../fix-tags.ts'
import { Copy } from '../parts/copy.tsx'

/** A FIX message field by field, in its own order. */
export const FixView = ({ text }: { text: string }): JSX.Element => (
  <div class="fix">
    <div class="view-head">
      <span class="quiet-text">separators shown as |</span>
      <Copy text={text} label="Copy message" />
    </div>
    <ul class="fix-fields">
      {fixFields(text).map((field, at) => (
        <li key={at}>
          <span class="fix-tag num">{field.tag}</span>
          <span class="fix-name">{field.name}</span>
          <span class="fix-value">{field.value}</span>
          <span class="fix-meaning">{field.meaning}</span>
        </li>
      ))}
    </ul>
  </div>
)
