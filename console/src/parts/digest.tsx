import type { ComponentChildren, JSX } from 'preact'
import { groupsOf } from '../format.ts'
import { Copy } from './copy.tsx'

type Props = {
  readonly name: string
  readonly value: string
  readonly large?: boolean
  readonly children?: ComponentChildren
}

/** A digest in groups of four, to be compared with what the signing device or the other party shows. */
export const Digest = ({ name, value, large = false, children }: Props): JSX.Element => (
  <div class={large ? 'digest digest-large' : 'digest'}>
    <div class="digest-head">
      <span class="digest-name">{name}</span>
      {children}
      <Copy text={value} label="Copy" />
    </div>
    <p class="digest-value">
      {groupsOf(value).map((group, at) => (
        <span key={at}>{group}</span>
      ))}
    </p>
  </div>
)
