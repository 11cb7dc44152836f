import type { JSX } from 'preact'
import { Empty } from '../parts/notice.tsx'

export const Unknown = ({ path }: { path: string }): JSX.Element => (
  <Empty title="There is no such screen">
    Nothing is at <code>{path.slice(0, 80)}</code>. The screens are <a href="#/">Home</a>,{' '}
    <a href="#/trades">Trades</a>, <a href="#/journal">Journal</a> and <a href="#/verify">Verify</a>.
  </Empty>
)
