import type { JSX } from 'preact'
import { curlOf, shortText, timeText } from '../format.ts'
import { Copy } from '../parts/copy.tsx'
import { Empty, Loading, TroubleBox } from '../parts/notice.tsx'
import { TradeStatus } from '../parts/status.tsx'
import { useResource } from '../resource.ts'
import { leafPath, tradePath } from '../route.ts'
import type { Page, Trade } from '../types.ts'

const path = '/v1/trades?limit=200'

export function Trades(): JSX.Element {
  const { value, trouble } = useResource<Page<Trade>>(path)
  return (
    <>
      <h1 class="screen-title">
        Trades
        <span class="actions">
          <Copy label="Copy as curl" text={curlOf(path)} />
        </span>
      </h1>
      {trouble !== undefined && <TroubleBox trouble={trouble} stale={value !== undefined} />}
      {value === undefined && trouble === undefined && <Loading what="trades" />}
      {value?.items.length === 0 && (
        <Empty title="No trade yet">
          A trade appears here the moment its execution is in the journal. A desk starts one over FIX with a
          quote request (35=R), or a program with <code>POST /v1/rfqs</code>.
        </Empty>
      )}
      {value !== undefined && value.items.length > 0 && <TradeTable trades={value.items} />}
      {value?.next !== undefined && (
        <p class="quiet-text">The newest 200 are shown. Find older ones by any id with / or over the API.</p>
      )}
    </>
  )
}

const TradeTable = ({ trades }: { trades: readonly Trade[] }): JSX.Element => (
  <div class="scroll" tabIndex={0} role="region" aria-label="Trades">
    <table class="rows">
      <thead>
        <tr>
          <th>Executed, UTC</th>
          <th>State</th>
          <th>Trade</th>
          <th>Side</th>
          <th>Instrument</th>
          <th class="right">Price</th>
          <th class="right">Premium</th>
          <th>With</th>
          <th class="right">Leaf</th>
        </tr>
      </thead>
      <tbody>
        {trades.map((trade) => (
          <tr key={trade.tradeId}>
            <td class="num" title={timeText(trade.executedAt)}>
              {timeText(trade.executedAt).slice(0, 19)}
            </td>
            <td>
              <TradeStatus status={trade.status} />
            </td>
            <td class="mono">
              <a href={tradePath(trade.tradeId)} class="row-link">
                {shortText(trade.tradeId, 5)}
              </a>
            </td>
            <td>
              {trade.side} <span class="num">{trade.quantity}</span>
            </td>
            <td class="mono">{trade.securityId}</td>
            <td class="num right">{trade.price}</td>
            <td class="num right">{trade.premium.text}</td>
            <td>{trade.counterparty}</td>
            <td class="num right">
              <a href={leafPath(trade.journalIndex)}>{trade.journalIndex}</a>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
)
